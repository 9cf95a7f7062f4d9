"""The engine behind all that hides parts of an image and asks again.

A perturbation is a program (see `classifier.network.forward`) that makes its composites inside the
graph, from a few numbers for each, and lets only what is wanted out of it. So masks and composites
exist for one batch at a time, whatever their number.

    program(forward, inputs, *batch, *constants) -> {name: tensor}

`inputs` are the preprocessed images (N, H, W, C), mostly one; `batch` are arrays with a row for
each composite.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import numpy as np

from classifier.network.forward import BATCH
from classifier.network.network import FOLDING_PASSES
from engines.statistics import correlation
from runtime import note, progress, tally

ROUNDING = 16 * float(np.finfo(np.float32).eps)  # of a score: sums of some hundred products


def batch_for(classifier) -> int:
    """How many composites are in one pass: a batch of images, or of clips with as many frames."""
    return max(1, BATCH // (classifier.frames or 1))


def batch_sizes(count: int, batch: int = BATCH) -> list[int]:
    """The sizes of the batches of `count` composites, all the same but the last."""
    return [min(batch, count - start) for start in range(0, count, batch)]


def batches_of(rows: np.ndarray, batch: int = BATCH) -> Iterator[tuple[np.ndarray]]:
    """The rows, a batch of them at a time."""
    for start in range(0, len(rows), batch):
        yield (rows[start : start + batch],)


def perturbed(
    classifier,
    program: Callable,
    images: np.ndarray,
    batches: Iterable[tuple[np.ndarray, ...]],
    count: int,
    constants: tuple[np.ndarray, ...] = (),
    layer: str | None = None,
    batch_size: int = BATCH,
) -> Iterator[dict[str, np.ndarray]]:
    """The program's answer for each batch of `count` composites in all.

    They are made of one image (H, W, 3) or clip (T, H, W, 3), or of several, (N, ..., 3). A program
    about a `layer` gives its features: passes through the head alone. Ends early on Ctrl-C. In
    bfloat16 the first batch is asked in float32 too, and the correlation of the two answers noted;
    `passes` is tallied.
    """
    run = classifier.run
    coming = count
    if layer is not None:  # too little work for folding to pay
        run, coming = partial(run, layer=layer), min(count, FOLDING_PASSES - 1)
    one = images.shape[-len(classifier.input_shape) :]
    inputs = classifier.preprocess(images.reshape(-1, *one))
    for number, batch in enumerate(progress(batches, len(batch_sizes(count, batch_size)))):
        arrays = (inputs, *batch, *constants)
        answer = run(program, arrays, coming, precision=classifier.precision)
        if number == 0 and classifier.precision != "float32":
            exact = run(program, arrays, coming)
            pairs = {name: (answer[name], exact[name]) for name in answer}
            note(float32_correlation={n: correlation(*pair) for n, pair in pairs.items()})
        tally(passes=len(batch[0]))
        yield answer


def noted_by_image(
    images: np.ndarray,
    class_indices: np.ndarray,
    explain: Callable[..., tuple[np.ndarray, dict[str, np.ndarray]]],
) -> np.ndarray:
    """As `by_image`, of an `explain` that gives notes beside its maps: arrays with a row a map.

    `standard_error` (classes, h, w): of each value's difference from the map's mean, from the
    samples. `score_range` (classes,), of `score_range`: how much the score changed at all.
    """
    noted: dict[str, list[np.ndarray]] = {}

    def maps_alone(image: np.ndarray, classes: np.ndarray) -> np.ndarray:
        maps, notes = explain(image, classes)
        for name, rows in notes.items():
            noted.setdefault(name, []).append(np.asarray(rows, np.float32))
        return maps

    maps = by_image(images, class_indices, maps_alone)
    note(**{name: np.concatenate(rows) for name, rows in noted.items()})
    return maps


def score_range(scores: np.ndarray) -> np.ndarray:
    """(classes,): the range of scores (passes, classes), as a part of their largest absolute value.

    0 where all are 0, NaN where one is not finite. Of up to ROUNDING nothing can be said.
    """
    largest = np.abs(scores).max(axis=0)
    return np.ptp(scores, axis=0) / np.where(largest == 0, 1, largest)


def by_image(
    images: np.ndarray,
    class_indices: np.ndarray,
    explain: Callable[..., np.ndarray],
    most: int | None = None,
) -> np.ndarray:
    """Maps (N, h, w), of clips (N, t, h, w), from `explain(image, classes) -> (classes, h, w)`.

    Neighbours that are the same image are explained in one run, for all of their classes or for
    at `most` so many.
    """
    maps = []
    start = 0
    for end in range(1, len(images) + 1):
        full = end == len(images) or end - start == most
        if full or not np.array_equal(images[end], images[start]):
            maps.append(explain(images[start], np.asarray(class_indices[start:end], np.int32)))
            start = end
    return np.concatenate(maps).astype(np.float32)
