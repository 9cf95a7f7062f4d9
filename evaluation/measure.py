"""Metrics of maps: what each needs is brought to one size, handed over, and the answer taken apart.

Gaze maps and masks have a size of their own; fixations are in the image's pixels; everything else
is asked at the classifier's input size.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from evaluation.ground_truth import GroundTruth
from evaluation.metric import FIXATIONS, GAZE, MASK, OTHERS
from evaluation.reasons import reason_for_nan
from registry import Call
from representations import upsampled, upsampled_clip
from runtime import noting

LONG = ("curve", "cascade")  # notes that are charts


@dataclass(frozen=True)
class MetricInputs:
    """Maps of one image, or clip, by one method, and what is known of it."""

    classifier: Any
    image: np.ndarray  # (H, W, 3) float32 at the classifier's input size; of a clip (T, H, W, 3)
    maps: list[np.ndarray]  # raw, each (h, w); of a clip (t, h, w)
    class_indices: list[int]
    explain: Callable[[np.ndarray, np.ndarray], np.ndarray]
    truth: GroundTruth | None = None
    other_fixations: np.ndarray | None = None  # (m, 2) in parts of the image's width and height

    def sized(self, metric) -> np.ndarray:
        """(N, H, W), of a clip (N, T, H, W): the maps at the size at which this metric compares."""
        if self.image.ndim == 4:
            size = self.image.shape[:-1]
            return np.stack([upsampled_clip(saliency_map, size) for saliency_map in self.maps])
        truths = [self.truth_of(kind) for kind in metric.truths if kind in (GAZE, MASK)]
        size = truths[0].shape if truths else self.image.shape[:2]
        size = self.truth.size if FIXATIONS in metric.truths else size
        return np.stack([upsampled(saliency_map, size) for saliency_map in self.maps])

    def truth_of(self, kind: str) -> Any:
        """The one image's ground truth of that kind; None where it is not known."""
        truth = self.truth
        if kind == OTHERS:
            height, width = truth.size if truth else (0, 0)
            others = self.other_fixations
            return None if others is None or not len(others) else others * (width, height)
        known = {GAZE: "density", FIXATIONS: "fixations", MASK: "mask"}
        return None if truth is None else getattr(truth, known[kind])


@dataclass
class MetricResults:
    """Of one map: the metrics' values, and what they noted."""

    values: dict[str, float] = field(default_factory=dict)  # by the metric's call
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)
    stopped_early: bool = False
    impossible: list[str] = field(default_factory=list)  # for want of ground truth
    against: str = ""  # what tells this ground truth from another, where a metric looked at any

    def of(self, calls: Iterable[Call]) -> "MetricResults":
        """What was asked of it: a stored map may have values of other metrics too."""
        asked = set(map(str, calls))
        values = {call: value for call, value in self.values.items() if call in asked}
        notes = {call: noted for call, noted in self.notes.items() if call in asked}
        return replace(self, values=values, notes=notes)

    @property
    def tied(self) -> float | None:
        """The share of pixels whose order is arbitrary, where a metric has put them in order."""
        shares = [noted["tied"] for noted in self.notes.values() if "tied" in noted]
        return shares[0] if shares else None

    @property
    def short_notes(self) -> dict[str, dict[str, Any]]:
        """What the metrics noted, without their curves: colours, steps, reasons for NaN."""
        return {
            call: {name: value for name, value in noted.items() if name not in LONG}
            for call, noted in self.notes.items()
        }

    def joined(self, other: "MetricResults") -> "MetricResults":
        """These results with what the other says more."""
        values = self.values | other.values
        impossible = dict.fromkeys(self.impossible + other.impossible)
        return MetricResults(
            values,
            self.notes | other.notes,
            self.stopped_early or other.stopped_early,
            [call for call in impossible if call not in values],
            self.against or other.against,
        )


def measure(inputs: MetricInputs, calls: list[Call]) -> list[MetricResults]:
    """Results for each map; metrics for which the image has no ground truth are impossible.

    Where a metric is NaN, its notes have the `reason`.
    """
    results = [MetricResults() for _ in inputs.maps]
    for call in calls:
        metric = call.entry
        truths = {kind: inputs.truth_of(kind) for kind in metric.truths}
        if any(truth is None for truth in truths.values()):
            for result in results:
                result.impossible.append(str(call))
            continue
        with noting() as notes:
            values = _values(metric, call, inputs, truths)
        for number, (result, value) in enumerate(zip(results, values, strict=True)):
            result.values[str(call)] = float(value)
            result.notes[str(call)] = {
                name: rows[number] for name, rows in notes.items() if isinstance(rows, list)
            }
            if np.isnan(value):
                reason = reason_for_nan(inputs.maps[number], truths)
                result.notes[str(call)]["reason"] = reason
            result.stopped_early |= bool(notes.get("stopped_early"))
    return results


def _values(metric, call: Call, inputs: MetricInputs, truths: dict[str, Any]) -> np.ndarray:
    """The metric's values (N,), each kind of ground truth repeated for each map."""
    count = len(inputs.maps)
    maps = inputs.sized(metric)
    available = {
        "classifier": inputs.classifier,
        "images": np.broadcast_to(inputs.image, (count, *inputs.image.shape)),
        "class_indices": np.asarray(inputs.class_indices),
        "explain": inputs.explain,
    }
    for kind, truth in truths.items():
        is_list = kind in (FIXATIONS, OTHERS)
        available[kind] = [truth] * count if is_list else np.stack([truth] * count)
    return metric(maps, *(available[need] for need in metric.needs), **call.given)
