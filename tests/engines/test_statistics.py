import numpy as np
import pytest

from engines.statistics import correlation, correlations

RNG = np.random.default_rng(0)


def test_correlations_are_numpys_row_by_row():
    first, second = RNG.random((2, 3, 4, 5))
    expected = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(correlations(first, second), expected)


def test_a_constant_row_has_none():
    first, second = np.array([[1, 1, 1], [1, 2, 4]]), np.array([[1, 2, 3], [2, 4, 8]])
    np.testing.assert_allclose(correlations(first, second), [np.nan, 1])


def test_two_constants_agree_and_a_constant_agrees_with_nothing_else():
    first, second = RNG.random((2, 50))
    assert correlation(first, second) == pytest.approx(np.corrcoef(first, second)[0, 1])
    assert correlation(np.ones(3), np.ones(3)) == 1
    assert correlation(np.ones(3), np.arange(3)) == 0
    assert np.isnan(correlation(np.array([np.nan, 1, 2]), np.arange(3)))
