"""Patches scored one by one: against a classifier whose answer is known."""

import numpy as np
import pytest
from support import noise, sequential

from classifier import load_classifier
from images import resized
from methods import METHODS
from methods.patches import patches_of
from representations import DARKEST, represent

SIDE = 28


def red(images: np.ndarray) -> np.ndarray:
    """How red an image is: its mean of red."""
    return images[..., :1].mean(axis=(1, 2)) / 255


red.input_shape = (None, SIDE, SIDE, 3)


def test_of_a_mean_the_map_is_the_mean_of_each_patch():
    image = np.zeros((SIDE, SIDE, 3), np.float32)
    values = np.arange(16, dtype=np.float32).reshape(4, 4) * 10
    image[..., 0] = values.repeat(7, 0).repeat(7, 1)
    classifier = load_classifier(model_path=f"{__name__}:red")
    classes = np.array([1, 0])
    maps = METHODS["PATCHES"](classifier, np.stack([image, image]), classes, grid=4)
    np.testing.assert_allclose(maps, [values / 255, 1 - values / 255], atol=1e-6)


def test_each_value_is_the_score_of_that_patch_alone():
    classifier = load_classifier(sequential())
    (image,) = noise(count=1)
    (patch_map,) = METHODS["PATCHES"](classifier, image[None], [2], grid=3)
    for row, column in ((0, 0), (1, 2), (2, 1)):  # 32 pixels: patches of 10, 11 and 11
        rows, columns = (slice(i * 32 // 3, (i + 1) * 32 // 3) for i in (row, column))
        alone = resized(image[rows, columns], (32, 32))
        expected = classifier.scores(alone[None])[0, 2]
        assert patch_map[row, column] == pytest.approx(expected, abs=1e-6)


def test_patches_cover_the_image_each_pixel_once():
    image = np.arange(6 * 4 * 3, dtype=np.float32).reshape(6, 4, 3)
    np.testing.assert_array_equal(next(patches_of(image, 1)), image[None])
    constant = [patch.mean(axis=(0, 1)) for patch in next(patches_of(np.ones((6, 4, 3)), 4))]
    np.testing.assert_allclose(constant, 1)


@pytest.mark.parametrize(
    ("grid", "said"), [(0, "grid is at least 1"), (33, "grid is from 1 to 32")]
)
def test_a_grid_that_cannot_be_is_refused(grid, said):
    classifier = load_classifier(sequential())
    with pytest.raises(ValueError, match=said):
        METHODS["PATCHES"](classifier, noise(), [0, 0], grid=grid)


def test_brightened_leaves_the_best_patch_as_it_is_and_no_patch_black():
    image = np.full((40, 60, 3), 200, np.uint8)
    shown = represent("brightened", np.array([[0.0, 0.25], [0.5, -1.0]]), image)
    dark = round(200 * DARKEST)
    assert (shown[20:, :30] == 200).all()
    assert (shown[:20, :30] == dark).all()
    assert (shown[20:, 30:] == dark).all()
    half = round(200 * (DARKEST + 0.5 * (1 - DARKEST)))
    assert (shown[:20, 30:] == half).all()
