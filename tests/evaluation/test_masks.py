"""Metrics against object masks: closed forms, Quantus and scikit-learn, and maps that are known."""

import numpy as np
import pytest
from sklearn.metrics import jaccard_score, roc_auc_score

from engines.statistics import area_under_roc
from evaluation import METRICS, masks
from evaluation.metric import MASK
from evaluation.reasons import reason_for_nan

OF_QUANTUS = {  # Quantus 0.6.0 on `three_maps`: AUC, TopKIntersection, RelevanceRankAccuracy
    ("AUC_IN_MASK", ()): [0.928528410, 0.243049694, 0.502186725],
    ("TOP_K", (("k", 100),)): [0.87, 0, 0.32],
    ("TOP_K", (("k", 1000),)): [0.246, 0.055, 0.322],
    ("RANK_ACCURACY", ()): [0.698795181, 0.005882353, 0.324596774],
}


def three_maps() -> tuple[np.ndarray, np.ndarray]:
    """Signed maps without ties and masks, (3, 32, 48): one knows the mask, one shuns it, one not.

    The values of Quantus were made of these, with its defaults (`abs=False`).
    """
    maps = np.random.default_rng(5).normal(size=(3, 32, 48)).astype(np.float32)
    rows, columns = np.mgrid[:32, :48]
    disc = (rows - 16) ** 2 + (columns - 24) ** 2 < 81
    objects = np.stack([disc, (rows < 10) & (columns > 30), rows > columns])
    maps[0] += 2 * objects[0]
    maps[1] -= objects[1]
    return maps, objects


@pytest.mark.parametrize(("name", "options"), OF_QUANTUS, ids=str)
def test_values_are_those_of_quantus(name, options):
    found = METRICS[name](*three_maps(), **dict(options))
    np.testing.assert_allclose(found, OF_QUANTUS[name, options], atol=1e-9)


@pytest.mark.parametrize("decimals", [0, 6])  # rounded to whole numbers, most pixels tie
def test_areas_are_those_of_scikit_learn_with_ties_and_without(decimals):
    maps, objects = three_maps()
    maps = maps.round(decimals)
    pairs = list(zip(objects.reshape(3, -1), maps.reshape(3, -1), strict=True))
    expected = [roc_auc_score(*pair) for pair in pairs]
    np.testing.assert_allclose(masks.auc_in_mask(maps, objects), expected, rtol=1e-12)


@pytest.mark.parametrize("threshold", [0.2, 0.5, 1.0])
def test_overlaps_are_those_of_scikit_learn(threshold):
    maps, objects = three_maps()
    expected = [
        jaccard_score(mask.ravel(), (one >= np.float32(threshold) * one.max()).ravel())
        for one, mask in zip(maps, objects, strict=True)
    ]
    np.testing.assert_allclose(masks.iou(maps, objects, threshold=threshold), expected)


def test_an_area_of_nothing_or_of_nan_is_nan():
    some = np.float32([0.5, 1])
    assert np.isnan(area_under_roc(some, some[:0]))
    assert np.isnan(area_under_roc(some, np.float32([0.2, np.nan])))
    assert area_under_roc(some, np.float32([0.5, -np.inf])) == 0.875


def test_areas_overlaps_and_shares_by_hand():
    maps = np.array([[[4, 3], [-2, 1]]], np.float32)
    mask = np.array([[[True, False], [True, True]]])
    assert masks.auc_in_mask(maps, mask)[0] == pytest.approx(1 / 3)  # 4 wins; -2 and 1 lose
    assert masks.iou(maps, mask)[0] == pytest.approx(1 / 4)  # of 4 and 3, and three pixels
    assert masks.iou(maps, mask, threshold=0.2)[0] == pytest.approx(2 / 4)
    assert masks.top_k(maps, mask, k=1)[0] == 1
    assert masks.top_k(maps, mask, k=2)[0] == 0.5


def test_tied_pixels_count_in_proportion_and_not_in_reading_order():
    maps = np.array([[[5, 1, 1, 1]], [[5, 1, 1, 1]]], np.float32)
    objects = np.array([[[True, True, False, False]], [[True, False, False, True]]])
    expected = (1 + 1 / 3) / 2  # the second of two is on the object in one order of three
    np.testing.assert_allclose(masks.rank_accuracy(maps, objects), expected)
    np.testing.assert_allclose(masks.top_k(maps, objects, k=2), expected)


EXACT, CONSTANT, NOISE = range(3)


def known_values(name: str) -> np.ndarray:
    """Of the mask itself, of a constant map and of noise, for a mask of a fifth of the image."""
    mask = np.zeros((100, 100), bool)
    mask[10:50, 30:80] = True
    maps = np.stack([mask, np.ones(mask.shape), np.random.default_rng(0).random(mask.shape)])
    return METRICS[name](maps.astype(np.float32), np.stack([mask] * 3))


@pytest.mark.parametrize(
    ("name", "constant", "noise"),
    [
        ("AUC_IN_MASK", 0.5, 0.5),
        ("IOU", 0.2, 0.1 / 0.6),  # of noise above its half: half of the mask, in half of the image
        ("TOP_K", 0.2, 0.2),
        ("RANK_ACCURACY", 0.2, 0.2),
        ("ENERGY_IN_MASK", 0.2, 0.2),
    ],
)
def test_the_mask_itself_is_best_and_maps_that_know_nothing_are_at_chance(name, constant, noise):
    values = known_values(name)
    assert values[EXACT] == 1
    assert values[CONSTANT] == pytest.approx(constant)
    assert values[NOISE] == pytest.approx(noise, abs=0.06)  # 200 pixels of TOP_K: 2 errors


@pytest.mark.parametrize("name", [name for name, row in METRICS.items() if row.truths == (MASK,)])
def test_a_mask_that_is_everywhere_or_nowhere_gives_no_value(name):
    maps = np.random.default_rng(0).random((2, 8, 8)).astype(np.float32)
    assert np.isnan(METRICS[name](maps, np.stack([np.ones((8, 8), bool)] * 2))).all()
    assert np.isnan(METRICS[name](maps, np.zeros((2, 8, 8), bool))).all()


def test_a_map_without_positive_values_has_no_overlap_and_the_reason_is_said():
    maps, objects = three_maps()
    below = -np.abs(maps)
    assert np.isnan(masks.iou(below, objects)).all()
    assert reason_for_nan(below[0], {MASK: objects[0]}) == "the map has no positive value"


def test_more_pixels_than_there_are_cannot_be_the_strongest():
    with pytest.raises(ValueError, match="k is at most 1536, the pixels of the mask, got 1537"):
        masks.top_k(*three_maps(), k=1537)
