"""Explanations of one image with what the metrics say of them, and how well methods agree."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from classifier import Classifier
from engines.perturbation import correlation
from evaluation import METRICS
from evaluation.ground_truth import GroundTruthError
from evaluation.measure import MetricInputs, measure
from pipeline.dataset.ground_truth import GroundTruthIndex
from pipeline.explaining.attempt import work
from pipeline.explaining.explanation import Explanation
from pipeline.explaining.request import Failure
from registry import Call, parse_call
from representations import upsampled, upsampled_clip
from runtime import first_line, working


def evaluate(
    explanations: list[Explanation],
    classifier: Classifier,
    input_image: np.ndarray,
    metrics: Sequence[Call],
    truths: GroundTruthIndex,
) -> tuple[list[Explanation], list[Failure]]:
    """The explanations of one image, evaluated, and what failed; without metrics their true class.

    `input_image` is the image (H, W, 3), or clip (T, H, W, 3), at the classifier's input size. A
    metric that fails costs its own values only.
    """
    if not explanations:
        return [], []
    first = explanations[0]
    name, index = truths.true_class(first.path, classifier)
    explanations = [replace(e, true_class=name, true_index=index) for e in explanations]
    if not metrics:
        return explanations, []
    frames = first.image[0] if first.is_clip else first.image
    size = frames.shape[:2]
    truth = truths.truth(first.path, size)
    shown = truths.truth(first.path, size)  # read once more where it is drawn, and not held
    against = truths.fingerprint(first.path)
    explanations = [_compared(replace(e, truth=shown), against) for e in explanations]
    others = truths.other_fixations(first.path)
    evaluated, failures = [], []
    for method in {str(e.method): e.method for e in explanations}.values():
        of_method = [e for e in explanations if str(e.method) == str(method)]
        inputs = MetricInputs(
            classifier=classifier,
            image=input_image,
            maps=[e.map for e in of_method],
            class_indices=[e.class_index for e in of_method],
            explain=partial(method.entry, classifier, **method.given),
            truth=truth,
            other_fixations=others,
        )
        for call in metrics:
            of_method, failed = _with_metric(of_method, inputs, call)
            failures += [one for one in failed if one not in failures]
        evaluated += of_method
    return [_with_agreement(e, evaluated, input_image.shape[:-1]) for e in evaluated], failures


def _compared(explanation: Explanation, against: str) -> Explanation:
    """The explanation without values against another ground truth than this one."""
    results = explanation.results
    if results.against == against or not against:
        return explanation
    known = [parse_call(name, METRICS) for name in (*results.values, *results.notes)]
    kept = results.of(call for call in known if not call.entry.truths)
    return replace(explanation, results=replace(kept, impossible=[], against=against))


def _with_metric(
    explanations: list[Explanation], inputs: MetricInputs, call: Call
) -> tuple[list[Explanation], list[Failure]]:
    """The explanations of one method with this metric's values, and what failed."""
    if all(str(call) in e.results.values for e in explanations):
        return explanations, []
    first, failures = explanations[0], []
    try:
        with working(f"{call} of {work(first.method, [first.path])}"):
            results = measure(inputs, [call])
    except GroundTruthError as error:
        failures.append(Failure("metrics", str(error)))
        results = measure(replace(inputs, truth=None), [call])
    except Exception as error:  # one metric on one image must not end a run
        reason = f"{type(error).__name__}: {first_line(error)}"
        return explanations, [
            Failure(str(call), f"image '{first.path}', {first.method}, {call}: {reason}")
        ]
    joined = [
        replace(e, results=e.results.joined(result))
        for e, result in zip(explanations, results, strict=True)
    ]
    return joined, failures


def _with_agreement(
    explanation: Explanation, others: list[Explanation], size: tuple[int, ...]
) -> Explanation:
    """The explanation with the correlation of its map with others' of its class, or of any."""
    bring = upsampled_clip if explanation.is_clip else upsampled
    saliency_map = bring(explanation.map, size)
    agreement = {
        str(other.method): correlation(saliency_map, bring(other.map, size))
        for other in others
        if str(other.method) != str(explanation.method)
        and (
            other.class_index == explanation.class_index
            or other.class_agnostic
            or explanation.class_agnostic
        )
        and np.isfinite(saliency_map).all()
        and np.isfinite(other.map).all()
    }
    return replace(explanation, agreement=agreement)
