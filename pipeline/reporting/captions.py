"""What stands under figures: rules of drawing, options, layers, constants, cautions."""

from collections.abc import Iterable, Mapping, Sequence

from evaluation import METRICS
from evaluation.statistics import CONFIDENCE
from figures import ColourBar
from figures.display_rules import DISPLAY_RULES
from pipeline.explaining.explanation import Explanation, colour_bar
from pipeline.explaining.view_image import ViewImage
from pipeline.plan import Plan
from registry import parse_call
from representations import CLIP_UPSAMPLING, REPRESENTATIONS, UPSAMPLING


class Captions:
    """What stands under the figures of one run's maps."""

    def __init__(self, plan: Plan, layers: Mapping[str, str], cautions: Sequence[str]):
        """`layers` are those by which classifiers are explained, by their names."""
        self._plan, self._layers, self._cautions = plan, layers, cautions

    def of_maps(self, explanations: Sequence[Explanation], representations: Sequence[str]) -> str:
        """The rules by which maps were drawn, all options, layers, and maps that mean nothing."""
        plan, drawn = self._plan, [REPRESENTATIONS[name] for name in representations]
        upsampling = CLIP_UPSAMPLING if explanations[0].is_clip else UPSAMPLING
        parts = [] if all(representation.own_size for representation in drawn) else [upsampling]
        parts += dict.fromkeys(DISPLAY_RULES[rule].caption for rule in _rules(explanations))
        parts += [representation.caption for representation in drawn]
        parts += [metric_constants(plan)] if plan.evaluation.metrics else []
        parts += {str(e.method): e.method.description for e in explanations}.values()
        if any(call.entry.shares_features for call in plan.methods):
            parts += [f"{name}: layer {layer}." for name, layer in self._layers.items()]
        if plan.classifiers[0].precision != "float32":
            parts.append(f"Perturbations in {plan.classifiers[0].precision}.")
        parts += map(_sentence, self._cautions)
        parts += _notes(explanations)
        parts += [
            f"{e.path.name}, {e.one_line_title}: {e.diagnosis}."
            for e in explanations
            if e.diagnosis
        ]
        return " ".join(part for part in parts if part)


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


def view_caption(views: Sequence[ViewImage]) -> str:
    """All options, the layer where the view looks at the target layer, and where it was stopped."""
    first = views[0]
    entry = first.call.entry
    parts = [first.call.description, entry.legend]
    if entry.takes == "image":
        parts.append(f"{first.classifier}: layer {first.layer}.")
    if any(view.stopped_early for view in views):
        parts.append("The last was stopped early.")
    return " ".join(part for part in parts if part)


def metric_constants(plan: Plan) -> str:
    """Every option of every metric, and how fixations became gaze maps."""
    parts = []
    for call in plan.evaluation.metrics:
        options = ", ".join(f"{name}={value}" for name, value in call.options.items())
        parts.append(f"{call.entry.title}: {options}." if options else f"{call.entry.title}.")
    if any("densities" in call.entry.needs for call in plan.evaluation.metrics):
        parts.append(f"Gaze maps of fixations: {plan.evaluation.viewing}.")
    parts.append(f"Intervals: {CONFIDENCE:.0%}, bootstrap of the mean.")
    return " ".join(parts)


def colour_bars(
    colormap: str | None, explanations: Iterable[Explanation], representations: Iterable[str]
) -> list[ColourBar]:
    """The colour bars that these maps need, each once."""
    if not any(REPRESENTATIONS[name].coloured for name in representations):
        return []
    return list(dict.fromkeys(colour_bar(colormap, rule) for rule in _rules(explanations)))


def _rules(explanations: Iterable[Explanation]) -> list[str]:
    return sorted({explanation.rule for explanation in explanations})


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:].rstrip('.')}."
