"""The engine behind all that hides parts of a picture and asks again.

A perturbation is a question (see `classifier.passes`) whose first tensor is the preprocessed
picture: it makes its composites inside the graph, from a few numbers for each, and lets only what
is wanted out of it. So masks and composites exist for one batch at a time, whatever their number.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

import numpy as np

BATCH = 32  # composites in one pass
CORRELATION_BATCHES = 1  # batches that are asked in float32 too where the precision is bfloat16


def bounds(count: int, batch: int = BATCH) -> list[tuple[int, int]]:
    """(start, end) of each batch of `count` things."""
    return list(pairwise([*range(0, count, batch), count]))


def perturbed(
    classifier,
    question: Callable,
    image: np.ndarray,
    batches: Iterable[tuple],
    *constants: np.ndarray,
) -> Iterator[dict[str, np.ndarray]]:
    """The question's answer for each batch of one picture (H, W, 3).

    The question gets `see`, the preprocessed picture (1, H, W, C), the batch's arrays, of which the
    first has a row for each composite, and `constants`.
    """
    inputs = classifier.preprocess(image[np.newaxis])
    for batch in batches:
        arrays = (inputs, *batch, *constants)
        yield classifier.network.ask(question, arrays, len(batch[0]))
