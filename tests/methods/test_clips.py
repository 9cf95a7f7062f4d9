"""RISE and occlusion of clips: over time, rows and columns."""

import keras
import numpy as np
import pytest
from keras import layers
from skimage.transform import resize
from support import backbone, head

from classifier import BlackBox, Classifier, load_classifier
from classifier.labels import numbered_labels
from methods import METHODS
from methods.occlusion import occlusion, patch_corners
from methods.rise import cells_of, random_grids, rise
from runtime import noting

FRAMES, SIDE = 6, 24
BLOCK = (slice(2, 4), slice(8, 16), slice(12, 20))  # frames, rows and columns that decide


def clips(count: int = 1, frames: int = FRAMES, side: int = SIDE, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 255, (count, frames, side, side, 3)).astype(np.float32)


def block_classifier(shape=(FRAMES, SIDE, SIDE, 3)) -> Classifier:
    """The second class's probability is how bright one block of space and time is."""

    def scores(clips):
        light = clips[:, *BLOCK].mean(axis=(1, 2, 3, 4)) / 255
        return np.stack([1 - light, light], axis=1)

    return Classifier("block", BlackBox(scores, shape), numbered_labels(2), lambda clips: clips)


def linear_network() -> keras.Model:
    """Its logits are weighted sums of all values of a clip (4, 8, 8, 3)."""
    rng = np.random.default_rng(0)
    model = keras.Sequential(
        [
            keras.Input((4, 8, 8, 3)),
            layers.Rescaling(1 / 127.5, offset=-1),
            layers.Conv3D(2, (4, 8, 8), name="linear"),
            layers.GlobalAveragePooling3D(),
            layers.Softmax(),
        ]
    )
    kernel, bias = model.get_layer("linear").weights
    kernel.assign(rng.normal(0, 0.1, kernel.shape))
    bias.assign(rng.normal(0, 1, bias.shape))
    return model


def test_occlusion_of_a_linear_network_is_the_sum_that_a_block_has_of_its_logit():
    """The mean colour is 0 to the network, so that what a block loses is its share w x."""
    model, clip = linear_network(), clips(1, 4, 8)
    kernel = np.asarray(model.get_layer("linear").kernel)  # (T, H, W, C, classes)
    shares = np.einsum("thwc,thwck->kthw", clip[0] / 127.5 - 1, kernel)
    blocks = shares.reshape(2, 2, 2, 2, 4, 2, 4).sum(axis=(2, 4, 6))  # of 2 frames x 4 x 4 pixels
    expected = blocks.repeat(2, 1).repeat(4, 2).repeat(4, 3)
    options = {"patch": 4, "stride": 4, "frames": 2, "frame_stride": 2}
    found = occlusion(load_classifier(model), clip.repeat(2, axis=0), [0, 1], **options)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_patches_that_overlap_in_time_are_averaged_over_each_position():
    model, clip = linear_network(), clips(1, 4, 8)
    kernel = np.asarray(model.get_layer("linear").kernel)[..., 1]
    frames = ((clip[0] / 127.5 - 1) * kernel).sum(axis=(1, 2, 3))  # of whole frames
    pairs = frames[:-1] + frames[1:]
    options = {"patch": 8, "stride": 8, "frames": 2, "frame_stride": 1}
    (found,) = occlusion(load_classifier(model), clip, [1], **options)
    expected = [pairs[0], pairs[:2].mean(), pairs[1:].mean(), pairs[2]]
    for frame, value in zip(found, expected, strict=True):
        np.testing.assert_allclose(frame, value, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["RISE", "OCCLUSION"])
def test_the_block_of_space_and_time_that_decides_is_found(name):
    options = {
        "RISE": {"masks": 3000, "grid": 6},
        "OCCLUSION": {"patch": 8, "stride": 4, "frames": 2, "score": "probability"},
    }[name]
    clip = np.full((1, FRAMES, SIDE, SIDE, 3), 200, np.float32)
    found = METHODS[name](block_classifier(), clip, [1], **options)[0].astype(float)
    assert found.shape == (FRAMES, SIDE, SIDE)
    found -= found.min()
    inside = np.zeros(found.shape, bool)
    inside[BLOCK] = True
    assert inside[np.unravel_index(found.argmax(), found.shape)]
    assert found[inside].mean() > 2 * found[~inside].mean()
    assert found.mean(axis=(1, 2)).argmax() in (2, 3)


def frame_mean_classifiers() -> tuple[Classifier, Classifier]:
    """A network of images, and one of clips that sees the mean of its frames with it."""
    inside = keras.Sequential([backbone(), *head()])
    frames = keras.Input((5, 32, 32, 3))
    model = keras.Model(frames, inside(keras.ops.mean(frames, axis=1)))
    return tuple(load_classifier(one, preprocessing="tf") for one in (inside, model))


def test_with_one_cell_over_time_rise_is_that_of_the_mean_frame():
    of_images, of_clips = frame_mean_classifiers()
    clip = clips(1, 5, 32)
    expected = rise(of_images, clip.mean(axis=1), [1], masks=70)[0]
    found = rise(of_clips, clip, [1], masks=70, time_grid=1)[0]
    for frame in found:
        np.testing.assert_allclose(frame, expected, rtol=1e-3, atol=1e-5)


def test_with_a_patch_as_long_as_the_clip_occlusion_is_that_of_the_mean_frame():
    of_images, of_clips = frame_mean_classifiers()
    clip, options = clips(1, 5, 32), {"patch": 16, "stride": 8}
    expected = occlusion(of_images, clip.mean(axis=1), [2], **options)[0]
    found = occlusion(of_clips, clip, [2], frames=5, **options)[0]
    for frame in found:
        np.testing.assert_allclose(frame, expected, rtol=1e-3, atol=1e-4)


def test_a_mask_of_a_clip_is_its_grid_upsampled_trilinearly_and_shifted():
    """By scikit-image, as the authors upsample masks of images."""
    seen = []

    def scores(clips):
        seen.append(clips[..., 0].copy())
        return np.full((len(clips), 2), 0.5, np.float32)

    shape = (8, 12, 15, 3)
    classifier = Classifier("seen", BlackBox(scores, shape), numbered_labels(2), lambda x: x)
    rise(classifier, np.ones((1, *shape), np.float32), [0], masks=6, grid=3, time_grid=2, seed=4)
    (grids, shifts), *_ = random_grids(6, (2, 3, 3), 0.5, [4, 4, 5], seed=4, batch=6)
    for mask, grid, shift in zip(np.concatenate(seen), grids, shifts, strict=True):
        large = resize(grid, (12, 16, 20), order=1, mode="reflect", anti_aliasing=False)
        cropped = large[*map(slice, shift, shift + shape[:3])]
        np.testing.assert_allclose(mask, cropped, atol=1e-5)


def test_the_same_masks_whatever_the_batch():
    options = {"counts": (3, 4, 4), "keep": 0.5, "cells": [2, 5, 6], "seed": 1}
    whole = list(random_grids(30, batch=30, **options))
    parts = list(random_grids(30, batch=7, **options))
    for number in (0, 1):
        np.testing.assert_array_equal(
            np.concatenate([part[number] for part in parts]), whole[0][number]
        )


def test_every_axis_has_its_own_shift():
    ((_, shifts),) = random_grids(200, (2, 2, 2), 0.5, [9, 9, 9], seed=0, batch=200)
    assert np.abs(np.corrcoef(shifts.T) - np.eye(3)).max() < 0.3
    assert shifts.max(axis=0).tolist() == [8, 8, 8]


def test_a_pass_has_no_more_frames_than_a_batch_of_images_has():
    sizes = []

    def scores(clips):
        sizes.append(len(clips))
        return np.full((len(clips), 2), 0.5, np.float32)

    classifier = Classifier(
        "sizes", BlackBox(scores, (8, 8, 8, 3)), numbered_labels(2), lambda x: x
    )
    with noting() as notes:
        rise(classifier, clips(1, 8, 8), [0], masks=30)
        occlusion(classifier, clips(1, 8, 8), [0], patch=4, stride=4)
    assert max(sizes) == 4
    assert notes["passes"] == sum(sizes) == 30 + 1 + 7 * 4


def test_defaults_over_time_follow_the_clips_length():
    assert cells_of(None, 8, 0) == (8, 8)
    assert [cells_of(frames, 8, 0)[0] for frames in (1, 2, 6, 16, 64)] == [1, 1, 3, 8, 8]
    assert cells_of(16, 8, 5) == (5, 8, 8)
    corners = patch_corners((16, 224, 224), (4, 32, 32), (2, 16, 16))
    assert len(corners) == 7 * 13 * 13
    assert corners[:, 0].max() == 12


@pytest.mark.parametrize("wrong", [{"frames": 2, "frame_stride": 3}, {"frames": -1}])
def test_blocks_that_leave_gaps_in_time_are_refused(wrong):
    with pytest.raises(ValueError, match="of clips 1 <= frame_stride <= frames"):
        occlusion(block_classifier(), clips(), [0], patch=8, stride=4, **wrong)


@pytest.mark.parametrize("name", [name for name, row in METHODS.items() if row.of_clips])
def test_methods_of_clips_keep_the_contract(name):
    model = keras.Sequential(
        [
            keras.Input((FRAMES, SIDE, SIDE, 3)),
            layers.Rescaling(1 / 127.5, offset=-1),
            layers.Conv3D(5, 3, 2, activation="relu"),
            layers.GlobalAveragePooling3D(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    classifier, given = load_classifier(model), clips(2)
    before, small = given.copy(), {"masks": 40, "patch": 8, "stride": 8, "frames": 3}
    options = {key: value for key, value in small.items() if key in METHODS[name].options}
    METHODS[name].check(classifier, options)
    maps = METHODS[name](classifier, given, [0, 2], **options)
    np.testing.assert_array_equal(given, before)
    assert (maps.shape[0], maps.ndim, maps.dtype) == (2, 4, np.float32)
    assert np.isfinite(maps).all()
    for clip, index, expected in zip(given, [0, 2], maps, strict=True):
        (alone,) = METHODS[name](classifier, clip[np.newaxis], [index], **options)
        np.testing.assert_allclose(alone, expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("name", [name for name, row in METHODS.items() if not row.of_clips])
def test_other_methods_say_which_ones_explain_clips(name):
    of_clips = [known for known, row in METHODS.items() if row.of_clips]
    with pytest.raises(ValueError, match=f"clips are explained by {', '.join(of_clips)}$"):
        METHODS[name].check(block_classifier(), {})
