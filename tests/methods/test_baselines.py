"""Baselines: closed forms, what they must not know, and every kind of classifier."""

import numpy as np
import pytest
from scipy.ndimage import convolve
from small_clips import clip_network, noise_clips
from support import bright_classifier, noise, sequential

from classifier import load_classifier
from engines.statistics import correlation
from evaluation import METRICS, masks
from methods import BASELINES, METHODS
from pipeline import explain
from pipeline.explaining.diagnosis import diagnose
from runtime import noting


def explained(name: str, images: np.ndarray, **options) -> np.ndarray:
    return METHODS[name](bright_classifier(), images, np.zeros(len(images), int), **options)


def test_the_table_has_three_baselines_of_no_class():
    assert BASELINES == ("RANDOM", "CENTRE", "EDGES")
    assert all(METHODS[name].class_agnostic for name in BASELINES)
    assert not any(METHODS[name].needs_layers for name in BASELINES)


def test_random_values_are_uniform_and_only_the_image_and_the_seed_decide():
    images = noise(count=2)
    first, second = explained("RANDOM", images, grid=30)
    assert first.shape == (30, 30)
    share_below = [(first < limit).mean() for limit in (0.25, 0.5, 0.75)]
    np.testing.assert_allclose(share_below, [0.25, 0.5, 0.75], atol=0.06)  # 900: error below 0.017
    assert abs(correlation(first, second)) < 0.13  # 4 errors
    np.testing.assert_array_equal(explained("RANDOM", images[1:], grid=30)[0], second)
    other_seed = explained("RANDOM", images, grid=30, seed=1)[0]
    assert abs(correlation(first, other_seed)) < 0.13


def test_the_centre_is_half_as_strong_where_half_of_the_height_and_width_ends():
    (found,) = explained("CENTRE", np.zeros((1, 65, 129, 3), np.float32))
    assert found.shape == (65, 129)
    assert found[32, 64] == found.max() == 1
    assert found[32, 32] == pytest.approx(0.5, abs=0.01)  # a quarter of the width from the middle
    assert found[16, 64] == pytest.approx(0.5, abs=0.02)
    np.testing.assert_allclose(found, found[::-1, ::-1], rtol=1e-6)
    share = (found >= 0.5).mean()
    assert share == pytest.approx(np.pi / 16, abs=0.01)  # an ellipse of half the sides


def test_a_wider_centre_is_as_wide_as_is_asked():
    (found,) = explained("CENTRE", np.zeros((1, 65, 129, 3), np.float32), width=0.25)
    assert found[32, 48] == pytest.approx(0.5, abs=0.01)


def test_edges_lie_where_the_luminance_changes_whatever_its_direction():
    image = np.zeros((1, 24, 24, 3), np.float32)
    image[:, :, 12:] = 255
    (upright,), (flat,) = (explained("EDGES", some) for some in (image, image.swapaxes(1, 2)))
    np.testing.assert_array_equal(np.unique(np.nonzero(upright)[1]), [11, 12])
    assert np.ptp(upright[:, 11:13]) <= 1e-6 * upright.max()
    np.testing.assert_allclose(upright, flat.T, rtol=1e-6)


def test_edges_are_sobels_magnitude():
    image = noise(count=1)
    across = np.outer([1, 2, 1], [1, 0, -1])
    grey = image[0].astype(float) @ [0.2125, 0.7154, 0.0721]
    expected = np.hypot(convolve(grey, across), convolve(grey, across.T))
    (found,) = explained("EDGES", image)
    np.testing.assert_allclose(found / found.max(), expected / expected.max(), atol=1e-5)


@pytest.mark.parametrize("name", BASELINES)
def test_baselines_take_no_pass_and_know_nothing_of_the_classifier_or_the_class(name):
    images = noise()
    with noting() as notes:
        maps = explained(name, images)
    assert notes["passes"] == 0
    other = METHODS[name](load_classifier(sequential()), images, np.array([2, 1]))
    np.testing.assert_array_equal(maps, other)


@pytest.mark.parametrize("name", BASELINES)
def test_the_classifier_may_forget_all_and_a_baseline_stays_the_same(name):
    classifier, images = load_classifier(sequential()), noise()
    maps = METHODS[name](classifier, images, [0, 1])

    def again(images, classes):
        return METHODS[name](classifier, images, classes)

    values = METRICS["RANDOMISATION"](maps, classifier, images, [0, 1], again, stages=2)
    np.testing.assert_allclose(values, 1, rtol=1e-6)


def one_box(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The boxes and scores of a detector that finds the same in every image."""
    boxes = np.array([[[4, 6, 8, 10]]], np.float32)
    return np.repeat(boxes, len(images), 0), np.full((len(images), 1, 2), [0.9, 0.1], np.float32)


one_box.input_shape = (None, 32, 32, 3)


@pytest.mark.parametrize("name", BASELINES)
def test_a_box_of_a_detector_has_them_too(name):
    detector = load_classifier(model_path=f"{__name__}:one_box")
    (image,) = noise(count=1).astype(np.uint8)
    found = explain(detector, image, name, target_box=0)
    np.testing.assert_array_equal(found.map, explained(name, np.float32([image]))[0])


@pytest.mark.parametrize("name", BASELINES)
def test_clips_have_maps_for_their_frames(name):
    classifier, clips = load_classifier(clip_network()), noise_clips()
    METHODS[name].check(classifier, {})
    maps = METHODS[name](classifier, clips, [0, 1])
    assert maps.shape == {"RANDOM": (2, 3, 7, 7)}.get(name, (2, 6, 24, 24))
    assert maps.dtype == np.float32
    if name == "EDGES":  # frame by frame
        np.testing.assert_array_equal(maps[1], explained(name, clips[1]))


def test_random_maps_are_at_chance_on_average():
    images = np.random.default_rng(1).uniform(0, 255, (400, 8, 8, 3)).astype(np.float32)
    mask = np.zeros((400, 7, 7), bool)
    mask[:, 1:4, 2:6] = True
    areas = masks.auc_in_mask(explained("RANDOM", images), mask)
    assert areas.mean() == pytest.approx(0.5, abs=4 * areas.std() / 20)


def test_an_image_of_one_colour_has_no_edges_and_the_cause_is_said():
    grey = np.full((32, 32, 3), 100, np.float32)
    (found,) = explained("EDGES", grey[np.newaxis])
    cause = diagnose(found, bright_classifier(), grey, 0, METHODS["EDGES"])
    assert cause.endswith("everywhere: the image has the same luminance everywhere")
