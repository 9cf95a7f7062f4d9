"""What hides is one colour wherever preprocessing is; and each fill by hand."""

import keras
import numpy as np
import pytest
from keras import layers
from scipy.ndimage import correlate1d, gaussian_filter1d
from support import backbone, bright_classifier, head, noise

from classifier import load_classifier
from engines.fills import FILLS, OF_ONE_COLOUR, background, colour_of, filled_inputs, segment_means
from evaluation import METRICS
from methods import METHODS
from registry import parse_call
from runtime import noting


@pytest.fixture(scope="module")
def both():
    """One network as two files' classifiers: rescaled by the model, and before it."""
    inside, inputs = keras.Sequential([backbone(), *head()]), keras.Input((32, 32, 3))
    model = keras.Model(inputs, inside(layers.Rescaling(1 / 127.5, offset=-1)(inputs)))
    return load_classifier(model), load_classifier(inside, preprocessing="tf")


@pytest.mark.parametrize(
    "text",
    [
        "OCCLUSION:patch=8:stride=4",
        "OCCLUSION:patch=8:stride=4:fill=black:score=probability",
        "RISE:masks=64",
        "SCORECAM",
        "LIME:samples=64:segmentation=slic:hide=black",
        "KERNELSHAP:samples=100:segmentation=slic:hide=black",
        "INTEGRATED_GRADIENTS:baseline=mean",
    ],
)
def test_maps_are_the_same_for_a_model_that_rescales_and_one_that_does_not(both, text):
    call = parse_call(text, METHODS)
    inside, outside = (call.entry(one, noise(), [0, 2], **call.given) for one in both)
    np.testing.assert_allclose(inside, outside, rtol=1e-3, atol=1e-4 * np.abs(outside).max())


@pytest.mark.parametrize(
    "text",
    [
        *(f"INSERTION:step=64:start={fill}" for fill in ("blur", "black", "mean")),
        *(f"DELETION:step=64:start={fill}" for fill in ("blur", "black", "mean")),
        "AVERAGE_DROP",
        "AVERAGE_GAIN",
        "INCREASE",
    ],
)
def test_metrics_are_the_same_for_a_model_that_rescales_and_one_that_does_not(both, text):
    call = parse_call(text, METRICS)
    maps = np.random.default_rng(0).random((2, 32, 32)).astype(np.float32)
    inside, outside = (call.entry(maps, one, noise(), [0, 2], **call.given) for one in both)
    np.testing.assert_allclose(inside, outside, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["OCCLUSION", "RISE", "SCORECAM"])
def test_the_colour_is_noted_in_rgb(both, name):
    options = {"RISE": {"masks": 4}, "OCCLUSION": {"patch": 16, "stride": 16}}.get(name, {})
    with noting() as notes:
        METHODS[name](both[0], noise(count=1), [0], **options)
    assert notes["fill_rgb"] == [127.5] * 3
    assert "RGB (128, 128, 128)" in notes["caption"]


def test_a_metric_notes_the_colour_of_each_map(both):
    maps = np.random.default_rng(0).random((2, 32, 32)).astype(np.float32)
    for name in ("DELETION", "AVERAGE_DROP"):
        with noting() as notes:
            METRICS[name](maps, both[0], noise(), [0, 2])
        assert notes["fill_rgb"] == [[127.5] * 3] * 2


def test_where_colours_hide_they_are_what_they_are_called():
    classifier = bright_classifier()
    assert {fill: colour_of(classifier, fill) for fill in OF_ONE_COLOUR} == {
        "mean": [0.0] * 3,
        "black": [0.0] * 3,
        "white": [255.0] * 3,
    }
    assert background(classifier, "white").shape == (1, 8, 8, 3)
    assert (background(classifier, "white") == 255).all()


def test_the_mean_is_0_on_the_preprocessed_scale(lite):
    np.testing.assert_array_equal(background(lite), 0)
    assert colour_of(lite, "mean") == [127.0] * 3


def test_the_blur_is_the_authors_with_zeros_around_the_preprocessed_image(lite):
    image = np.random.default_rng(0).uniform(0, 255, (1, 224, 224, 3)).astype(np.float32)
    kernel = gaussian_filter1d(np.eye(11)[5], 5.0)
    expected = lite.preprocess(image)[0]
    for axis in (0, 1):
        expected = correlate1d(expected, kernel, axis, mode="constant")
    np.testing.assert_allclose(filled_inputs(lite, image, "blur")[0], expected, atol=1e-5)


@pytest.mark.parametrize("fill", FILLS)
def test_each_frame_of_a_clip_is_filled_like_an_image(fill):
    clip = np.random.default_rng(0).uniform(0, 255, (2, 3, 16, 20, 3)).astype(np.float32)
    before, colour = clip.copy(), np.array([10, 20, 30], np.float32)
    found = FILLS[fill](clip, colour)
    assert found.shape == clip.shape
    np.testing.assert_array_equal(clip, before)
    for n, t in np.ndindex(2, 3):
        expected = FILLS[fill](clip[n, t : t + 1], colour)[0]
        np.testing.assert_allclose(found[n, t], expected, rtol=1e-5)


def test_segments_have_their_own_mean():
    image = np.random.default_rng(0).uniform(0, 255, (6, 8, 3)).astype(np.float32)
    segments = np.repeat([[0, 0, 0, 1, 1, 1, 1, 2]], 6, axis=0)
    found = segment_means(image, segments)
    for number in range(3):
        own = image[segments == number]
        np.testing.assert_allclose(
            found[segments == number], [own.mean(axis=0)] * len(own), rtol=1e-5
        )
