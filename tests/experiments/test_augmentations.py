import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from support import noise

from experiments import AUGMENTATIONS, agreement
from experiments.augmentations import BRIGHTNESS

MOVES = ("vertical_flip", "horizontal_flip", "rotation", "translation")


def smooth_image(size=(60, 80)) -> np.ndarray:
    """(H, W, 3) float32 in [60, 200], nothing in it finer than a few pixels."""
    values = gaussian_filter(np.random.default_rng(0).normal(size=(*size, 3)), (4, 4, 0))
    return (130 + 70 * values / np.abs(values).max()).astype(np.float32)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_every_augmentation_keeps_the_contract(name):
    image = noise((40, 56))[0]
    before = image.copy()
    augmented = AUGMENTATIONS[name](image, 3)
    np.testing.assert_array_equal(image, before)
    assert augmented.image.shape == image.shape
    assert augmented.image.dtype == np.float32
    assert augmented.image.min() >= 0
    assert augmented.image.max() <= 255
    assert not np.array_equal(augmented.image, image)
    assert augmented.valid.shape == image.shape[:2]
    assert 0.5 < augmented.valid.mean() <= 1
    np.testing.assert_array_equal(augmented.image, AUGMENTATIONS[name](image, 3).image)
    rng = np.random.default_rng(3)
    np.testing.assert_array_equal(augmented.image, AUGMENTATIONS[name](image, rng).image)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", MOVES)
def test_undoing_a_move_brings_each_valid_pixel_back(name, seed):
    image = smooth_image()
    augmented = AUGMENTATIONS[name](image, seed)
    back = augmented.undo(augmented.image[..., 0])
    off = np.abs(back - image[..., 0])[augmented.valid]
    assert off.max() < (2 if name == "rotation" else 1e-3)  # of 255; turned twice, bilinear


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", MOVES)
def test_a_map_that_follows_the_image_agrees_and_one_that_does_not_does_not(name, seed):
    image = smooth_image()
    augmented = AUGMENTATIONS[name](image, seed)
    follows = augmented.image[..., 1]
    assert agreement(image[..., 1], follows, augmented) > 0.999
    assert agreement(image[..., 1], image[..., 1], augmented) < 0.9


def test_what_is_out_of_sight_does_not_count():
    image = smooth_image((50, 50))
    augmented = AUGMENTATIONS["translation"](image, 0)
    assert augmented.valid.sum() == 45 * 45
    spoilt = np.where(augmented.valid, image[..., 0], 1e6)
    assert agreement(spoilt, augmented.image[..., 0], augmented) == pytest.approx(1)


def test_a_constant_map_agrees_with_none():
    augmented = AUGMENTATIONS["blur"](smooth_image(), 0)
    assert np.isnan(agreement(np.ones((60, 80)), smooth_image()[..., 0], augmented))


def test_brightness_adds_the_same_everywhere():
    image = smooth_image()
    change = np.unique(AUGMENTATIONS["brightness"](image, 1).image - image)
    np.testing.assert_allclose(np.abs(change), BRIGHTNESS, atol=1e-4)


def test_contrast_keeps_the_mean_and_scales_the_distances():
    image = smooth_image()
    changed = AUGMENTATIONS["contrast"](image, 1).image
    ratio = (changed - image.mean()) / (image - image.mean())
    inside = (changed > 0) & (changed < 255) & (np.abs(image - image.mean()) > 1)
    assert np.ptp(ratio[inside]) < 1e-3
    assert ratio[inside].mean() in (pytest.approx(0.6, abs=1e-3), pytest.approx(1.4, abs=1e-3))


def test_occlusion_is_black_where_it_is_not_valid_and_nowhere_else():
    image = smooth_image()
    augmented = AUGMENTATIONS["occlusion"](image, 5)
    assert (~augmented.valid).sum() == 15 * 20
    np.testing.assert_array_equal(augmented.image == 0, ~augmented.valid[..., None].repeat(3, 2))
    np.testing.assert_array_equal(augmented.image[augmented.valid], image[augmented.valid])


def test_a_seed_chooses_among_all_directions():
    image = smooth_image()
    shifted = {AUGMENTATIONS["translation"](image, seed).valid.tobytes() for seed in range(20)}
    assert len(shifted) == 4
