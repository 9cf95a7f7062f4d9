"""Metrics of maps: what each needs is brought to one size, handed over, and the answer taken apart.

Gaze maps and masks have a size of their own; fixations are in the picture's pixels; everything else
is asked at the classifier's input size.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evaluation import METRICS, MetricCall
from evaluation.ground_truth import GroundTruth
from evaluation.metric import FIXATIONS, GAZE, MASK, OTHERS
from representations import upsampled
from running import noting


@dataclass(frozen=True)
class Judged:
    """Maps of one picture by one method, and what is known of the picture."""

    classifier: Any
    image: np.ndarray  # (H, W, 3) float32 at the classifier's input size
    maps: list[np.ndarray]  # raw, each (h, w)
    class_indices: list[int]
    explain: Callable[[np.ndarray, np.ndarray], np.ndarray]
    truth: GroundTruth | None = None
    other_fixations: np.ndarray | None = None  # (m, 2) in parts of the picture's width and height

    def sized(self, metric) -> np.ndarray:
        """(N, H, W): the maps at the size at which this metric compares."""
        evidence = [self.evidence(kind) for kind in metric.truths if kind in (GAZE, MASK)]
        size = evidence[0].shape if evidence else self.image.shape[:2]
        size = self.truth.size if FIXATIONS in metric.truths else size
        return np.stack([upsampled(saliency_map, size) for saliency_map in self.maps])

    def evidence(self, kind: str) -> Any:
        """The one picture's evidence of that kind; None where it is not known."""
        truth = self.truth
        if kind == OTHERS:
            height, width = truth.size if truth else (0, 0)
            others = self.other_fixations
            return None if others is None or not len(others) else others * (width, height)
        known = {GAZE: "density", FIXATIONS: "fixations", MASK: "mask"}
        return None if truth is None else getattr(truth, known[kind])


@dataclass
class Verdict:
    """Of one map: the metrics' values, and what they noted."""

    values: dict[str, float] = field(default_factory=dict)  # by the metric's call
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)
    stopped_early: bool = False
    impossible: list[str] = field(default_factory=list)  # for want of ground truth

    @property
    def tied(self) -> float | None:
        """The share of pixels whose order is arbitrary, where a metric has put them in order."""
        shares = [told["tied"] for told in self.notes.values() if "tied" in told]
        return shares[0] if shares else None

    def joined(self, other: "Verdict") -> "Verdict":
        """This verdict with what the other says more."""
        return Verdict(
            self.values | other.values,
            self.notes | other.notes,
            self.stopped_early or other.stopped_early,
            other.impossible,
        )


def judge(judged: Judged, calls: list[MetricCall]) -> list[Verdict]:
    """A verdict for each map; metrics for which the picture has no ground truth are impossible."""
    verdicts = [Verdict() for _ in judged.maps]
    for call in calls:
        metric = METRICS[call.name]
        evidence = {kind: judged.evidence(kind) for kind in metric.truths}
        if any(value is None for value in evidence.values()):
            for verdict in verdicts:
                verdict.impossible.append(str(call))
            continue
        with noting() as notes:
            values = _asked(metric, call, judged, evidence)
        for number, (verdict, value) in enumerate(zip(verdicts, values, strict=True)):
            verdict.values[str(call)] = float(value)
            verdict.notes[str(call)] = {
                name: told[number] for name, told in notes.items() if isinstance(told, list)
            }
            verdict.stopped_early |= bool(notes.get("stopped_early"))
    return verdicts


def _asked(metric, call: MetricCall, judged: Judged, evidence: dict[str, Any]) -> np.ndarray:
    """The metric's values (N,), each kind of evidence repeated for each map."""
    count = len(judged.maps)
    maps = judged.sized(metric)
    known = {
        "classifier": judged.classifier,
        "images": np.broadcast_to(judged.image, (count, *judged.image.shape)),
        "class_indices": np.asarray(judged.class_indices),
        "explain": judged.explain,
    }
    for kind, value in evidence.items():
        known[kind] = [value] * count if kind in (FIXATIONS, OTHERS) else np.stack([value] * count)
    return metric(maps, *(known[need] for need in metric.needs), **call.given)
