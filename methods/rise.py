"""RISE, randomized input sampling (Petsiuk 2018, https://arxiv.org/abs/1806.07421).

    S = sum over i of p_c(x . M_i) M_i / (N p)     (eq. 6; p: the probability that a cell is kept)

M_i is a grid of s x s cells, each 1 with probability p, upsampled bilinearly to (s + 1) x (s + 1)
cells of ceil(size / s) pixels and cropped at a random shift of less than a cell. Of a clip it is a
grid over time too, upsampled trilinearly, with a shift of less than a cell along each axis.
"""

import math
from collections.abc import Iterator
from typing import Annotated

import numpy as np

from engines.fills import background, note_fill
from engines.perturbation import batch_for, batch_sizes, noted_by_image, perturbed, score_range
from engines.statistics import correlation
from registry import COUNT, NOT_NEGATIVE, SEED, SHARE, Bounds
from runtime import note

PRESETS = {
    "lab": {"masks": 200, "grid": 8, "keep": 0.4},
    "authors": {"masks": 8000, "grid": 7, "keep": 0.5},  # for ResNet50
}
TimeGrid = Annotated[
    int,
    "of clips: cells of a mask over time; 0: one for two frames, as many as `grid` at most",
    NOT_NEGATIVE,
]


def rise(
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    *,
    masks: Annotated[int, "how many random masks", COUNT] = 4000,
    grid: Annotated[int, "cells of a mask in each direction, whatever the image's size", COUNT] = 8,
    keep: Annotated[float, "probability that a cell is kept", SHARE] = 0.5,
    seed: Annotated[int, "of the random masks", SEED] = 0,
    until_stable: Annotated[
        float,
        "stop when the map correlates so well with that of half as many masks; 0: never",
        Bounds(least=0, below=1),
    ] = 0.0,
    time_grid: TimeGrid = 0,
) -> np.ndarray:
    """RISE: (N, H, W), the mean probability of the class where a pixel is seen; black-box.

    Petsiuk 2018, eq. 6. Of clips it is (N, T, H, W). Notes the convergence curve: (masks,
    correlation with the map of half as many), and the standard error.
    """
    counts = cells_of(classifier.frames, grid, time_grid)
    cells = [
        math.ceil(side / count)
        for side, count in zip(classifier.input_shape[:-1], counts, strict=True)
    ]
    upsampling = [upsampling_matrix(*pair) for pair in zip(counts, cells, strict=True)]
    batch = batch_for(classifier)
    note_fill(classifier)

    def explain(image: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, dict]:
        batches = random_grids(masks, counts, keep, cells, seed, batch)
        constants = (background(classifier), classes, *upsampling)
        answers = perturbed(
            classifier, made_masks, image, batches, masks, constants, batch_size=batch
        )
        mean, notes = _averaged(answers, batch_sizes(masks, batch), until_stable)
        notes["standard_error"] /= keep
        return mean / keep, notes

    return noted_by_image(images, class_indices, explain)


def cells_of(frames: int | None, grid: int, time_grid: int) -> tuple[int, ...]:
    """How many cells a mask has along rows and columns; of clips along time, before these."""
    if frames is None:
        return grid, grid
    return time_grid or max(1, min(grid, frames // 2)), grid, grid


def random_grids(
    masks: int,
    counts: tuple[int, ...],
    keep: float,
    cells: list[int],
    seed: int,
    batch: int,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches of grids (B, *counts) of zeros and ones, and of shifts (B, axes), below `cells`.

    The same masks whatever the batch; and of clips with one cell over time those of images.
    """
    grid_rng = np.random.default_rng(seed)
    shift_rngs = [np.random.default_rng([seed, 1 + axis]) for axis in range(len(cells))]
    for size in batch_sizes(masks, batch):
        grids = grid_rng.random((size, *counts)) < keep
        shifts = [  # rows and columns first: they have the same shifts with and without time
            rng.integers(0, cell, size)
            for rng, cell in zip(shift_rngs, reversed(cells), strict=True)
        ]
        yield grids.astype(np.float32), np.stack(shifts[::-1], axis=1).astype(np.int32)


def upsampling_matrix(grid: int, cell: int) -> np.ndarray:
    """((s + 1) cell, s): linear from s cells to (s + 1) cells of pixels, half-pixel centres.

    Outside of the first and the last cell's middle it is mirrored, as the authors have it.
    """
    pixels = (grid + 1) * cell
    places = np.abs((np.arange(pixels) + 0.5) * grid / pixels - 0.5)
    places = np.clip((grid - 1) - np.abs((grid - 1) - places), 0, grid - 1)
    return np.maximum(0, 1 - np.abs(places[:, None] - np.arange(grid))).astype(np.float32)


def made_masks(forward, inputs, grids, shifts, background, classes, *upsampling) -> dict:
    """The program of RISE: each mask is its grid, upsampled and shifted along each axis in turn."""
    import tensorflow as tf

    masks = grids  # (B, s, ...) -> (B, ..., H): the first axis goes to the end, upsampled
    for axis, matrix in enumerate(upsampling):
        side, shape = tf.shape(inputs)[1 + axis], tf.shape(masks)
        chosen = tf.gather(matrix, shifts[:, axis : axis + 1] + tf.range(side))  # (B, H, s)
        flat = tf.reshape(masks, (shape[0], shape[1], -1))
        flat = tf.matmul(flat, chosen, transpose_a=True, transpose_b=True)  # (B, ..., H)
        masks = tf.reshape(flat, tf.concat([shape[:1], shape[2:], [side]], axis=0))
    return given_masks(forward, inputs, masks, background, classes)


def given_masks(forward, inputs, masks, background, classes) -> dict:
    """Sums over the batch of p_c(x . M) M, (classes, H, W), for masks (B, H, W), and more.

    These are the sums of the squares of p_c (M - its mean), and the range of p_c, (2, classes).
    x . M is x where M is 1 and the background where it is 0: the mean colour, 0 to the network.
    """
    import tensorflow as tf

    composites = background + masks[..., tf.newaxis] * (inputs - background)
    scores = tf.gather(forward(composites).scores, classes, axis=1)
    means = tf.reduce_mean(masks, axis=range(1, len(masks.shape)), keepdims=True)
    return {
        "weighted": tf.tensordot(scores, masks, [[0], [0]]),
        "squares": tf.tensordot(scores**2, (masks - means) ** 2, [[0], [0]]),
        "range": tf.stack([tf.reduce_min(scores, axis=0), tf.reduce_max(scores, axis=0)]),
    }


def _averaged(
    answers, sizes: list[int], until_stable: float
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Mean over the masks of p_c M_i (classes, H, W), and what is to be noted with it.

    Notes the curve.
    """
    halves_of = _halves(len(sizes))
    total, squares, done, ranges, curve, earlier = 0.0, 0.0, 0, [], [], {}
    for number, answer in enumerate(answers, start=1):
        total = total + answer["weighted"].astype(np.float64)
        squares = squares + answer["squares"].astype(np.float64)
        ranges.append(answer["range"])
        done += sizes[number - 1]
        if number in halves_of.values():
            earlier[number] = total
        if number in halves_of:
            pairs = zip(total, earlier[halves_of[number]], strict=True)
            curve.append([done, min(correlation(*pair) for pair in pairs)])
            note(convergence=curve)
            if until_stable and curve[-1][1] >= until_stable:
                break
    mean = total / done
    centred = mean - mean.mean(axis=tuple(range(1, mean.ndim)), keepdims=True)
    error = np.sqrt(np.maximum(squares / done - centred**2, 0) / done)
    return mean, {"standard_error": error, "score_range": score_range(np.concatenate(ranges))}


def _halves(batches: int) -> dict[int, int]:
    """After which numbers of batches the map is compared, and with the map after how many."""
    doublings = {2**k: 2 ** (k - 1) for k in range(1, batches.bit_length())}
    return doublings | ({batches: batches // 2} if batches > 1 else {})
