"""What stands under figures: rules of drawing, layers, cautions; in LaTeX also what is shown."""

from collections.abc import Iterable, Mapping, Sequence

from evaluation import METRICS
from evaluation.statistics import CONFIDENCE
from figures import BarSpan, ColourBar
from figures.display_rules import DISPLAY_RULES
from pipeline.explaining.explanation import Explanation, colour_bar
from pipeline.explaining.view_image import ViewImage
from pipeline.plan import Plan
from registry import parse_call
from representations import CLIP_UPSAMPLING, REPRESENTATIONS, UPSAMPLING

NAMED = 3  # images and classes that are named; of more their number is
VERDICT = "Right, wrong: whether the prediction is the true class."


class Captions:
    """What stands under the figures of one run's maps."""

    def __init__(self, plan: Plan, layers: Mapping[str, str], cautions: Sequence[str]):
        """`layers` are those by which classifiers are explained, by their names."""
        self._plan, self._layers, self._cautions = plan, layers, cautions

    def of_maps(self, explanations: Sequence[Explanation], representations: Sequence[str]) -> str:
        """How maps were drawn, layers, what was noted, and maps that mean nothing."""
        return _joined(
            [
                *self._drawing(explanations, representations),
                *self._of_classifiers(),
                *_notes(explanations),
                *_diagnoses(explanations),
            ]
        )

    def in_full(self, explanations: Sequence[Explanation], representations: Sequence[str]) -> str:
        """The same for a reader who has no record at hand: what is shown and every option."""
        plan = self._plan
        options = {str(e.method): e.method.description for e in explanations}
        constants = metric_options(plan) if plan.evaluation.metrics else []
        said = self.of_maps(explanations, representations)
        return _joined([_shown(explanations), said, *options.values(), *constants])

    def _drawing(
        self, explanations: Sequence[Explanation], representations: Sequence[str]
    ) -> list[str]:
        """The rules by which maps became colours."""
        drawn = [REPRESENTATIONS[name] for name in representations]
        parts = []
        if not all(representation.own_size for representation in drawn):
            parts.append(self.upsampling(explanations))
        rules = [DISPLAY_RULES[rule] for rule in _rules(explanations)]
        parts += dict.fromkeys([rule.caption for rule in rules] + [rule.sign for rule in rules])
        parts += [representation.caption for representation in drawn]
        return parts + [VERDICT] * any(explanation.verdict for explanation in explanations)

    def upsampling(self, explanations: Sequence[Explanation]) -> str:
        """How maps were brought to their images' size."""
        if explanations[0].is_clip:
            return CLIP_UPSAMPLING
        return UPSAMPLING.replace("bilinear", self._plan.display.upsampling)

    def _of_classifiers(self) -> list[str]:
        """Target layers, precision and cautions."""
        plan = self._plan
        parts = []
        if any(call.entry.shares_features for call in plan.methods):
            several = len(self._layers) > 1
            of = {name: f" of {name}" if several else "" for name in self._layers}
            parts += [f"Target layer{of[name]}: {layer}." for name, layer in self._layers.items()]
        if plan.classifiers[0].precision != "float32":
            parts.append(f"Perturbations in {plan.classifiers[0].precision}.")
        return parts + list(map(_sentence, self._cautions))


def _shown(explanations: Sequence[Explanation]) -> str:
    """Methods, classifiers, images and classes: the first sentence of a caption."""
    methods = _listed(e.method.title for e in explanations)
    classifiers = _listed(e.classifier_title for e in explanations)
    images = _listed((e.path.name for e in explanations if e.path), "images")
    classes = _listed((e.class_title for e in explanations if not e.class_agnostic), "classes")
    of = f" of {images}" if images else ""
    return f"{methods} by {classifiers}{of}{f' for {classes}' if classes else ''}."


def _listed(names: Iterable[str], kind: str = "") -> str:
    """The names, each once; where a kind is given and they are many, how many."""
    names = list(dict.fromkeys(names))
    if kind and len(names) > NAMED:
        return f"{len(names)} {kind}"
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _notes(explanations: Sequence[Explanation]) -> list[str]:
    """What methods, metrics and reading noted to be said: each once, with whose it is."""
    several = len({explanation.classifier for explanation in explanations}) > 1
    whose: dict[str, dict[str, None]] = {}
    for explanation in explanations:
        method = explanation.method.title
        by = f"{method}, {explanation.classifier}" if several else method
        for name in ("caution", "caption"):
            whose.setdefault(explanation.notes.get(name, ""), {})[by] = None
        for call, noted in explanation.results.notes.items():
            metric = parse_call(call, METRICS).title
            by = f"{metric}, {explanation.classifier}" if several else metric
            whose.setdefault(noted.get("caption", ""), {})[by] = None
        image = explanation.path.name if explanation.path else "image"
        whose.setdefault(explanation.notes.get("image_caution", ""), {})[image] = None
    whose.pop("", None)
    return [f"{', '.join(names)}: {text.rstrip('.')}." for text, names in whose.items()]


def _diagnoses(explanations: Sequence[Explanation]) -> list[str]:
    """Why there is no map, where there is none."""
    return [
        f"{e.path.name}, {e.one_line_title}: {e.diagnosis}." for e in explanations if e.diagnosis
    ]


def view_caption(views: Sequence[ViewImage], is_full: bool = False) -> str:
    """What its colours mean, its layer, and where it was stopped; in full also all options."""
    first = views[0]
    entry = first.call.entry
    parts = [_shown_views(views), first.call.description] if is_full else []
    parts.append(entry.legend)
    if entry.takes == "image":
        parts.append(f"{first.classifier}: layer {first.layer}.")
    if any(view.stopped_early for view in views):
        parts.append("The last was stopped early.")
    return _joined(parts)


def _shown_views(views: Sequence[ViewImage]) -> str:
    """View, classifier, images and classes: the first sentence of a caption."""
    first = views[0]
    images = _listed((view.path.name for view in views if view.path), "images")
    classes = _listed((view.label.replace("_", " ") for view in views if view.label), "classes")
    parts = [f"of {images}" if images else "", f"for {classes}" if classes else ""]
    return _joined([f"{first.call.title} by {first.classifier_title}", *parts]) + "."


def metric_constants(plan: Plan) -> str:
    """Every option of every metric, how fixations became gaze maps, and what intervals are."""
    return " ".join([*metric_options(plan), f"Intervals: {CONFIDENCE:.0%}, bootstrap of the mean."])


def metric_options(plan: Plan) -> list[str]:
    """Every option of every metric, and how fixations became gaze maps."""
    parts = []
    for call in plan.evaluation.metrics:
        parts.append(call.description or f"{call.title}.")
    if any("densities" in call.entry.needs for call in plan.evaluation.metrics):
        parts.append(f"Gaze maps of fixations: {plan.evaluation.viewing}.")
    return parts


def colour_bars(
    colormap: str | None, explanations: Iterable[Explanation], representations: Iterable[str]
) -> list[ColourBar]:
    """The colour bars that these maps need, each once."""
    if not any(REPRESENTATIONS[name].coloured for name in representations):
        return []
    return list(dict.fromkeys(colour_bar(colormap, rule) for rule in _rules(explanations)))


def colour_bar_spans(
    colormap: str | None,
    explanations: Iterable[Explanation],
    representations: Iterable[str],
    row: int,
    last: int,
) -> list[BarSpan]:
    """The same under a row of a figure, from its first cell to the last."""
    bars = colour_bars(colormap, explanations, representations)
    return [BarSpan(row, 0, last, bar) for bar in bars]


def _rules(explanations: Iterable[Explanation]) -> list[str]:
    return sorted({explanation.rule for explanation in explanations if not explanation.diagnosis})


def _joined(parts: Iterable[str]) -> str:
    return " ".join(part for part in parts if part)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:].rstrip('.')}."
