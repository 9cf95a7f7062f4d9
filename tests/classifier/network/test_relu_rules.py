"""Guided and deconvolution rules on two-layer networks, held against the formulas in numpy."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from support import head, noise, randomised, sequential

from classifier import load_classifier
from classifier.network.relu_rules import other_activations
from gradcam import gradcam
from methods import METHODS
from runtime import noting

RULES = ("plain", "guided", "deconvnet")


def conv(units, **options):
    return layers.Conv2D(units, 1, use_bias=False, **options)


@keras.saving.register_keras_serializable("tests")
class Inline(layers.Layer):
    """A convolution and a plain function, written as a class."""

    def __init__(self, units, function):
        super().__init__()
        self.conv, self.function = conv(units), function

    def call(self, inputs):
        return self.function(self.conv(inputs))


def nested(units):
    inputs = keras.Input((4, 4, 3 if units == 5 else 5))
    inside = keras.Model(inputs, layers.ReLU()(conv(units)(inputs)))
    return keras.Sequential([inside])


def ways():
    """How one can write it: name -> (largest value, function that makes the next step)."""
    shared = layers.ReLU()
    six = layers.Activation("relu6")
    return {
        "layer": (None, lambda units: lambda x: layers.ReLU()(conv(units)(x))),
        "layer, at most 6": (6, lambda units: lambda x: layers.ReLU(6.0)(conv(units)(x))),
        "Activation": (None, lambda units: lambda x: layers.Activation("relu")(conv(units)(x))),
        "Activation, one layer twice": (6, lambda units: lambda x: six(conv(units)(x))),
        "layer, one layer twice": (None, lambda units: lambda x: shared(conv(units)(x))),
        "argument": (None, lambda units: conv(units, activation="relu")),
        "argument relu6": (6, lambda units: conv(units, activation="relu6")),
        "tf.nn bound early": (None, lambda units: conv(units, activation=tf.nn.relu)),
        "tf.nn.relu6 bound early": (6, lambda units: conv(units, activation=tf.nn.relu6)),
        "Dense": (None, lambda units: layers.Dense(units, "relu", use_bias=False)),
        "a layer as argument": (None, lambda units: conv(units, activation=layers.ReLU())),
        "keras.ops": (None, lambda units: lambda x: keras.ops.relu(conv(units)(x))),
        "keras.ops.relu6": (6, lambda units: lambda x: keras.ops.relu6(conv(units)(x))),
        "keras.activations": (6, lambda u: lambda x: keras.activations.relu(conv(u)(x), 0.0, 6)),
        "Lambda": (None, lambda units: lambda x: layers.Lambda(tf.nn.relu)(conv(units)(x))),
        "subclassed, tf.nn": (None, lambda units: Inline(units, tf.nn.relu)),
        "subclassed, keras.ops": (6, lambda units: Inline(units, keras.ops.relu6)),
        "subclassed, tf.function": (None, lambda units: Inline(units, tf.function(tf.nn.relu))),
        "nested": (None, nested),
    }


def classifier_of(step, mode=None, scale=1 / 16):
    """A classifier of images (4, 4, 3) with two steps, and its kernels as matrices."""
    inputs = keras.Input((4, 4, 3))
    x = step(4)(step(5)(layers.Rescaling(scale, offset=-scale * 127)(inputs)))
    for layer in head(activation=None):
        x = layer(x)
    classifier = load_classifier(randomised(keras.Model(inputs, x)))
    classifier.network.mode = mode
    kernels = [w for w in classifier.model.trainable_weights if "kernel" in w.path]
    return classifier, [np.asarray(kernel).reshape(kernel.shape[-2:]) for kernel in kernels]


def by_hand(images, kernels, index, rule, largest=None, scale=1 / 16):
    """dS_c/dx (N, 4, 4, 3): chain rule, each ReLU by the rule."""
    largest = largest or np.inf
    before, x = [], (images - 127) * scale
    for kernel in kernels[:2]:
        before.append(x @ kernel)
        x = np.clip(before[-1], 0, largest)
    gradient = np.broadcast_to(kernels[2][:, index] / 16, x.shape)
    for kernel, z in zip(reversed(kernels[:2]), reversed(before), strict=True):
        is_open = (z > 0) & (z < largest)
        gradient = {
            "plain": gradient * is_open,
            "guided": np.maximum(gradient, 0) * is_open,
            "deconvnet": np.maximum(gradient, 0),
        }[rule] @ kernel.T
    return gradient * scale


@pytest.mark.parametrize("mode", [None, "folded"])
@pytest.mark.parametrize("way", ways())
def test_every_way_to_write_a_relu_has_the_rule(way, mode):
    largest, step = ways()[way]
    classifier, kernels = classifier_of(step, mode)
    images = noise((4, 4), 3)
    plain = by_hand(images, kernels, 1, "plain", largest)
    for rule in RULES:
        expected = by_hand(images, kernels, 1, rule, largest)
        found = classifier.input_gradients(images, [1, 1, 1], rule)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
        assert rule == "plain" or np.abs(expected - plain).max() > 0.1 * np.abs(plain).max()


@pytest.mark.parametrize("way", ["layer, at most 6", "argument relu6"])
def test_the_images_go_beyond_six(way):
    """Else the tests above would not see whether ReLU6 shuts."""
    largest, step = ways()[way]
    _, kernels = classifier_of(step)
    images = noise((4, 4), 3)
    six, open_ended = (by_hand(images, kernels, 1, "guided", end) for end in (largest, None))
    assert np.abs(six - open_ended).max() > 0.1 * np.abs(six).max()


@pytest.mark.parametrize(
    ("activation", "slope", "name"),
    [
        (layers.PReLU(keras.initializers.Constant(0.25)), 0.25, "PReLU"),
        (layers.LeakyReLU(negative_slope=0.25), 0.25, "LeakyReLU"),
        (layers.ReLU(negative_slope=0.25, max_value=1e9), 0.25, None),
    ],
)
def test_a_relu_inside_of_another_activation_keeps_its_derivative(activation, slope, name):
    inputs = keras.Input((4, 4, 3))
    before = conv(5)(layers.Rescaling(1 / 16, -8)(inputs))
    x = conv(4, activation="relu")(activation(before))
    for layer in head(activation=None):
        x = layer(x)
    model = randomised(keras.Model(inputs, x))
    for weight in getattr(activation, "trainable_weights", ()):
        weight.assign(np.full(weight.shape, slope))
    first, second, last = (np.asarray(w).reshape(w.shape[-2:]) for w in kernels_of(model))
    classifier, images = load_classifier(model), noise((4, 4), 2)
    z = (images / 16 - 8) @ first
    y = np.where(z > 0, z, slope * z) @ second
    gradient = np.broadcast_to(np.maximum(last[:, 0] / 16, 0), y.shape) * (y > 0) @ second.T
    expected = gradient * np.where(z > 0, 1, slope) @ first.T / 16
    with noting() as notes:
        found = classifier.input_gradients(images, [0, 0], "guided")
        METHODS["GUIDED_BACKPROP"](classifier, images, [0, 0])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    assert notes.get("activations_without_rule", [None]) == [name]


def kernels_of(model):
    return [weight for weight in model.trainable_weights if "kernel" in weight.path]


@pytest.mark.parametrize("activation", ["silu", "gelu", "hard_silu", "hard_sigmoid", "tanh"])
@pytest.mark.parametrize("name", ["GUIDED_BACKPROP", "GUIDED_GRADCAM", "DECONVNET"])
def test_a_network_without_relus_is_refused_with_what_would_do(name, activation):
    classifier, _ = classifier_of(lambda units: conv(units, activation=activation))
    with pytest.raises(ValueError, match=f"no ReLU.*{activation}.*plain gradient") as error:
        METHODS[name](classifier, noise((4, 4)), [0, 1])
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("function", [keras.ops.hard_silu, keras.ops.hard_sigmoid, tf.nn.swish])
def test_plain_functions_that_are_no_relu_are_refused_too(function):
    classifier, _ = classifier_of(lambda units: Inline(units, function))
    with pytest.raises(ValueError, match="no ReLU"):
        classifier.input_gradients(noise((4, 4)), [0, 1], "guided")


def test_where_some_are_relus_the_others_are_named():
    steps = {5: conv(5, activation="hard_silu"), 4: conv(4, activation="relu")}
    classifier, _ = classifier_of(steps.get)
    with noting() as notes:
        METHODS["GUIDED_BACKPROP"](classifier, noise((4, 4)), [0, 1])
    assert notes["activations_without_rule"] == ["hard_silu"]
    assert other_activations(load_classifier(sequential()).network.trace) == []


def test_nothing_of_a_rule_is_left_behind():
    model = sequential()
    classifier = load_classifier(model)
    images, classes = noise(), np.array([0, 1])
    inputs = tf.constant(images)

    def outside():
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            score = model(inputs)[:, 0]
        return np.asarray(tape.gradient(score, inputs))

    def seen():
        return [
            classifier.scores(images),
            classifier.input_gradients(images, classes),
            gradcam(classifier, images, classes),
            outside(),
        ]

    classifier.network.mode = "eager"
    before = seen()
    classifier.input_gradients(images, classes, "guided")
    classifier.input_gradients(images, classes, "deconvnet")
    for first, second in zip(before, seen(), strict=True):
        np.testing.assert_array_equal(first, second)
    assert not any("call" in vars(layer) for layer in model._flatten_layers())
    classifier.network.mode = "compiled"
    for first, second in zip(before, seen(), strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-4, atol=1e-6)


def test_a_rule_that_there_is_not_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'guided'"):
        load_classifier(sequential()).input_gradients(noise(), [0, 1], "guide")


@pytest.mark.parametrize("name", ["SqueezeNet", "ResNet50", "Xception", "VGG19"])
def test_networks_of_many_relus_have_gradients_by_the_rules(name):
    classifier = load_classifier(name, weights=None if name == "SqueezeNet" else "random")
    images = noise(classifier.input_size, 1)
    plain, *others = (classifier.input_gradients(images, [3], rule) for rule in RULES)
    for found in others:
        assert np.isfinite(found).all()
        assert found.any()
        assert not np.allclose(found, plain, atol=1e-3 * np.abs(plain).max())
