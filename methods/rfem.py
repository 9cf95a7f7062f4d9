"""RFEM, FEM for transformers (Ayyar 2025, https://arxiv.org/abs/2510.06070).

As FEM asks where features are rare and strong, so RFEM asks it of what each head has gathered from
the places, through all blocks:

    R_h  = row, read by the class, of the product over blocks of row-normalised (A_h + I)
    B_h  = 1 where R_h >= mu_h + k sigma_h, else 0
    RFEM = sum over heads of max(R_h) B_h

The paper was not read: this is written after what others noted of it.
"""

from typing import Annotated, Literal

import numpy as np

from classifier.network.forward import in_graph
from engines.attention import attended, carried, heard, normalised, on_grid

ROUNDING = 1e-5  # of the mean: values that are equal but for it are not rare

K = Annotated[float, "how many standard deviations above its mean a head's value must be"]
Statistics = Annotated[
    Literal["grid", "all"], "of which tokens mean and deviation are: of places, or class token too"
]


def rfem(
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    *,
    k: K = 2.0,
    statistics: Statistics = "grid",
) -> np.ndarray:
    """RFEM: (N, h, w), where heads gather rarely much from, whatever the class; not negative.

    All tokens of a head's row sum to 1. Of `statistics=all` the class token's own entry inflates
    the deviation. Ayyar 2025, from notes of others. Raises ValueError where attention cannot be
    followed, or blocks differ in their heads.
    """
    rows = attended(classifier, images, class_indices, gathered)
    return rare_and_strong(classifier, rows, k, statistics)


def rfem_class(
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    *,
    k: K = 2.0,
    statistics: Statistics = "grid",
) -> np.ndarray:
    """RFEM of a class: (N, h, w), as RFEM by the attention that speaks for the class alone.

    A_h is replaced by (dS_c/dA_h A_h)^+. Ayyar 2025, from notes of others. Raises ValueError as
    RFEM does.
    """
    rows = attended(classifier, images, class_indices, gathered_for_class)
    return rare_and_strong(classifier, rows, k, statistics)


@in_graph
def gathered(forward, inputs, class_indices, read) -> dict:
    """The program: R_h (N, heads, T)."""
    attention, _ = heard(forward, inputs)
    return {"tokens": through_blocks(read, attention)}


@in_graph
def gathered_for_class(forward, inputs, class_indices, read) -> dict:
    """The program: R_h (N, heads, T) of the attention that speaks for the class."""
    import tensorflow as tf

    pairs = zip(*heard(forward, inputs, class_indices), strict=True)
    return {"tokens": through_blocks(read, [tf.nn.relu(slope * A) for A, slope in pairs])}


def through_blocks(read, matrices: list):
    """The row `read` (T,) of the product of row-normalised (A_h + I), head by head."""
    import tensorflow as tf

    heads = {matrix.shape[1] for matrix in matrices}
    if len(heads) > 1:
        raise ValueError(f"RFEM follows a head through all blocks, and these have {sorted(heads)}")

    def step(row, matrix):
        return row @ normalised(matrix + tf.eye(tf.shape(matrix)[-1]))

    return carried(read, matrices, step)


def rare_and_strong(classifier, rows: np.ndarray, k: float, statistics: str) -> np.ndarray:
    """RFEM (N, h, w) of R_h (N, heads, T)."""
    places = on_grid(classifier, rows)
    flat = places.reshape(*places.shape[:2], -1)
    counted = (rows if statistics == "all" else flat).astype(np.float64)
    means = counted.mean(axis=-1, keepdims=True)
    bounds = means + k * counted.std(axis=-1, keepdims=True) - ROUNDING * np.abs(means)
    kept = (flat >= bounds) * flat.max(axis=-1, keepdims=True)
    return kept.sum(axis=1).reshape(len(rows), *places.shape[2:]).astype(np.float32)
