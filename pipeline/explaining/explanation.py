"""One explanation: an image, a class, a map, and how it came about."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from evaluation import METRICS
from evaluation.ground_truth import GroundTruth, GroundTruthError
from evaluation.measure import MetricResults
from figures import BarSpan, ColourBar, LineChart, Sheet, draw_sheet
from figures.display_rules import DISPLAY_RULES
from figures.saving import as_png
from images import Clip, resized
from pipeline.explaining.drawable import LARGEST_DRAWN, drawable, side_by_side
from registry import Call, parse_call
from representations import (
    ALPHA,
    REPRESENTATIONS,
    chart_of,
    default_colormap,
    represent,
    upsampled_clip,
    with_box,
)

HEADLINE = " \u00b7 "  # between what stands over a figure


@dataclass(frozen=True, repr=False, kw_only=True)
class Explanation:
    """What a method says of one image and one class of one classifier."""

    image: np.ndarray  # (H, W, 3) uint8 RGB, as it was read; of a clip (T, H, W, 3)
    map: np.ndarray  # (h, w) float32, raw; of a clip (t, h, w)
    class_index: int
    label: str
    probability: float  # a contrast's is the difference of two
    classifier: str  # its name
    method: Call
    path: Path | None = None
    random_weights: bool = False  # of the classifier: said in every figure
    diagnosis: str | None = None  # why the map means nothing, where it does
    clip: Clip | None = None  # which frames the image is, where it is a clip
    top: list[tuple] = field(default_factory=list)  # the best classes, as decode_predictions has
    seconds: float = 0.0  # that the method took for this class
    notes: dict[str, Any] = field(default_factory=dict)  # what the method noted
    arrays: dict[str, np.ndarray] = field(default_factory=dict)  # and noted to be drawn
    predicted_index: int | None = None  # of the best class
    results: MetricResults = field(default_factory=MetricResults)  # what the metrics say of the map
    agreement: dict[str, float] = field(default_factory=dict)  # other method -> correlation
    true_class: str | None = None  # what the image is said to show
    true_index: int | None = None  # the same, where the classifier knows the class
    truth: GroundTruth | None = None  # where people looked, or the object is
    is_contrast: bool = False  # of two classes, or against one
    task: str = "classification"  # or "regression": then `probability` is the raw output

    @property
    def title(self) -> str:
        """Method, classifier, and class with its probability, a line each."""
        return f"{self.method.title}\n{self.classifier_title}\n{self.class_title}"

    @property
    def class_title(self) -> str:
        """The class that the map is of, with its probability."""
        if self.class_agnostic:
            return "any class"
        if self.is_contrast:
            return f"{self.label.replace('_', ' ')}: {points(self.probability, self.task)}"
        return class_with_probability(self.label, self.probability, self.task)

    @property
    def verdict(self) -> str:
        """Whether the prediction is the true class, which is named if not; "" if unknown."""
        if self.true_index is None or self.predicted_index is None:
            return ""
        right = self.true_index == self.predicted_index
        return "right" if right else f"wrong: {self.true_class.replace('_', ' ')}"

    @property
    def one_line_title(self) -> str:
        """The title, for the console and captions."""
        return self.title.replace("\n", ", ")

    @property
    def classifier_title(self) -> str:
        """The classifier's name, and whether its weights are random."""
        return f"{self.classifier} (random weights)" if self.random_weights else self.classifier

    @property
    def class_agnostic(self) -> bool:
        """Whether the map is the same for every class."""
        return self.method.entry.class_agnostic

    @property
    def rule(self) -> str:
        """How the map is drawn, one of DISPLAY_RULES: as its method says, unless it has a sign."""
        display = self.method.entry.display
        if self.map.min() < 0 and not DISPLAY_RULES[display].signed:
            display = "signed"
        return "signed, any class" if display == "signed" and self.class_agnostic else display

    def represented(
        self,
        representation: str,
        colormap: str | None = None,
        alpha: float = ALPHA,
        upsampling: str = "bilinear",
        largest: int = LARGEST_DRAWN,
    ) -> np.ndarray:
        """RGB: one of REPRESENTATIONS; the bare image in grey where the map means nothing."""
        image = drawable(self.image, self.map.shape, largest)
        if self.diagnosis:
            grey = image.mean(axis=-1, keepdims=True) / 3 + 150
            return self._with_box(np.repeat(grey.astype(np.uint8), 3, axis=-1))
        rule = DISPLAY_RULES[self.rule]
        offered = self._offered | {"colormap": colormap, "alpha": alpha, "upsampling": upsampling}
        offered |= {"signed": rule.signed, "sparse": rule.sparse}
        drawn = represent(representation, rule.shown(self.map), image, **offered)
        return drawn if REPRESENTATIONS[representation].chart else self._with_box(drawn)

    def chart(self, representation: str) -> LineChart | None:
        """The chart of that representation; None where nothing was noted for it."""
        return chart_of(representation, self._offered)

    @property
    def _offered(self) -> dict[str, Any]:
        """What there is for representations, beside map and image."""
        return self.method.options | self.notes | self.arrays | self.charted

    @property
    def shown_image(self) -> np.ndarray:
        """RGB: the image as figures show it, with the box that is explained, if it is one."""
        return self._with_box(drawable(self.image))

    def _with_box(self, drawn: np.ndarray) -> np.ndarray:
        if "box" not in self.notes:
            return drawn
        scale = drawn.shape[1] / self.image.shape[1]
        return with_box(drawn, tuple(scale * side for side in self.notes["box"]))

    def of_copy(self, image: np.ndarray) -> "Explanation":
        """This explanation, drawn on a smaller or larger copy of its image."""
        notes = dict(self.notes)
        if "box" in notes:
            scale = image.shape[1] / self.image.shape[1]
            notes["box"] = [scale * side for side in notes["box"]]
        return replace(self, image=image, notes=notes)

    def bare(self, representation: str, **drawing: Any) -> np.ndarray:
        """RGB: the same without a figure around it, of the image's own size (H, W)."""
        size = self.image.shape[:2]
        drawn = self.represented(representation, **drawing, largest=max(size))
        times = drawn.shape[0] // size[0]
        if drawn.shape[:2] == size:
            return drawn  # as it is: bringing it to its size would take four times its bytes
        if drawn.shape[:2] != (times * size[0], times * size[1]):
            return drawn  # a chart
        return np.rint(resized(drawn, size)).astype(np.uint8)

    @property
    def charted(self) -> dict[str, Any]:
        """What the metrics noted for charts: the curves by the metric's title, and the cascade."""
        notes = self.results.notes
        curves = {
            parse_call(call, METRICS).title: noted["curve"]
            for call, noted in notes.items()
            if "curve" in noted
        }
        cascades = [noted["cascade"] for noted in notes.values() if "cascade" in noted]
        return {"curves": curves} | ({"cascade": cascades[0]} if cascades else {})

    @property
    def stopped_early(self) -> bool:
        """Whether Ctrl-C ended the method or a metric before its end."""
        return bool(self.notes.get("stopped_early")) or self.results.stopped_early

    @property
    def truth_image(self) -> np.ndarray | None:
        """RGB: gaze map over image, or image within the mask; None where none can be read."""
        if self.truth is None:
            return None
        image = drawable(self.image)
        try:
            if self.truth.density is not None:
                return represent("overlay", self.truth.density, image)
            return represent("hard_mask", self.truth.mask.astype(np.float32), image)
        except GroundTruthError:
            return None

    @property
    def is_clip(self) -> bool:
        """Whether the image is a clip's frames, and the map has time as its first axis."""
        return self.image.ndim == 4

    @property
    def flat(self) -> "Explanation":
        """This explanation, a clip's as its strip."""
        return self.strip if self.is_clip else self

    @property
    def strip(self) -> "Explanation":
        """A clip's as of one long image: its frames side by side, and their maps."""
        frames = self.image
        maps = upsampled_clip(self.map, frames.shape[:3])
        return replace(self, image=side_by_side(frames), map=side_by_side(maps))

    def figure(self, representations=(), colormap=None, alpha=ALPHA):
        """A matplotlib figure: the image, and each representation of the map."""
        if self.is_clip:
            return self.strip.figure(representations, colormap, alpha)
        representations = representations or self.method.entry.shown or ("heatmap", "overlay")
        drawn = [self.represented(name, colormap, alpha) for name in representations]
        titles = ["image", *(name.replace("_", " ") for name in representations)]
        name = [self.path.name] if self.path else []
        sheet = Sheet(
            images=[self.shown_image, *drawn],
            titles=titles,
            columns=len(titles),
            headline=HEADLINE.join([*name, *self.title.split("\n")]),
            caption=self.diagnosis or "",
            bars=[BarSpan(0, 1, len(drawn), colour_bar(colormap, self.rule))],
        )
        return draw_sheet(sheet)

    def as_record(self) -> dict[str, Any]:
        """What the run's record says of it."""
        return {
            "image": str(self.path),
            "classifier": self.classifier_title,
            "method": str(self.method),
            "class_index": self.class_index,
            "label": self.label,
            "probability": self.probability,
            "map_shape": self.map.shape,
            "map_minimum": float(self.map.min()),
            "map_maximum": float(self.map.max()),
            "display": self.rule,
            "diagnosis": self.diagnosis,
            "top": self.top,
            "seconds": self.seconds,
            "notes": self.notes,
            "true_class": self.true_class,
            "metrics": self.results.values,
            "metric_notes": self.results.short_notes,
            "tied": self.results.tied,
        } | self._clip_record

    @property
    def _clip_record(self) -> dict[str, Any]:
        """Which frames of a clip these are, and how long all of it takes."""
        if self.clip is None:
            return {}
        return {"clip": {"frames": self.clip.numbers, "seconds": self.clip.seconds}}

    def __repr__(self) -> str:
        return f"Explanation({self.one_line_title})"

    def _repr_png_(self) -> bytes:
        """How a notebook shows it."""
        return as_png(self.figure())


def titles_apart(explanations: Sequence[Explanation]) -> tuple[str, list[str]]:
    """What the titles of explanations have in common, and what each has of its own."""
    parts = [explanation.title.split("\n") for explanation in explanations]
    columns = list(zip(*parts, strict=True))
    shared = [column[0] for column in columns if len(set(column)) == 1]
    own = [column for column in columns if len(set(column)) > 1]
    titles = ["\n".join(title) for title in zip(*own, strict=True)] or ["its map"] * len(parts)
    return HEADLINE.join(shared), titles


def colour_bar(colormap: str | None, rule: str) -> ColourBar:
    """The colour bar of a map drawn by this rule."""
    drawn = DISPLAY_RULES[rule]
    return ColourBar(colormap or default_colormap(drawn.signed), drawn.ends, drawn.short)


def percent(probability: float, task: str = "classification") -> str:
    """A probability as figures and the console show it; of a regression, the output itself."""
    if task == "regression":
        return f"{probability:.4g}"
    return "<0.1%" if 0 < probability < 0.0005 else f"{probability:.1%}"


def points(difference: float, task: str = "classification") -> str:
    """A difference of two probabilities, which is no percentage of a class; or of two outputs."""
    if task == "regression":
        return f"{difference:+.4g}"
    return f"{100 * difference:+.1f} points of probability"


def class_with_probability(label: str, probability: float, task: str = "classification") -> str:
    """A class and its probability, as figures have it; of a regression, the output."""
    return f"{label.replace('_', ' ')} {percent(probability, task)}"
