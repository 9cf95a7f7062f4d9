"""Explanations of a batch of images by one classifier."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from classifier import Classifier
from images import ImageError, resized, resized_clip
from methods import METHODS, MethodCall
from pipeline.explaining.diagnosis import diagnose
from pipeline.explaining.explanation import Explanation
from pipeline.plan import Targets
from runtime import noting

Box = tuple[float, ...]  # x, y, w, h
TOP = 5  # predictions that are printed and recorded


class Asked(NamedTuple):
    """An image, and the methods that are to explain it."""

    path: Path | None
    image: np.ndarray  # (H, W, 3) uint8 RGB, as it was read
    input_image: np.ndarray  # (h, w, 3) float32: at the classifier's input size
    methods: Sequence[MethodCall]


class CutShortError(KeyboardInterrupt):
    """Ctrl-C while a batch is explained."""

    def __init__(self, found: list):
        super().__init__()
        self.found = found  # as `explain_batch` gives it, of the methods that were done


def asked(image: np.ndarray, classifier: Classifier, methods: Sequence[MethodCall], path=None):
    """The same, with the image, or clip, brought to the classifier's input size."""
    bring = resized_clip if classifier.frames else resized
    return Asked(path, image, bring(image, classifier.input_size), methods)


def explain_batch(
    batch: Sequence[Asked], classifier: Classifier, targets: Targets
) -> list[list[Explanation] | ImageError]:
    """For each image its explanations, methods and then classes in their order.

    Or the ImageError that says why it has none. A method that was stopped early is the last.
    Raises CutShortError on Ctrl-C before a method has anything to show.
    """
    images = np.stack([one.input_image for one in batch])
    calls = {str(method): method for one in batch for method in one.methods}
    inside = any(METHODS[call.name].shares_features for call in calls.values())
    scores = classifier.scores(images, keep_features=inside and classifier.has_layers)
    chosen = _chosen(batch, scores, classifier, targets)
    found: list[list[Explanation] | ImageError] = [
        one if isinstance(one, ImageError) else [] for one in chosen
    ]
    indices = [[] if isinstance(one, ImageError) else one for one in chosen]
    for name, method in calls.items():
        once = METHODS[method.name].class_agnostic
        pairs = [
            (number, index)
            for number, one in enumerate(batch)
            if name in map(str, one.methods)
            for index in (indices[number][:1] if once else indices[number])
        ]
        try:
            made = list(_made(batch, scores, classifier, method, pairs))
        except KeyboardInterrupt as stop:
            raise CutShortError(found) from stop
        for number, explanation in made:
            found[number].append(explanation)
        if any(some and some[-1].stopped_early for some in found if isinstance(some, list)):
            break
    return found


def _chosen(
    batch: Sequence[Asked], scores: np.ndarray, classifier: Classifier, targets: Targets
) -> list[list[int] | ImageError]:
    """For each image the classes that are explained, or why there are none."""
    if targets.box is not None:
        classifier.forget_boxes()
        return [_box(one, classifier, targets.box) for one in batch]
    indices = [targets.indices(classifier, row) for row in scores]
    why = "its predicted class cannot be held against itself"
    return [
        own or ImageError(f"image '{one.path}': {why}")
        for one, own in zip(batch, indices, strict=True)
    ]


def _box(one: Asked, classifier: Classifier, box: int | Box) -> list[int] | ImageError:
    """The index that stands for the image's box, of which x, y, w, h are in its own pixels."""
    wanted = box if isinstance(box, int) else rescaled(box, one.image, one.input_image)
    try:
        return [classifier.box(one.input_image, wanted)]
    except ValueError as error:
        return ImageError(f"image '{one.path}': {error}")


def rescaled(box: Box, image: np.ndarray, other: np.ndarray) -> Box:
    """x, y, w, h in pixels of the image (H, W, 3) -> in pixels of that other one."""
    rows, columns = (b / a for a, b in zip(image.shape[:2], other.shape[:2], strict=True))
    return tuple(side * scale for side, scale in zip(box, (columns, rows) * 2, strict=True))


def _made(
    batch: Sequence[Asked],
    scores: np.ndarray,
    classifier: Classifier,
    method: MethodCall,
    pairs: list[tuple[int, int]],
) -> Iterator[tuple[int, Explanation]]:
    """For each pair (number of the image, class), the number and what the method makes of it."""
    if not pairs:
        return
    images = np.stack([batch[number].input_image for number, _ in pairs])
    classes = np.array([index for _, index in pairs])
    started = time.perf_counter()
    with noting() as notes:
        maps = METHODS[method.name](classifier, images, classes, **method.given)
    seconds = (time.perf_counter() - started) / len(pairs)
    arrays = [name for name, value in notes.items() if isinstance(value, np.ndarray)]
    arrays = {name: notes.pop(name) for name in arrays}  # they stay out of the record
    for position, (number, index) in enumerate(pairs):
        diagnosis = diagnose(
            maps[position], classifier, images[position], index, METHODS[method.name]
        )
        row, place = scores[number], classifier.box_of(index)
        own = batch[number]
        box = {} if place is None else {"box": rescaled(place, own.input_image, own.image)}
        yield (
            number,
            Explanation(
                own.image,
                maps[position],
                index,
                classifier.title(index),
                classifier.score_of(row, index),
                classifier.name,
                method,
                own.path,
                classifier.random_weights,
                diagnosis,
                classifier.decode_predictions(row[np.newaxis], TOP)[0],
                seconds,
                notes | box,
                {name: array[position] for name, array in arrays.items()},
                int(row.argmax()),
                task=classifier.task,
            ),
        )
