"""What a map is like by itself: concentrated on little, or spread out."""

import numpy as np


def sparsity(maps: np.ndarray) -> np.ndarray:
    """The Gini index of the map's absolute values: 0 all alike, near 1 all in one pixel.

    Hurley 2009, https://arxiv.org/abs/0811.4706; for explanations Chalasani 2020,
    https://arxiv.org/abs/1810.06583.
    """
    values = np.sort(np.abs(maps).reshape(len(maps), -1).astype(np.float64), axis=1)
    count = values.shape[1]
    ranks = 2 * np.arange(1, count + 1) - count - 1
    with np.errstate(invalid="ignore"):
        return (ranks * values).sum(axis=1) / (count * values.sum(axis=1))


def complexity(maps: np.ndarray) -> np.ndarray:
    """The entropy, in nats, of the absolute values as parts of their sum.

    Bhatt 2020, https://arxiv.org/abs/2005.00631, section 2.3. From 0 to log(H W).
    """
    from scipy.stats import entropy

    with np.errstate(invalid="ignore"):
        return entropy(np.abs(maps).reshape(len(maps), -1).astype(np.float64), axis=1)
