"""One method on a batch of images: a map for each class, and the failures of single images."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np

from classifier import Classifier
from images import ImageError
from pipeline.explaining.diagnosis import diagnose
from pipeline.explaining.explanation import Explanation
from pipeline.explaining.request import Failure, Request, rescaled
from registry import Call
from runtime import counted, first_line, noting, working

TOP = 5  # predictions that are printed and recorded
PAIRS_AT_ONCE = 128  # images and classes that a method is given: each has its copy of the image

Pair = tuple[int, int]  # number of an image in its batch, class


def attempted(
    batch: Sequence[Request],
    scores: Sequence[np.ndarray | Failure],
    classifier: Classifier,
    method: Call,
    pairs: list[Pair],
) -> list[tuple[int, Explanation | Failure]]:
    """What the method makes of each pair; where the batch fails, image by image.

    Raises ValueError where it is a mistake in what was asked for, which is no image's fault.
    """
    try:
        return [
            result
            for part in _parts(pairs)
            for result in _explained(batch, scores, classifier, method, part)
        ]
    except Exception as error:  # the user's own code, or a method on an image nobody thought of
        numbers = list(dict.fromkeys(number for number, _ in pairs))
        if len(numbers) == 1:
            classes = np.array([index for _, index in pairs[:1]])
            if is_mistake(error, classifier, lambda image: method(classifier, image, classes)):
                raise
            return [(numbers[0], failure_of(batch[numbers[0]].path, error, str(method)))]
    results = []
    for number in numbers:
        own = [pair for pair in pairs if pair[0] == number]
        results += attempted(batch, scores, classifier, method, own)
    return results


def is_mistake(
    error: Exception, classifier: Classifier, ask: Callable[[np.ndarray], object]
) -> bool:
    """Whether an error is no image's fault: a ValueError that noise (1, H, W, 3) has as well."""
    if not isinstance(error, ValueError) or isinstance(error, ImageError | np.linalg.LinAlgError):
        return False
    shape = (1, *classifier.input_shape[:-1], 3)
    try:
        with noting():
            ask(np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32))
    except ValueError as other:
        return not isinstance(other, ImageError)
    except Exception:  # it has no say in whose fault the first one was
        return False
    return False


def failure_of(path: Path | None, error: Exception, asker: str = "") -> Failure:
    """Why an image has no answer, in one line that names it, who asked and what went wrong."""
    of = f", {asker}" if asker else ""
    kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
    return Failure(asker, f"image '{path}'{of}: {kind}{first_line(error)}")


def work(asker: Call, paths: Sequence[Path | None]) -> str:
    """What is being done, for the console: who is asked, of which image or of how many."""
    names = list(dict.fromkeys("" if path is None else path.name for path in paths))
    if len(names) > 1:
        return f"{asker}, {counted(len(names), 'image')}"
    return ", ".join(filter(None, [str(asker), *names]))


def _parts(pairs: list[Pair]) -> Iterator[list[Pair]]:
    """The pairs in parts of PAIRS_AT_ONCE, or of one image: its classes may share their passes."""
    part: list[Pair] = []
    for _, of_image in groupby(pairs, key=lambda pair: pair[0]):
        classes = list(of_image)
        if part and len(part) + len(classes) > PAIRS_AT_ONCE:
            yield part
            part = []
        part = part + classes
    if part:
        yield part


def _explained(
    batch: Sequence[Request],
    scores: Sequence[np.ndarray | Failure],
    classifier: Classifier,
    method: Call,
    pairs: list[Pair],
) -> Iterator[tuple[int, Explanation]]:
    """For each pair the number of its image, and what the method makes of it."""
    images = np.stack([batch[number].input_image for number, _ in pairs])
    classes = np.array([index for _, index in pairs])
    started = time.perf_counter()
    with working(work(method, [batch[number].path for number, _ in pairs])), noting() as notes:
        maps = method(classifier, images, classes)
    seconds = (time.perf_counter() - started) / len(pairs)
    arrays = [name for name, value in notes.items() if isinstance(value, np.ndarray)]
    arrays = {name: notes.pop(name) for name in arrays}  # they stay out of the record
    for position, (number, index) in enumerate(pairs):
        own_arrays = {name: array[position] for name, array in arrays.items()}
        explanation = _explanation(
            batch[number], scores[number], classifier, method, index, maps[position]
        )
        diagnosis = diagnose(
            maps[position],
            classifier,
            images[position],
            index,
            method.entry,
            explanation.probability,
            own_arrays,
        )
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
    noted = {} if box is None else {"box": rescaled(box, request.input_image, request.image)}
    if request.caution:
        noted["image_caution"] = request.caution
    return Explanation(
        image=request.image,
        clip=request.clip,
        path=request.path,
        map=saliency_map,
        method=method,
        classifier=classifier.name,
        random_weights=classifier.random_weights,
        is_contrast=box is None and index >= len(classifier.labels),
        task=classifier.task,
        class_index=index,
        label=classifier.title(index),
        probability=classifier.score_of(scores, index),
        predicted_index=int(np.nanargmax(scores)),
        top=classifier.decode_predictions(scores[np.newaxis], TOP)[0],
        notes=noted,
    )
