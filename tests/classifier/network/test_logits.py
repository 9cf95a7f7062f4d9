"""The logits: where the softmax or sigmoid of a classifier is taken from."""

import keras
import numpy as np
import pytest
from keras import layers
from support import backbone, model_of, noise, subclassed

from classifier import load_classifier


@pytest.mark.parametrize(
    ("end", "link"),
    [
        ([layers.Dense(3, "softmax")], "softmax"),
        ([layers.Dense(3), layers.Softmax()], "softmax"),
        ([layers.Dense(3), layers.Activation("softmax")], "softmax"),
        ([layers.Dense(3, "sigmoid"), layers.Dropout(0.3)], "sigmoid"),
        ([layers.Dense(3), layers.Activation("sigmoid"), layers.Reshape((3,))], "sigmoid"),
    ],
)
def test_the_logits_are_what_the_softmax_or_sigmoid_is_taken_of(end, link):
    stack = [layers.Conv2D(4, 3), layers.GlobalAveragePooling2D(), *end]
    model = model_of(*stack)
    classifier = load_classifier(model, preprocessing="tf")
    assert classifier.network.trace.logits.link == link
    dense = next(layer for layer in model.layers if isinstance(layer, layers.Dense))
    pooled = classifier.features(noise(), model.layers[0].name).mean((1, 2))
    expected = pooled @ np.asarray(dense.kernel) + np.asarray(dense.bias)
    np.testing.assert_allclose(classifier.logits(noise()), expected, rtol=1e-4, atol=1e-5)


def test_a_softmax_that_is_a_plain_function_is_seen_through():
    logits = load_classifier(subclassed()).network.trace.logits
    assert (logits.description, logits.link) == ("output of scores", "softmax")


class InlineHead(layers.Layer):
    """Scores of features, every step of it a plain function."""

    def call(self, features):
        return keras.ops.softmax(3 * keras.ops.mean(features, (1, 2)) + 1)


def test_where_no_logits_are_to_be_found_the_logarithm_stands_in():
    model = model_of(backbone(), InlineHead())
    classifier = load_classifier(model, preprocessing="tf")
    assert classifier.network.trace.logits.description == "log of the probability"
    np.testing.assert_allclose(
        np.exp(classifier.logits(noise())), classifier.scores(noise()), rtol=1e-4
    )


@pytest.mark.parametrize("shape", ["two outputs", "an image"])
def test_what_is_no_classifier_is_said(shape):
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(3, 1)(inputs)
    outputs = [x, x] if shape == "two outputs" else x
    with pytest.raises(ValueError, match="a classifier"):
        load_classifier(keras.Model(inputs, outputs), preprocessing="tf")


def test_nearly_uniform_scores_are_not_taken_for_logits():
    inputs = keras.Input((32, 32, 3))
    x = layers.GlobalAveragePooling2D()(backbone()(inputs))
    members = [layers.Dense(2, "softmax", name=name)(x) for name in "ab"]
    model = keras.Model(inputs, layers.Average()(members))
    classifier = load_classifier(model, preprocessing="tf")
    assert classifier.network.trace.logits.description == "log of the probability"


def test_a_model_that_takes_the_root_of_its_images_is_surveyed_on_images():
    inputs = keras.Input((32, 32, 3))
    x = keras.ops.sqrt(layers.Rescaling(1 / 255)(inputs))
    outputs = layers.Dense(3, "softmax")(layers.GlobalAveragePooling2D()(backbone()(x)))
    model = keras.Model(inputs, outputs)
    classifier = load_classifier(model)
    np.testing.assert_allclose(classifier.scores(noise()), model(noise()).numpy(), atol=1e-5)
    assert "activation" in classifier.network.trace.logits.description
