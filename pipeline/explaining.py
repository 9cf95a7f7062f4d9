"""Explanations of a batch of pictures by one classifier."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from classifier import Classifier
from methods import METHODS, MethodCall
from pictures import PictureError, resized
from pipeline.diagnosis import diagnose
from pipeline.explanation import Explanation
from pipeline.plan import Targets
from running import noting

TOP = 5  # predictions that are printed and recorded


class Asked(NamedTuple):
    """A picture, and the methods that are to explain it."""

    path: Path | None
    picture: np.ndarray  # (H, W, 3) uint8 RGB, as it was read
    image: np.ndarray  # (h, w, 3) float32: at the classifier's input size
    methods: Sequence[MethodCall]


def asked(picture: np.ndarray, classifier: Classifier, methods: Sequence[MethodCall], path=None):
    """The same, with the picture brought to the classifier's input size."""
    return Asked(path, picture, resized(picture, classifier.input_size), methods)


def explain_batch(
    batch: Sequence[Asked], classifier: Classifier, targets: Targets
) -> list[list[Explanation] | PictureError]:
    """For each picture its explanations, methods and then classes in their order.

    Or the PictureError that says why it has none. A method that was stopped early is the last.
    """
    images = np.stack([one.image for one in batch])
    calls = {str(method): method for one in batch for method in one.methods}
    inside = any(METHODS[call.name].shares_features for call in calls.values())
    scores = classifier.scores(images, keep_features=inside and classifier.has_layers)
    indices = [targets.indices(classifier, row) for row in scores]
    found: list[list[Explanation] | PictureError] = [
        []
        if chosen
        else PictureError(
            f"picture '{one.path}': its predicted class cannot be held against itself"
        )
        for one, chosen in zip(batch, indices, strict=True)
    ]
    for name, method in calls.items():
        once = METHODS[method.name].class_agnostic
        pairs = [
            (number, index)
            for number, one in enumerate(batch)
            if name in map(str, one.methods)
            for index in (indices[number][:1] if once else indices[number])
        ]
        for number, explanation in _made(batch, scores, classifier, method, pairs):
            found[number].append(explanation)
        if any(some and some[-1].stopped_early for some in found if isinstance(some, list)):
            break
    return found


def _made(
    batch: Sequence[Asked],
    scores: np.ndarray,
    classifier: Classifier,
    method: MethodCall,
    pairs: list[tuple[int, int]],
) -> Iterator[tuple[int, Explanation]]:
    """For each pair (number of the picture, class), the number and what the method makes of it."""
    if not pairs:
        return
    images = np.stack([batch[number].image for number, _ in pairs])
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
        row = scores[number]
        yield (
            number,
            Explanation(
                batch[number].picture,
                maps[position],
                index,
                classifier.title(index),
                classifier.score_of(row, index),
                classifier.name,
                method,
                batch[number].path,
                classifier.random_weights,
                diagnosis,
                classifier.decode_predictions(row[np.newaxis], TOP)[0],
                seconds,
                notes,
                {name: array[position] for name, array in arrays.items()},
                int(row.argmax()),
            ),
        )
