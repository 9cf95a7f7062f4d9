"""Patches, scored one by one: the instances of a bag (Patil 2019), each asked about by itself."""

from collections.abc import Iterator
from itertools import islice, pairwise, product
from typing import Annotated

import numpy as np

from engines.perturbation import batch_sizes, by_image, perturbed
from images import resized
from registry import COUNT


def patches(
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    *,
    grid: Annotated[int, "patches in each direction", COUNT] = 7,
) -> np.ndarray:
    """Patches: (N, grid, grid), the class's probability where a patch is all there is; black-box.

    Each patch is brought to the classifier's input size. Raises ValueError for a grid below 1 or
    finer than the pixels.
    """
    most = min(images.shape[1:3])
    if not 1 <= grid <= most:
        raise ValueError(f"PATCHES: grid is from 1 to {most} for this classifier, got {grid}")

    def explain(image: np.ndarray, classes: np.ndarray) -> np.ndarray:
        batches = ((classifier.preprocess(batch),) for batch in patches_of(image, grid))
        answers = perturbed(classifier, scored, image, batches, grid * grid, (classes,))
        scores = np.concatenate([answer["scores"] for answer in answers])  # (patches, classes)
        rest = np.zeros((grid * grid - len(scores), len(classes)))  # where Ctrl-C ended it early
        return np.concatenate([scores, rest]).T.reshape(-1, grid, grid)

    return by_image(images, class_indices, explain)


def patches_of(image: np.ndarray, grid: int) -> Iterator[np.ndarray]:
    """Batches (B, H, W, 3) of the patches of an image (H, W, 3), row by row, at its full size.

    Equal to the pixel where the grid does not divide the sides.
    """
    size = image.shape[:2]
    rows, columns = (np.arange(grid + 1) * side // grid for side in size)
    places = product(pairwise(rows), pairwise(columns))
    for count in batch_sizes(grid * grid):
        yield np.stack(
            [
                resized(image[top:bottom, left:right], size)
                for (top, bottom), (left, right) in islice(places, count)
            ]
        )


def scored(forward, inputs, patches, classes) -> dict:
    """The program: scores (B, classes) of preprocessed patches, not of the inputs themselves."""
    import tensorflow as tf

    return {"scores": tf.gather(forward(patches).scores, classes, axis=1)}
