"""Explanations of a batch of images, or of one, by one classifier."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from classifier import Classifier
from images import Clip, ImageError, read_clip, read_image, resized, resized_clip
from images.clips import FOLDER_RATE
from methods import METHODS
from pipeline.explaining.diagnosis import diagnose
from pipeline.explaining.explanation import Explanation
from pipeline.targets import PREDICTED, Targets
from registry import Call, parse_call
from runtime import as_path, noting

Box = tuple[float, ...]  # x, y, w, h
TOP = 5  # predictions that are printed and recorded


class Chooser(Protocol):
    """What says which classes of an image are explained: Targets, or classes known before."""

    box: int | Box | None

    def indices(self, classifier: Classifier, scores: np.ndarray) -> list[int]: ...


class FixedClasses(NamedTuple):
    """Classes that are known before an image is."""

    chosen: Sequence[int]
    box: None = None

    def indices(self, classifier: Classifier, scores: np.ndarray) -> list[int]:
        """These classes, for every image."""
        return list(self.chosen)


class Request(NamedTuple):
    """An image or clip, and the methods that are to explain it."""

    path: Path | None
    image: np.ndarray  # (H, W, 3) uint8 RGB as it was read; a clip's frames (T, H, W, 3)
    input_image: np.ndarray  # (h, w, 3) float32 at the classifier's input size, or (T, h, w, 3)
    methods: Sequence[Call]
    clip: Clip | None = None  # which frames these are, where it is one


class Failure(NamedTuple):
    """Why an image has no answer of a method, metric, view or change; "": of none."""

    asker: str
    reason: str


@dataclass
class Answer:
    """What a classifier's methods give for one image, and what failed."""

    explanations: list[Explanation] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    @property
    def failed_whole(self) -> bool:
        """Whether the image as a whole has no answer."""
        return any(not failure.asker for failure in self.failures)


class CutShortError(KeyboardInterrupt):
    """Ctrl-C while a batch is explained."""

    def __init__(self, answers: list[Answer]):
        super().__init__()
        self.answers = answers  # of the methods that were done


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
    if (count := len(answer.explanations)) > 1:
        raise ValueError(f"target '{target}' stands for {count} classes; explain one")
    return answer.explanations[0]


def request_of(
    image: str | Path | np.ndarray, classifier: Classifier, methods: Sequence[Call]
) -> Request:
    """The request for an image or clip, a file or an array. Raises ImageError."""
    path = None if isinstance(image, np.ndarray) else as_path(image)
    if not classifier.frames:
        pixels = image if path is None else read_image(path)
        return Request(path, pixels, resized(pixels, classifier.input_size), methods)
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
    early is the last. Raises CutShortError on Ctrl-C before a method has anything to show, and
    ValueError for a mistake that is not of one image.
    """
    images = np.stack([request.input_image for request in batch])
    calls = {str(method): method for request in batch for method in request.methods}
    inside = any(call.entry.shares_features for call in calls.values())
    scores = classifier.scores(images, keep_features=inside and classifier.has_layers)
    answers, chosen = [], []
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
            for number, result in _attempted(batch, scores, classifier, method, pairs):
                kept = answers[number]
                (kept.failures if isinstance(result, Failure) else kept.explanations).append(result)
        except KeyboardInterrupt as stop:
            raise CutShortError(answers) from stop
        if any(a.explanations and a.explanations[-1].stopped_early for a in answers):
            break
    return answers


def _chosen(
    batch: Sequence[Request], scores: np.ndarray, classifier: Classifier, targets: Chooser
) -> Iterator[list[int] | Failure]:
    """For each image the classes that are explained, or why there are none."""
    if targets.box is not None:
        classifier.forget_boxes()
    for request, row in zip(batch, scores, strict=True):
        if targets.box is not None:
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
    wanted = box if isinstance(box, int) else rescaled(box, request.image, request.input_image)
    try:
        return [classifier.box(request.input_image, wanted)]
    except ValueError as error:
        return Failure("", f"image '{request.path}': {error}")


def rescaled(box: Box, image: np.ndarray, other: np.ndarray) -> Box:
    """x, y, w, h in pixels of the image (H, W, 3) -> in pixels of that other one."""
    rows, columns = (b / a for a, b in zip(image.shape[:2], other.shape[:2], strict=True))
    return tuple(side * scale for side, scale in zip(box, (columns, rows) * 2, strict=True))


def _attempted(
    batch: Sequence[Request],
    scores: np.ndarray,
    classifier: Classifier,
    method: Call,
    pairs: list[tuple[int, int]],
) -> list[tuple[int, Explanation | Failure]]:
    """What the method makes of each pair; where the batch fails, image by image.

    Raises ValueError where it is a mistake in what was asked for, which is no image's fault: it
    comes from the method itself, and no image had an explanation by it.
    """
    try:
        return list(_explained(batch, scores, classifier, method, pairs))
    except Exception as error:  # the user's own code, or a method on an image nobody thought of
        numbers = list(dict.fromkeys(number for number, _ in pairs))
        is_mistake = isinstance(error, ValueError) and not isinstance(error, ImageError)
        if len(numbers) == 1:
            if is_mistake and not isinstance(error, np.linalg.LinAlgError):
                raise
            request = batch[numbers[0]]
            return [(numbers[0], Failure(str(method), _reason(request, method, error)))]
    results, mistakes = [], []
    for number in numbers:
        pairs_of_image = [pair for pair in pairs if pair[0] == number]
        try:
            results += _attempted(batch, scores, classifier, method, pairs_of_image)
        except ValueError as error:
            mistakes.append(error)
            results.append((number, Failure(str(method), _reason(batch[number], method, error))))
    if len(mistakes) == len(numbers):
        raise mistakes[0]
    return results


def _reason(request: Request, method: Call, error: Exception) -> str:
    """One line that names the image, the method and what went wrong."""
    first_line = (str(error).strip().splitlines() or [""])[0]
    if not isinstance(error, ValueError):
        first_line = f"{type(error).__name__}: {first_line}"
    return f"image '{request.path}', {method}: {first_line}"


def _explained(
    batch: Sequence[Request],
    scores: np.ndarray,
    classifier: Classifier,
    method: Call,
    pairs: list[tuple[int, int]],
) -> Iterator[tuple[int, Explanation]]:
    """For each pair (number of the image, class), the number and what the method makes of it."""
    if not pairs:
        return
    images = np.stack([batch[number].input_image for number, _ in pairs])
    classes = np.array([index for _, index in pairs])
    started = time.perf_counter()
    with noting() as notes:
        maps = method(classifier, images, classes)
    seconds = (time.perf_counter() - started) / len(pairs)
    arrays = [name for name, value in notes.items() if isinstance(value, np.ndarray)]
    arrays = {name: notes.pop(name) for name in arrays}  # they stay out of the record
    for position, (number, index) in enumerate(pairs):
        own_arrays = {name: array[position] for name, array in arrays.items()}
        explanation = _explanation(
            batch[number], scores[number], classifier, method, index, maps[position]
        )
        diagnosis = diagnose(maps[position], classifier, images[position], index, method.entry)
        yield (
            number,
            replace(
                explanation,
                diagnosis=diagnosis,
                seconds=seconds,
                notes=notes | explanation.notes,
                arrays=own_arrays,
            ),
        )


def _explanation(
    request: Request,
    scores: np.ndarray,
    classifier: Classifier,
    method: Call,
    index: int,
    saliency_map: np.ndarray,
) -> Explanation:
    """What is known of an image, a class and its map, but how it came about."""
    box = classifier.box_of(index)
    place = {} if box is None else {"box": rescaled(box, request.input_image, request.image)}
    return Explanation(
        image=request.image,
        clip=request.clip,
        path=request.path,
        map=saliency_map,
        method=method,
        classifier=classifier.name,
        random_weights=classifier.random_weights,
        task=classifier.task,
        class_index=index,
        label=classifier.title(index),
        probability=classifier.score_of(scores, index),
        predicted_index=int(np.nanargmax(scores)),
        top=classifier.decode_predictions(scores[np.newaxis], TOP)[0],
        notes=place,
    )
