"""The flow: read a picture, ask the classifier, run the method, hand the explanation on."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from classifier import Classifier
from evaluation import METRICS, MetricCall
from evaluation.ground_truth import GroundTruthError
from fem import get_img_array
from methods import METHODS, MethodCall, parse_method
from pictures import PictureError, resized
from pipeline.diagnosis import diagnose
from pipeline.evidence import Evidence
from pipeline.explanation import Explanation
from pipeline.judging import judged
from pipeline.plan import PREDICTED, Plan, Targets
from pipeline.report import Report
from running import noting

TOP = 5  # predictions that are printed and recorded


def explain(
    classifier: Classifier,
    picture: str | Path | np.ndarray,
    method: str,
    target: str | int = PREDICTED,
    **options,
) -> Explanation:
    """The explanation of one picture, a file or (H, W, 3) uint8 RGB, for one class.

    `target` is a class name, a WordNet id, an index or `predicted`. Raises ValueError or
    PictureError.
    """
    call = parse_method(method, METHODS)
    call = MethodCall(call.name, call.given | options)
    path = None if isinstance(picture, np.ndarray) else Path(picture)
    pixels = picture if path is None else get_img_array(path)
    text = f"index:{target}" if isinstance(target, int | np.integer) else target
    found = list(explanations(pixels, path, [classifier], [call], Targets(text)))
    if len(found) > 1:
        raise ValueError(f"target '{target}' stands for {len(found)} classes; explain one")
    return found[0]


def explanations(
    picture: np.ndarray,
    path: Path | None,
    classifiers: list[Classifier],
    methods: list[MethodCall],
    targets: Targets,
    metrics: Sequence[MetricCall] = (),
    evidence: Evidence | None = None,
) -> Iterator[Explanation]:
    """Every method's explanation of every asked class by every classifier, of one picture.

    Judged by the metrics, as far as the evidence goes. Raises PictureError or GroundTruthError.
    """
    for classifier in classifiers:
        found = []
        for explanation in _by_methods(picture, path, classifier, methods, targets):
            found.append(explanation)
            if explanation.stopped_early:
                break
        if metrics:
            found = list(judged(found, classifier, metrics, evidence))
        yield from found
        if any(explanation.stopped_early for explanation in found):
            return


def _by_methods(
    picture: np.ndarray,
    path: Path | None,
    classifier: Classifier,
    methods: list[MethodCall],
    targets: Targets,
) -> Iterator[Explanation]:
    """One classifier's explanations of one picture."""
    image = resized(picture, classifier.input_size)
    scores = classifier.scores(image[np.newaxis])
    top = classifier.decode_predictions(scores, TOP)[0]
    indices = targets.indices(classifier, scores[0])
    if not indices:
        raise PictureError(f"picture '{path}': its predicted class cannot be held against itself")
    for method in methods:
        started = time.perf_counter()
        with noting() as notes:
            maps = _maps(classifier, method, image, indices)
        seconds = (time.perf_counter() - started) / len(indices)
        row = METHODS[method.name]
        arrays = [name for name, value in notes.items() if isinstance(value, np.ndarray)]
        arrays = {name: notes.pop(name) for name in arrays}  # they stay out of the record
        pairs = zip(indices, maps, strict=False)  # one if class-agnostic
        for position, (index, saliency_map) in enumerate(pairs):
            yield Explanation(
                picture,
                saliency_map,
                index,
                classifier.title(index),
                classifier.score_of(scores[0], index),
                classifier.name,
                method,
                path,
                classifier.random_weights,
                diagnose(saliency_map, classifier, image, index, row),
                top,
                seconds,
                notes,
                {name: array[position] for name, array in arrays.items()},
                predicted_index=int(scores[0].argmax()),
            )


def _maps(classifier, method: MethodCall, image, indices: list[int]) -> np.ndarray:
    """A map (h, w) for each class; one for all of them from a class-agnostic method."""
    row = METHODS[method.name]
    asked = indices[:1] if row.class_agnostic else indices
    images = np.repeat(image[np.newaxis], len(asked), axis=0)
    return row(classifier, images, np.asarray(asked), **method.given)


def run(plan: Plan) -> int:
    """Carries the plan out and says what it does; the exit status: 0, or 1 if pictures failed.

    Raises ValueError or FileNotFoundError for a mistake in the plan, before any picture is read.
    """
    _make_folder(plan.display.output_dir)
    evidence = Evidence(plan)
    plan = replace(plan, pictures=evidence.pictures)
    classifiers = [choice.load() for choice in plan.classifiers]
    for classifier in classifiers:
        plan.targets.asked(classifier)
        _check_methods(classifier, plan)
        classifier.expect(_passes(plan))
    evidence.tell()
    report = Report(plan, classifiers, evidence)
    try:
        _explain_all(plan, classifiers, evidence, report)
        report.finish()
    finally:
        report.write_record()
    return 1 if report.is_incomplete else 0


def _passes(plan: Plan) -> int:
    """About how many passes a plan takes, beside those that methods expect themselves."""
    judging = sum(METRICS[call.name].passes for call in plan.evaluation.metrics)
    return len(plan.pictures) * (1 + len(plan.methods) * (1 + judging))


def _explain_all(
    plan: Plan, classifiers: list[Classifier], evidence: Evidence, report: Report
) -> None:
    """Hands every picture's explanations to the report, until all are done or Ctrl-C."""
    how = (classifiers, list(plan.methods), plan.targets, plan.evaluation.metrics, evidence)
    try:
        for path in plan.pictures:
            try:
                found = list(explanations(get_img_array(path), path, *how))
            except (PictureError, GroundTruthError) as error:
                report.failed(path, str(error))
                continue
            report.add(path, found)
            if any(explanation.stopped_early for explanation in found):
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        report.interrupted()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"--output_dir '{folder}' cannot be made: {error.strerror}") from error


def _check_methods(classifier: Classifier, plan: Plan) -> None:
    for call in plan.methods:
        if METHODS[call.name].needs_layers and not classifier.has_layers:
            raise ValueError(
                f"{call.name} looks into a classifier's layers, and {classifier.name} only gives "
                "scores; it needs a Keras model (.keras or .h5)"
            )
