"""Grad-CAM and FEM of clips in closed form, and what there is for clips."""

import numpy as np
import pytest
from small_clips import FRAMES, SIDE, brightness_of_clips, clip_network, moving_square, noise_clips
from support import functional

from classifier import load_classifier
from fem import fem
from gradcam import GradCAM, gradcam
from methods import METHODS
from representations import upsampled, upsampled_clip
from views import VIEWS


@pytest.fixture(scope="module")
def classifier():
    return load_classifier(clip_network())


def test_a_classifier_of_clips_tells_their_size(classifier):
    assert (classifier.frames, classifier.input_size) == (FRAMES, (SIDE, SIDE))
    assert classifier.layer == "last"
    assert classifier.features(noise_clips()).shape == (2, 3, 6, 6, 7)
    assert load_classifier(functional()).frames is None
    with pytest.raises(ValueError, match=r"takes clips \(N, 6, 24, 24, 3\); got \(2, 24, 24, 3\)"):
        classifier.scores(noise_clips()[:, 0])


def test_gradcam_of_a_linear_head_is_the_channels_weighted_by_its_weights(classifier):
    """a_k = w_kc / (t h w): equations 1 and 2 with time as a third axis."""
    features = classifier.features(noise_clips())
    weights = np.asarray(classifier.model.get_layer("scores").kernel)[:, [0, 2]]  # (K, 2)
    expected = np.einsum("nthwk,kn->nthw", features, weights) / np.prod(features.shape[1:4])
    maps = gradcam(classifier, noise_clips(), np.array([0, 2]))
    assert maps.max() > 0
    np.testing.assert_allclose(maps, np.maximum(expected, 0), rtol=1e-4, atol=1e-6)
    channels = np.einsum("nthwk,kn->nthwk", features, weights) / np.prod(features.shape[1:4])
    np.testing.assert_allclose(
        gradcam(classifier, noise_clips(), np.array([0, 2]), relu="channels"),
        np.maximum(channels, 0).sum(axis=-1),
        rtol=1e-4,
        atol=1e-6,
    )


def test_fem_counts_what_is_rare_in_time_and_space(classifier):
    expected = np.zeros((2, 3, 6, 6))
    for n, features in enumerate(classifier.features(noise_clips())):
        for k in range(7):
            channel = features[..., k].astype(np.float64)
            bound = channel.mean() + 1.5 * channel.std()
            expected[n] += channel.mean() * (channel > bound)
    maps = fem(classifier, noise_clips(), np.array([0, 1]), k=1.5)
    assert maps.max() > 0
    np.testing.assert_allclose(maps, expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["GRADCAM", "FEM"])
def test_the_map_follows_a_bright_square(name):
    classifier = load_classifier(brightness_of_clips())
    clip = moving_square().astype(np.float32)
    (found,) = METHODS[name](classifier, clip[np.newaxis], np.array([0]))
    bright = clip.reshape(3, 2, 6, 4, 6, 4, 3).mean(axis=(1, 3, 5, 6))
    np.testing.assert_allclose(found / found.max(), bright / 255, atol=1e-5)


def test_the_steps_of_the_lab_take_clips_of_any_size(classifier):
    frames = moving_square().repeat(2, axis=1).repeat(2, axis=2)
    steps = GradCAM(classifier, frames)
    assert steps.resize_array().shape == (1, FRAMES, SIDE, SIDE, 3)
    pooled = steps.pool_gradients(steps.compute_gradients(steps.get_model(), 1))
    assert pooled.shape == (1, 7)
    steps.weight_activation_map(pooled)
    steps.apply_dimension_average_pooling()
    expected = gradcam(classifier, steps.resize_array(), np.array([1]))
    np.testing.assert_allclose(7 * steps.apply_relu(), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("smooth", ["augment", "principal"])
def test_gradcam_of_clips_can_be_smoothed_and_several_layers_averaged(smooth):
    classifier = load_classifier(clip_network(), layer="last,first")
    maps = gradcam(classifier, noise_clips(), np.array([0, 1]), smooth=smooth)
    assert maps.shape == (2, FRAMES, SIDE // 2, SIDE // 2)
    assert np.isfinite(maps).all()


def test_augment_mirrors_left_and_right_and_not_time(classifier):
    mirrored = gradcam(classifier, noise_clips()[..., ::-1, :], np.array([0, 1]), smooth="augment")
    maps = gradcam(classifier, noise_clips(), np.array([0, 1]), smooth="augment")
    np.testing.assert_allclose(mirrored[..., ::-1], maps, rtol=1e-4, atol=1e-6)


def test_upsampling_is_linear_in_time_and_space():
    rng = np.random.default_rng(0)
    maps = rng.random((3, 4, 5)).astype(np.float32)
    found = upsampled_clip(maps, (6, 8, 10))
    first = upsampled(maps[0], (8, 10))
    second = upsampled(maps[1], (8, 10))
    np.testing.assert_allclose(found[0], first, rtol=1e-5)
    np.testing.assert_allclose(found[1], 0.75 * first + 0.25 * second, rtol=1e-5)
    np.testing.assert_allclose(found[2], 0.25 * first + 0.75 * second, rtol=1e-5)
    np.testing.assert_array_equal(upsampled_clip(maps, maps.shape), maps)


@pytest.mark.parametrize("name", [n for n, row in METHODS.items() if not row.of_clips])
def test_other_methods_refuse_clips_in_a_line(name, classifier):
    with pytest.raises(ValueError, match=r"explains images, and .* takes clips"):
        METHODS[name].check(classifier, {})


def test_activations_of_a_clip_are_rows_of_frames_and_other_views_refuse(classifier):
    (image,) = VIEWS["ACTIVATIONS"](classifier, noise_clips(1), top=1, size="image")
    assert image.shape == (SIDE, 3 * SIDE, 3)
    with pytest.raises(ValueError, match="takes clips"):
        VIEWS["CLASS_IMPRESSION"](classifier, class_indices=[0])
