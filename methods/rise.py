"""RISE, randomized input sampling (Petsiuk 2018, https://arxiv.org/abs/1806.07421).

    S = sum over i of p_c(x . M_i) M_i / (N p)     (eq. 6; p: the probability that a cell is kept)

M_i is a grid of s x s cells, each 1 with probability p, upsampled bilinearly to (s + 1) x (s + 1)
cells of ceil(size / s) pixels and cropped at a random shift of less than a cell.
"""

import math
from collections.abc import Iterator
from typing import Annotated

import numpy as np

from engines.fills import background, note_fill
from engines.perturbation import batch_sizes, by_image, perturbed
from engines.statistics import correlation
from runtime import note

PRESETS = {
    "lab": {"masks": 200, "grid": 8, "keep": 0.4},
    "authors": {"masks": 8000, "grid": 7, "keep": 0.5},  # for ResNet50
}


def rise(
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    *,
    masks: Annotated[int, "how many random masks"] = 4000,
    grid: Annotated[int, "cells of a mask in each direction"] = 8,
    keep: Annotated[float, "probability that a cell is kept"] = 0.5,
    seed: Annotated[int, "of the random masks"] = 0,
    until_stable: Annotated[
        float, "stop when the map correlates so well with that of half as many masks; 0: never"
    ] = 0.0,
) -> np.ndarray:
    """RISE: (N, H, W), the mean probability of the class where a pixel is seen; black-box.

    Petsiuk 2018, eq. 6. Notes the convergence curve: (masks, correlation with the map of half as
    many). Raises ValueError for options out of range.
    """
    if masks < 1 or grid < 1 or not 0 < keep < 1 or not 0 <= until_stable < 1:
        raise ValueError(
            "RISE: masks and grid are at least 1, keep is between 0 and 1, until_stable from 0 to "
            f"below 1; got masks={masks}, grid={grid}, keep={keep}, until_stable={until_stable}"
        )

    note_fill(classifier)

    def explain(image: np.ndarray, classes: np.ndarray) -> np.ndarray:
        size = image.shape[:2]
        cells = [math.ceil(side / grid) for side in size]
        upsampling = tuple(upsampling_matrix(grid, cell) for cell in cells)
        batches = random_grids(masks, grid, keep, cells, seed)
        constants = (*upsampling, background(classifier), classes)
        answers = perturbed(classifier, made_masks, image, batches, masks, constants)
        return _summed(answers, masks, until_stable) / keep

    return by_image(images, class_indices, explain)


def random_grids(
    masks: int, grid: int, keep: float, cells: list[int], seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches of grids (B, s, s) of zeros and ones, and of shifts (B, 2), rows and columns."""
    rng = np.random.default_rng(seed)
    for size in batch_sizes(masks):
        grids = rng.random((size, grid, grid)) < keep
        yield grids.astype(np.float32), rng.integers(0, cells, (size, 2)).astype(np.int32)


def upsampling_matrix(grid: int, cell: int) -> np.ndarray:
    """((s + 1) cell, s): bilinear from s cells to (s + 1) cells of pixels, half-pixel centres.

    Outside of the first and the last cell's middle it is mirrored, as the authors have it.
    """
    pixels = (grid + 1) * cell
    places = np.abs((np.arange(pixels) + 0.5) * grid / pixels - 0.5)
    places = np.clip((grid - 1) - np.abs((grid - 1) - places), 0, grid - 1)
    return np.maximum(0, 1 - np.abs(places[:, None] - np.arange(grid))).astype(np.float32)


def made_masks(
    forward, inputs, grids, shifts, row_upsampling, column_upsampling, background, classes
) -> dict:
    """The program of RISE: each mask is two small matrix products, rows and columns shifted."""
    import tensorflow as tf

    height, width = tf.shape(inputs)[1], tf.shape(inputs)[2]
    rows = tf.gather(row_upsampling, shifts[:, :1] + tf.range(height))  # (B, H, s)
    columns = tf.gather(column_upsampling, shifts[:, 1:] + tf.range(width))  # (B, W, s)
    masks = tf.matmul(tf.matmul(rows, grids), columns, transpose_b=True)
    return given_masks(forward, inputs, masks, background, classes)


def given_masks(forward, inputs, masks, background, classes) -> dict:
    """Sum over the batch of p_c(x . M) M, as (classes, H, W), for masks (B, H, W).

    x . M is x where M is 1 and the background where it is 0: the mean colour, 0 to the network.
    """
    import tensorflow as tf

    composites = background + masks[..., tf.newaxis] * (inputs - background)
    scores = tf.gather(forward(composites).scores, classes, axis=1)
    return {"weighted": tf.tensordot(scores, masks, [[0], [0]])}


def _summed(answers, masks: int, until_stable: float) -> np.ndarray:
    """Mean over the masks of p_c M_i (classes, H, W); notes how it came to rest."""
    sizes = batch_sizes(masks)
    halves_of = _halves(len(sizes))
    total, done, curve, earlier = 0.0, 0, [], {}
    for number, answer in enumerate(answers, start=1):
        total = total + answer["weighted"].astype(np.float64)
        done += sizes[number - 1]
        if number in halves_of.values():
            earlier[number] = total
        if number in halves_of:
            pairs = zip(total, earlier[halves_of[number]], strict=True)
            curve.append([done, min(correlation(*pair) for pair in pairs)])
            note(convergence=curve)
            if until_stable and curve[-1][1] >= until_stable:
                break
    return total / done


def _halves(batches: int) -> dict[int, int]:
    """After which numbers of batches the map is compared, and with the map after how many."""
    doublings = {2**k: 2 ** (k - 1) for k in range(1, batches.bit_length())}
    return doublings | ({batches: batches // 2} if batches > 1 else {})
