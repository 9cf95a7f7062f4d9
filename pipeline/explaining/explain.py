"""Explanations of a batch of images, or of one, by one classifier."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from classifier import Classifier
from images import Clip, ImageError, load_image, read_clip, resized, resized_clip
from images.clips import FOLDER_RATE
from methods import METHODS
from pipeline.explaining.attempt import attempted, failure_of, is_mistake
from pipeline.explaining.explanation import Explanation
from pipeline.explaining.request import Answer, Box, Chooser, Failure, Request, rescaled
from pipeline.targets import PREDICTED, Targets
from registry import Call, parse_call
from runtime import as_path


class CutShortError(KeyboardInterrupt):
    """Ctrl-C while a batch is explained."""

    def __init__(self, answers: list[Answer]):
        super().__init__()
        self.answers = answers  # of the methods that were done


class MisfitError(ValueError):
    """Methods that do not fit the classifier, whatever the image; the others have answers."""

    def __init__(self, answers: list[Answer], reasons: dict[str, str]):
        super().__init__(next(iter(reasons.values())))
        self.answers = answers
        self.reasons = reasons  # by method


def explain(
    classifier: Classifier,
    image: str | Path | np.ndarray,
    method: str,
    target: str | int = PREDICTED,
    target_box: int | Box | None = None,
    **options,
) -> Explanation:
    """The explanation of one image, a file or (H, W, 3) uint8 RGB, for one class.

    `target` is a class name, a WordNet id, an index or `predicted`; `target_box`, of a detector,
    the number of a detection or x, y, w, h in the image. A classifier of clips takes a video, a
    GIF, a folder of frames, or its T frames (T, H, W, 3). Raises ValueError or ImageError.
    """
    call = parse_call(method, METHODS)
    call = Call(call.entry, call.given | options)
    call.entry.check(classifier, call.given)
    text = f"index:{target}" if isinstance(target, int | np.integer) else target
    targets = Targets(text=text, box=target_box)
    targets.parts(classifier)
    (answer,) = explain_batch([request_of(image, classifier, [call])], classifier, targets)
    for failure in answer.failures:
        raise ImageError(failure.reason)
    if len(answer.explanations) > 1:
        count = len(answer.explanations)
        raise ValueError(f"target '{target}' stands for {count} classes; explain one")
    return answer.explanations[0]


def request_of(
    image: str | Path | np.ndarray, classifier: Classifier, methods: Sequence[Call]
) -> Request:
    """The request for an image or clip, a file or an array. Raises ImageError."""
    path = None if isinstance(image, np.ndarray) else as_path(image)
    if not classifier.frames:
        pixels, caution = (image, "") if path is None else load_image(path)
        input_image = resized(pixels, classifier.input_size)
        return Request(path, pixels, input_image, methods, caution=caution)
    if path is None:
        clip = Clip(image, list(range(len(image))), len(image) / FOLDER_RATE)
    else:
        clip = read_clip(path, classifier.frames)
    input_image = resized_clip(clip.frames, classifier.input_size)
    return Request(path, clip.frames, input_image, methods, clip)


def explain_batch(
    batch: Sequence[Request], classifier: Classifier, targets: Chooser
) -> list[Answer]:
    """For each image its explanations, methods and then classes in their order.

    A method that fails on an image has a failure there, and the others go on. One that was stopped
    early is the last. Raises CutShortError on Ctrl-C before a method has anything to show,
    MisfitError, when all others are done, for methods that fit no image, and ValueError for another
    mistake that is not of one image.
    """
    calls = {str(method): method for request in batch for method in request.methods}
    inside = any(call.entry.shares_features for call in calls.values())
    scores = _scores(batch, classifier, keep_features=inside and classifier.has_layers)
    answers, chosen, misfits = [], [], {}
    for indices in _chosen(batch, scores, classifier, targets):
        failed = isinstance(indices, Failure)
        answers.append(Answer(failures=[indices] if failed else []))
        chosen.append([] if failed else indices)
    for name, method in calls.items():
        pairs = [
            (number, index)
            for number, request in enumerate(batch)
            if name in map(str, request.methods)
            for index in chosen[number][: 1 if method.entry.class_agnostic else None]
        ]
        try:
            for number, result in attempted(batch, scores, classifier, method, pairs):
                kept = answers[number]
                (kept.failures if isinstance(result, Failure) else kept.explanations).append(result)
        except ValueError as error:
            misfits[name] = str(error)
        except KeyboardInterrupt as stop:
            raise CutShortError(answers) from stop
        if any(a.explanations and a.explanations[-1].stopped_early for a in answers):
            break
    if misfits:
        raise MisfitError(answers, misfits)
    return answers


def _scores(
    batch: Sequence[Request], classifier: Classifier, keep_features: bool
) -> list[np.ndarray | Failure]:
    """For each image its scores (K,), or why there are none: the user's own code may raise.

    Raises ValueError for a mistake that is not of one image.
    """
    try:
        images = np.stack([request.input_image for request in batch])
        return list(classifier.scores(images, keep_features))
    except Exception as error:
        if len(batch) > 1:
            return [row for one in batch for row in _scores([one], classifier, keep_features)]
        if is_mistake(error, classifier, classifier.scores):
            raise
        return [failure_of(batch[0].path, error)]


def _chosen(
    batch: Sequence[Request],
    scores: Sequence[np.ndarray | Failure],
    classifier: Classifier,
    targets: Chooser,
) -> Iterator[list[int] | Failure]:
    """For each image the classes that are explained, or why there are none."""
    if targets.box is not None:
        classifier.forget_boxes()
    for request, row in zip(batch, scores, strict=True):
        if isinstance(row, Failure):
            yield row
        elif targets.box is not None:
            yield _box(request, classifier, targets.box)
        elif not np.isfinite(row).any():
            reason = "the classifier's own scores are not finite; check its weights and input"
            yield Failure("", f"image '{request.path}': {reason}")
        else:
            why = "its predicted class cannot be held against itself"
            indices = targets.indices(classifier, row)
            yield indices or Failure("", f"image '{request.path}': {why}")


def _box(request: Request, classifier: Classifier, box: int | Box) -> list[int] | Failure:
    """The index that stands for the image's box, of which x, y, w, h are in its own pixels."""
    number = isinstance(box, int)
    wanted = box if number else rescaled(box, request.image, request.input_image)
    try:
        return [classifier.box(request.input_image, wanted)]
    except Exception as error:  # the user's own code
        return failure_of(request.path, error)
