"""The colour that is 0 to the network, wherever images are preprocessed."""

import keras
import numpy as np
import pytest
from keras import layers
from support import bright_classifier, functional, sequential, subclassed

from classifier import load_classifier

IMAGENET = [123.675, 116.28, 103.53]  # the mean colour of ImageNet, as PyTorch has it
CAFFE = [123.68, 116.779, 103.939]


def beginning_with(*first, size=(24, 24), channels: int = 3) -> keras.Model:
    """These layers, and behind them padding, a convolution and a head."""
    return keras.Sequential(
        [
            keras.Input((*size, channels)),
            *first,
            layers.ZeroPadding2D(3),
            layers.Conv2D(4, 3, 2),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2, "softmax"),
        ]
    )


@pytest.mark.parametrize("network", [sequential, functional, subclassed])
def test_of_a_model_that_rescales_by_itself_it_is_where_that_gives_0(network):
    np.testing.assert_allclose(load_classifier(network()).mean_colour, [127.5] * 3)


@pytest.mark.parametrize(
    ("name", "colour"),
    [("none", [0] * 3), ("tf", [127.5] * 3), ("torch", IMAGENET), ("caffe", CAFFE)],
)
def test_of_preprocessing_outside_it_is_the_known_one(name, colour):
    classifier = load_classifier(beginning_with(), preprocessing=name)
    np.testing.assert_allclose(classifier.mean_colour, colour, atol=1e-3)
    constant = np.broadcast_to(classifier.mean_colour, (1, 24, 24, 3))
    np.testing.assert_allclose(classifier.preprocess(constant), 0, atol=1e-3)


def test_the_steps_of_both_are_one_preprocessing():
    """Rescaled to [-1, 1] outside; what the model then takes away is a quarter of the range."""
    model = beginning_with(layers.Rescaling(2.0, offset=0.5))
    found = load_classifier(model, preprocessing="tf").mean_colour
    np.testing.assert_allclose(found, [0.75 * 127.5] * 3, atol=1e-3)


def test_a_normalization_layer_counts_and_a_learnt_one_does_not():
    norm = layers.Normalization(mean=IMAGENET, variance=[3400.0] * 3)
    learnt = layers.BatchNormalization(beta_initializer="ones")
    found = load_classifier(beginning_with(norm, learnt), preprocessing="none").mean_colour
    np.testing.assert_allclose(found, IMAGENET, atol=1e-3)


def test_channels_in_another_order_and_plain_functions_are_followed():
    inputs = keras.Input((24, 24, 3))
    x = keras.applications.resnet50.preprocess_input(inputs)
    outputs = beginning_with()(x)
    classifier = load_classifier(keras.Model(inputs, outputs), preprocessing="none")
    np.testing.assert_allclose(classifier.mean_colour, CAFFE, atol=1e-3)


def test_of_a_grey_network_it_is_grey():
    model = beginning_with(layers.Rescaling(1 / 100, offset=-0.33), channels=1)
    np.testing.assert_allclose(load_classifier(model).mean_colour, [33] * 3, atol=1e-3)


def test_of_clips_it_is_that_of_their_frames():
    model = keras.Sequential(
        [
            keras.Input((4, 8, 8, 3)),
            layers.Rescaling(1 / 255, offset=-0.2),
            layers.Conv3D(3, 2),
            layers.GlobalAveragePooling3D(),
            layers.Dense(2, "softmax"),
        ]
    )
    np.testing.assert_allclose(load_classifier(model).mean_colour, [51] * 3, atol=1e-3)


def test_what_no_colour_brings_to_0_is_mid_grey_and_what_is_not_seen_into_counts_outside():
    def standardised(images):
        means = images.mean(axis=(1, 2, 3), keepdims=True)
        return (images - means) / (images.std(axis=(1, 2, 3), keepdims=True) + 1)

    classifier = load_classifier(beginning_with(), preprocessing="none")
    classifier.input._preprocess = standardised
    np.testing.assert_allclose(classifier.mean_colour, [127.5] * 3)
    np.testing.assert_allclose(bright_classifier().mean_colour, [0] * 3)


def test_the_model_is_as_it_was_before():
    classifier = load_classifier(sequential())
    images = np.full((1, 32, 32, 3), 90, np.float32)
    before = classifier.scores(images)
    assert classifier.mean_colour.shape == (3,)
    np.testing.assert_array_equal(classifier.scores(images), before)
    assert not [layer for layer in classifier.model.layers if "call" in vars(layer)]
