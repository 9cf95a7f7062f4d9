"""The earth mover's distance: closed forms, POT's values and a linear programme over all pairs."""

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import coo_array

from evaluation import METRICS, transport

RNG = np.random.default_rng(0)
ACCURACY = 1e-6  # of the programme's solver


def point(row: int, column: int, size=(32, 32)) -> np.ndarray:
    """(1, *size): 1 at one pixel."""
    found = np.zeros((1, *size), np.float32)
    found[0, row, column] = 1
    return found


def test_the_same_map_is_at_distance_zero_whatever_its_scale():
    density = RNG.random((1, 90, 120)).astype(np.float32)
    np.testing.assert_allclose(transport.emd(7 * density, density), 0, atol=ACCURACY)


@pytest.mark.parametrize(("down", "across"), [(0, 8), (-5, 0), (3, 4), (-5, -20)])
def test_a_shifted_point_goes_down_and_across(down, across):
    (found,) = transport.emd(point(10 + down, 22 + across), point(10, 22))
    assert found == pytest.approx((abs(down) + abs(across)) / 64, abs=ACCURACY)


def test_a_distance_is_the_same_at_another_size_of_the_image():
    small = transport.emd(point(4, 4), point(12, 20))
    blocks = np.ones((1, 10, 10), np.float32)
    large = transport.emd(np.kron(point(4, 4), blocks), np.kron(point(12, 20), blocks))
    np.testing.assert_allclose(small, (8 + 16) / 64, atol=ACCURACY)
    np.testing.assert_allclose(large, small, atol=ACCURACY)


def test_half_of_the_mass_goes_half_as_far_on_average():
    halves = point(0, 0) + point(0, 31)
    np.testing.assert_allclose(transport.emd(halves, point(0, 0)), 31 / 2 / 64, atol=ACCURACY)


def test_an_even_map_comes_from_everywhere_to_a_corner():
    even = np.ones((1, 32, 32), np.float32)
    np.testing.assert_allclose(transport.emd(even, point(0, 0)), 31 / 64, atol=ACCURACY)


@pytest.mark.parametrize(("size", "cells"), [((60, 200), 10 + 32), ((300, 20), 32 + 2)])
def test_the_longer_side_has_32_cells(size, cells):
    first, last = point(0, 0, size), point(-1, -1, size)
    np.testing.assert_allclose(transport.emd(first, last), (cells - 2) / cells, atol=0.01)


def over_all_pairs(first: np.ndarray, second: np.ndarray) -> float:
    """The distance by a programme with a variable for each pair of cells, on one grid."""
    rows, columns = first.shape
    places = np.stack(np.mgrid[:rows, :columns], -1).reshape(-1, 2)
    cost = np.abs(places[:, None] - places).sum(-1).ravel()
    starts, ends = np.divmod(np.arange(cost.size), rows * columns)
    ways = np.tile(np.arange(cost.size), 2)
    sums = coo_array(
        (np.ones(2 * cost.size), (np.concatenate([starts, rows * columns + ends]), ways))
    ).tocsr()
    masses = np.concatenate([one.ravel() / one.sum() for one in (first, second)])
    return linprog(cost, A_eq=sums, b_eq=masses).fun / (rows + columns)


def test_ways_from_neighbour_to_neighbour_are_as_short_as_those_over_all_pairs():
    first, second = RNG.random((2, 1, 8, 11)) ** 4
    expected = over_all_pairs(first[0], second[0])
    found = transport.emd(first.astype(np.float32), second)
    np.testing.assert_allclose(found, expected, atol=ACCURACY)


POT = (
    0.283928696  # `ot.emd2` of `bumps`, city-block costs, pooled by area to 21 x 32 cells, over 53
)


def bumps() -> tuple[np.ndarray, np.ndarray]:
    """A map and a gaze map, (1, 64, 96) each, of which POT 0.9.7 has the value above."""
    rows, columns = np.mgrid[:64, :96]

    def bump(row: float, column: float, sigma: float) -> np.ndarray:
        return np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * sigma**2))

    return bump(20, 30, 12)[None], (bump(40, 60, 6) + 0.5 * bump(10, 80, 8))[None]


def test_the_value_is_that_of_pot():
    maps, densities = bumps()
    np.testing.assert_allclose(
        transport.emd(maps.astype(np.float32), densities), POT, atol=ACCURACY
    )


@pytest.mark.parametrize("value", [0, np.nan, np.inf])
def test_a_map_without_mass_is_at_no_distance(value):
    maps = np.full((1, 20, 20), value, np.float32)
    with np.errstate(invalid="ignore"):
        assert np.isnan(METRICS["EMD"](maps, RNG.random((1, 20, 20)))).all()


def test_more_maps_are_taken_one_by_one():
    maps, densities = RNG.random((2, 3, 40, 30))
    together = transport.emd(maps, densities)
    alone = [transport.emd(maps[n : n + 1], densities[n : n + 1])[0] for n in range(3)]
    np.testing.assert_allclose(together, alone, atol=ACCURACY)
