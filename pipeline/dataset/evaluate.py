"""Explanations of one image, evaluated: what the metrics say, and how well methods agree."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from classifier import Classifier
from engines.perturbation import correlation
from evaluation.measure import MetricInputs, measure
from images import resized
from pipeline.dataset.ground_truth import GroundTruthIndex
from pipeline.explaining.explanation import Explanation
from registry import Call
from representations import upsampled


def evaluated(
    found: list[Explanation],
    classifier: Classifier,
    metrics: Sequence[Call],
    evidence: GroundTruthIndex | None,
) -> Iterator[Explanation]:
    """The explanations of one image with what the metrics say, and how well methods agree."""
    if not found:
        return
    first = found[0]
    known = {}
    if evidence is not None and first.path is not None:
        name, index = evidence.true_class(first.path, classifier)
        known |= {"true_class": name, "true_index": index}
    if not metrics:
        yield from (replace(explanation, **known) for explanation in found)
        return
    input_image = resized(first.image, classifier.input_size)
    if known:
        known["truth"] = evidence.truth(first.path, first.image.shape[:2])
    others = evidence.other_fixations(first.path) if known else None
    for method in {str(explanation.method): explanation.method for explanation in found}.values():
        own = [explanation for explanation in found if str(explanation.method) == str(method)]
        row = method.entry
        asked = [call for call in metrics if any(_lacks(one, call) for one in own)]
        evaluated = MetricInputs(
            classifier,
            input_image,
            [explanation.map for explanation in own],
            [explanation.class_index for explanation in own],
            partial(row, classifier, **method.given),
            known.get("truth"),
            others,
        )
        for explanation, results in zip(own, measure(evaluated, asked), strict=True):
            agreement = _agreement(explanation, found, classifier.input_size)
            results = explanation.results.joined(results)
            yield replace(explanation, results=results, agreement=agreement, **known)


def _lacks(explanation: Explanation, call: Call) -> bool:
    """Whether the metric was not asked of it before, or was impossible."""
    return str(call) not in explanation.results.values


def _agreement(
    explanation: Explanation, found: list[Explanation], size: tuple[int, int]
) -> dict[str, float]:
    """The correlation of its map with other methods' maps of the same class, or of any class."""
    own = upsampled(explanation.map, size)
    return {
        str(other.method): correlation(own, upsampled(other.map, size))
        for other in found
        if str(other.method) != str(explanation.method)
        and (
            other.class_index == explanation.class_index
            or other.class_agnostic
            or explanation.class_agnostic
        )
        and np.isfinite(own).all()
        and np.isfinite(other.map).all()
    }
