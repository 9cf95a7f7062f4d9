"""Impressions of classes, and images from features: what the ascent arrives at."""

import keras
import numpy as np
import pytest
from keras import layers
from support import ROOT, functional, noise, sequential, subclassed

from classifier import load_classifier
from images import read_image, resized
from runtime import noting
from views import VIEWS

COLOURS = np.array([[1, -1, -1], [-1, 1, 1], [1, 1, -1]], np.float32)  # red, cyan, yellow


def of_colours() -> keras.Model:
    """Its three logits are the mean of red - green - blue, of its negative, of red + green - blue,
    each times 4, for images in [-1, 1]."""
    network = keras.Sequential(
        [
            keras.Input((24, 24, 3)),
            layers.Rescaling(1 / 127.5, offset=-1),
            layers.Conv2D(3, 1, use_bias=False, name="map"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, "softmax", use_bias=False),
        ]
    )
    network.layers[1].kernel.assign(np.eye(3)[None, None])
    network.layers[3].kernel.assign(4 * COLOURS.T)
    return network


@pytest.mark.parametrize("name", ["CLASS_IMPRESSION", "FEATURE_INVERSION"])
def test_an_image_does_not_depend_on_its_neighbours_but_on_its_seed(name):
    classifier, images = load_classifier(sequential()), noise()
    both = VIEWS[name](classifier, images, np.array([0, 1]), steps=12)
    (alone,) = VIEWS[name](classifier, images[1:], np.array([1]), steps=12)
    (other,) = VIEWS[name](classifier, images[1:], np.array([1]), steps=12, seed=1)
    np.testing.assert_array_equal(alone, both[1])
    assert not np.array_equal(alone, other)


@pytest.mark.parametrize("parametrisation", ["pixels", "fourier"])
@pytest.mark.parametrize("robust", [True, False])
def test_the_impression_of_a_linear_class_is_the_colour_of_its_weights(parametrisation, robust):
    options = {"parametrisation": parametrisation, "robust": robust, "smoothness": 0.0}
    classifier = load_classifier(of_colours())
    with noting() as notes:
        images = VIEWS["CLASS_IMPRESSION"](classifier, None, [0, 1, 2], **options)
    assert notes["predicted"] == [0, 1, 2]
    for image, weights in zip(images, COLOURS, strict=True):
        middle = image.mean(axis=(0, 1)) / 127.5 - 1
        assert np.corrcoef(middle, weights)[0, 1] > 0.8
        if parametrisation == "pixels":
            np.testing.assert_allclose(middle, weights, atol=0.02)


@pytest.mark.parametrize("network", [sequential, functional, subclassed])
def test_a_small_network_predicts_the_class_of_its_impression(network):
    """Its head is balanced: no weight speaks for all classes, and grey is none of them."""
    classifier = load_classifier(network())
    kernel, bias = classifier.model.weights[-2:]
    kernel.assign(kernel - np.mean(kernel, axis=1, keepdims=True))
    bias.assign(bias - classifier.logits(np.full((1, 32, 32, 3), 127.5))[0])
    options = {"steps": 64, "parametrisation": "pixels", "smoothness": 0.1}
    with noting() as notes:
        VIEWS["CLASS_IMPRESSION"](classifier, None, [0, 1, 2], **options)
    assert notes["predicted"] == [0, 1, 2]
    for (before, after), (low, high) in zip(notes["logits"], notes["scores"], strict=True):
        assert after > before
        assert high > low
    assert [way.shape for way in notes["frames"]] == [(32, 32, 32, 3)] * 3


def test_the_impression_of_a_contrast_is_that_of_a_difference():
    classifier = load_classifier(of_colours())
    index = classifier.contrast(2, 0)  # green, twice
    (image,) = VIEWS["CLASS_IMPRESSION"](
        classifier, None, [index], parametrisation="pixels", smoothness=0.0
    )
    red, green, blue = image.mean(axis=(0, 1))
    assert green > 250
    assert 80 < red < 180
    assert 80 < blue < 180


@pytest.mark.parametrize("code", ["pooled", "map"])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_inversion_brings_the_loss_down_by_nine_tenths(code, optimizer):
    classifier = load_classifier(sequential())
    with noting() as notes:
        VIEWS["FEATURE_INVERSION"](
            classifier, noise(), None, code=code, optimizer=optimizer, smoothness=0.01
        )
    for before, after in notes["losses"]:
        assert after < 0.1 * before


def test_a_network_without_layers_but_its_pixels_is_inverted_to_the_image():
    """The code of `of_colours` is each pixel's own."""
    classifier = load_classifier(of_colours())
    (image,) = noise((24, 24), count=1)
    options = {"code": "map", "parametrisation": "pixels", "optimizer": "adam", "smoothness": 0.0}
    (image,) = VIEWS["FEATURE_INVERSION"](classifier, image[None], None, **options)
    assert np.abs(image - image).mean() < 5


@pytest.mark.parametrize(("parametrisation", "index"), [("pixels", 88), ("fourier", 386)])
def test_efficientnet_predicts_the_class_of_its_impression(lite, parametrisation, index):
    """A macaw and an elephant, from noise in which it sees neither."""
    with noting() as notes:
        VIEWS["CLASS_IMPRESSION"](lite, None, [index], steps=48, parametrisation=parametrisation)
    assert notes["predicted"] == [index]
    ((before, after),), ((low, high),) = notes["logits"], notes["scores"]
    assert after > before + 10
    assert low < 0.01 < 0.5 < high


@pytest.mark.slow
@pytest.mark.parametrize("parametrisation", ["pixels", "fourier"])
def test_efficientnet_predicts_the_classes_of_all_impressions(lite, parametrisation):
    """African elephant, American black bear, macaw, banana, coffee mug."""
    indices = [386, 295, 88, 954, 504]
    with noting() as notes:
        VIEWS["CLASS_IMPRESSION"](lite, None, indices, parametrisation=parametrisation)
    assert notes["predicted"] == indices
    assert min(high for _, high in notes["scores"]) > 0.99


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_efficientnets_code_is_inverted_to_less_than_a_tenth_of_the_loss(lite, optimizer):
    """By Adam to about a fiftieth, by SGD less than a hundredth."""
    names = ("african_elephant", "macaw")
    images = np.stack([resized(read_image(ROOT / f"data/{n}.jpg"), (224, 224)) for n in names])
    with noting() as notes:
        VIEWS["FEATURE_INVERSION"](lite, images, optimizer=optimizer)
    for before, after in notes["losses"]:
        assert after < 0.1 * before
