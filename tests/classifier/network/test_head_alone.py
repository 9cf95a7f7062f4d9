"""Passes that are given a layer's features, and several classes of one image."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from support import functional, noise, randomised, sequential, subclassed

from classifier import load_classifier

RUN_MODES = ("eager", "compiled", "folded")
RUNS = []


class Counting(layers.Layer):
    """Passes its input on, and counts how often it runs; may be left out where nobody needs it."""

    def call(self, inputs):
        def count(values):
            RUNS.append(len(values))
            return values

        outputs = tf.numpy_function(count, [inputs], tf.float32, stateful=False)
        return tf.ensure_shape(outputs, inputs.shape)


def counted() -> keras.Model:
    """Something that counts, a convolution, and a head that is not linear."""
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", name="conv")(Counting()(inputs))
    x = layers.Dense(5, "tanh")(layers.GlobalAveragePooling2D()(x))
    return randomised(keras.Model(inputs, layers.Dense(3, "softmax", name="scores")(x)))


@pytest.mark.parametrize("mode", RUN_MODES)
@pytest.mark.parametrize("make", [sequential, functional, subclassed])
@pytest.mark.parametrize("layer", ["backbone/last", "backbone/depthwise3"])
def test_given_its_own_features_the_head_gives_what_the_whole_network_gives(make, layer, mode):
    """Behind depthwise3 there is also a way around it, which the head alone goes as well."""
    classifier = load_classifier(make())
    classifier.network.mode = mode
    images, classes = noise(count=3), [0, 1, 2]
    features, gradients = classifier.feature_gradients(images, classes, layer)
    given, found = classifier.feature_gradients(images, classes, layer, features=features)
    np.testing.assert_array_equal(given, features)
    np.testing.assert_allclose(found, gradients, rtol=1e-5, atol=1e-6)


def test_other_features_give_the_gradient_at_those():
    """tanh' of a hidden layer depends on the features, and is known."""
    classifier = load_classifier(counted(), preprocessing="none")
    features = np.random.default_rng(0).normal(size=(2, 8, 8, 4)).astype(np.float32)
    _, found = classifier.feature_gradients(noise((8, 8)), [0, 2], "conv", features=features)
    (first, bias), (second, _) = (layer.get_weights() for layer in classifier.model.layers[-2:])
    hidden = np.tanh(features.mean(axis=(1, 2)) @ first + bias)
    for slopes, row, c in zip(found, hidden, (0, 2), strict=True):
        expected = first @ ((1 - row**2) * second[:, c]) / 64
        np.testing.assert_allclose(slopes, np.broadcast_to(expected, (8, 8, 4)), rtol=1e-4)


@pytest.mark.parametrize("mode", ["compiled", "folded"])
def test_the_backbone_does_not_run_for_the_head_alone(mode):
    classifier = load_classifier(counted(), preprocessing="none")
    classifier.network.mode = mode
    images = noise((8, 8), 3)
    features, _ = classifier.feature_gradients(images, [0, 1, 2])
    classifier.feature_gradients(images, [0, 1, 2], features=features)
    RUNS.clear()
    classifier.feature_gradients(images, [0, 1, 2], features=features)
    assert RUNS == []


def test_several_classes_of_one_image_cost_one_pass_of_the_backbone():
    classifier = load_classifier(counted(), preprocessing="none")
    classifier.network.mode = "compiled"
    images = np.repeat(noise((8, 8)), [3, 1], axis=0)
    classes = [0, 1, 2, 1]
    classifier.feature_gradients(images, classes)
    RUNS.clear()
    classifier.feature_gradients(images, classes)
    assert RUNS == [2]


@pytest.mark.parametrize("mode", RUN_MODES)
def test_several_classes_of_one_image_are_as_one_by_one(mode):
    classifier = load_classifier(sequential())
    classifier.network.mode = mode
    images = np.repeat(noise(count=3), [40, 1, 2], axis=0)  # more than a batch
    classes = np.arange(43) % 3
    together = classifier.feature_gradients(images, classes)
    for part in (0, 1, 39, 40, 41, 42):
        alone = classifier.feature_gradients(images[[part]], classes[[part]])
        for found, expected in zip(together, alone, strict=True):
            largest = np.abs(expected).max()
            np.testing.assert_allclose(found[part], expected[0], atol=1e-6 * largest, rtol=1e-6)
