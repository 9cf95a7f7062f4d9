"""What several rooms compute of two maps, or of two samples."""

import numpy as np


def correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(N,): Pearson's correlation of each row (...) of two arrays (N, ...), in [-1, 1].

    NaN where one of the two rows is constant, or not finite.
    """
    first, second = (
        np.reshape(some, (len(some), -1)).astype(np.float64) for some in (first, second)
    )
    constant = (np.ptp(first, axis=1) == 0) | (np.ptp(second, axis=1) == 0)
    first, second = (some - some.mean(axis=1, keepdims=True) for some in (first, second))
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
        return np.where(constant, np.nan, (first * second).sum(axis=1) / scale)


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Pearson's correlation of two arrays; 1 where both are constant, 0 where one is."""
    first, second = np.asarray(first), np.asarray(second)
    (found,) = correlations(first[np.newaxis], second[np.newaxis])
    if np.isnan(found) and np.isfinite(first).all() and np.isfinite(second).all():
        return float(np.ptp(first) == np.ptp(second))
    return float(found)


def area_under_roc(positives: np.ndarray, negatives: np.ndarray) -> float:
    """The chance that one of the positives is larger than one of the negatives, ties counted half.

    NaN where there are none of either, or one is NaN.
    """
    samples = positives, negatives
    if not all(map(len, samples)) or any(np.isnan(some).any() for some in samples):
        return np.nan
    positives, negatives = map(np.sort, samples)
    ends = (np.searchsorted(negatives, positives, side).sum() for side in ("left", "right"))
    return float(sum(ends) / 2 / (len(positives) * len(negatives)))
