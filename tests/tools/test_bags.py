"""Networks of bags of patches: the patches in their order, and the attention in closed form."""

import keras
import numpy as np
import pytest
from bags import make_bag_model, standardise
from keras import layers
from support import backbone, flat, noise, randomised, sequential

from classifier import load_classifier
from methods import METHODS


@pytest.mark.parametrize("gated", [False, True])
@pytest.mark.parametrize("patch", [32, 16])
def test_patches_are_seen_in_their_order_and_each_as_an_image(patch, gated):
    keras.utils.set_random_seed(0)
    small = load_classifier(flat())
    model, head = make_bag_model(small, 3, 2, patch, gated)
    bags = load_classifier(model, preprocessing="none")
    images = noise((2 * patch, 2 * patch))
    features = bags.features(images, "patch_features")
    assert features.shape == (2, 2, 2, 6)
    if patch == 32:  # the classifier's own size
        alone = small.features(images[:, :32, 32:]).mean(axis=(1, 2))
        np.testing.assert_allclose(features[:, 0, 1], alone, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(head(features), bags.scores(images), atol=1e-5)


def nested(size=(32, 32)) -> keras.Model:
    """A backbone two models deep, beside layers of its layers' names; the rest fixes the size."""
    inputs = keras.Input((*size, 3))
    inside = keras.Sequential([backbone(size), layers.Flatten(name="last")], name="inside")
    x = inside(layers.Rescaling(1 / 127.5, offset=-1, name="conv1")(inputs))
    return keras.Model(inputs, layers.Dense(3, "softmax", name="bn1")(x))


def nested_twice(size=(32, 32)) -> keras.Model:
    """A nested backbone that sees the image and its mirror image."""
    inputs, inside = keras.Input((*size, 3)), backbone(size)
    both = [layers.GlobalMaxPooling2D()(inside(x)) for x in (inputs, inputs[:, :, ::-1])]
    return keras.Model(inputs, layers.Dense(3, "softmax")(layers.Concatenate()(both)))


def relu_twice(size=(32, 32)) -> keras.Model:
    """Two convolutions, with one ReLU for both, nested."""
    inputs, relu = keras.Input((*size, 3)), layers.ReLU(name="relu")
    x = relu(layers.Conv2D(6, 3, name="second")(relu(layers.Conv2D(4, 3, name="first")(inputs))))
    inside = randomised(keras.Model(inputs, x, name="inside"))
    top = [layers.GlobalAveragePooling2D(), layers.Dense(3, "softmax")]
    return keras.Sequential([keras.Input((*size, 3)), inside, *top])


@pytest.mark.parametrize(
    ("make", "layer"),
    [
        (sequential, "backbone/last"),
        (nested, "inside/backbone/last"),
        (nested_twice, "backbone/last#2"),
        (relu_twice, "inside/relu#2"),
    ],
)
@pytest.mark.parametrize("patch", [32, 16])
def test_a_nested_backbone_sees_a_patch_as_a_network_of_that_size_does(patch, make, layer):
    sizes = (32, 32), (patch, patch)
    small, alone = (load_classifier(make(size=size), preprocessing="none") for size in sizes)
    assert small.target_layer == layer
    model, _ = make_bag_model(small, 3, 2, patch, gated=False)
    bags, images = load_classifier(model, preprocessing="none"), noise((2 * patch, 2 * patch))
    features = bags.features(images, "patch_features")[:, 0, 1]
    expected = alone.features(images[:, :patch, patch:], layer).mean(axis=(1, 2))
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-5)


class Own(keras.Model):
    """A model without a graph around one that has it."""

    def __init__(self):
        super().__init__(name="own")
        self.inside = sequential()

    def call(self, images):
        return self.inside(images)


def test_a_model_without_a_graph_is_refused_in_words():
    model = Own()
    model(noise())
    small = load_classifier(model, preprocessing="none")
    with pytest.raises(ValueError, match="cannot be cut out of own, a Own: expected a Functional"):
        make_bag_model(small, 3, 2, 32, gated=False)


def test_attention_by_hand():
    """Equations 7 and 8 in numpy, on the weights of an untrained network."""
    keras.utils.set_random_seed(0)
    model, _ = make_bag_model(load_classifier(flat()), 3, 2, 32, gated=True)
    bags = load_classifier(model, preprocessing="none")
    images = noise((64, 64))
    standardise(model, features := bags.features(images, "patch_features"))
    model.get_layer("attention_logits").kernel.assign(np.linspace(-1, 1, 128)[:, np.newaxis])
    bags.forget()
    names = ("attention_tanh", "attention_gate", "attention_logits")
    V, U, w = (np.asarray(model.get_layer(name).kernel) for name in names)
    standard = model.get_layer("standardised_features")
    mean, variance = (np.asarray(v) for v in (standard.moving_mean, standard.moving_variance))
    features = (features - mean) / np.sqrt(variance + 1e-12)
    gates = 1 / (1 + np.exp(-features @ U))
    powers = np.exp(((np.tanh(features @ V) * gates) @ w)[..., 0])  # eq. 9
    expected = powers / powers.sum(axis=(1, 2), keepdims=True)
    maps = METHODS["ATTENTION"](bags, images, [0, 0])
    np.testing.assert_allclose(maps, expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (sequential, "pool patches by attention, as tools/train_mil.py"),
        (
            lambda: flat("attention"),
            "not a weight for each patch",
        ),
    ],
)
def test_attention_of_another_network_is_refused(model, words):
    classifier = load_classifier(model())
    with pytest.raises(ValueError, match=words):
        METHODS["ATTENTION"](classifier, noise(), [0, 0])


def test_a_layer_that_looks_at_patches_is_no_map_of_the_image():
    model, _ = make_bag_model(load_classifier(flat()), 3, 2, 16, gated=False)
    bags = load_classifier(model, preprocessing="none")
    assert bags.layer == "weighted"
    inside = next(
        call.path for call in bags.network.trace.calls if call.path.endswith("convolution")
    )
    with pytest.raises(ValueError, match="it looks at 4 patches"):
        bags.layer = inside
