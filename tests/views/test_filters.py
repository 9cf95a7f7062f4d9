"""Kernels, and the images that excite filters."""

import keras
import numpy as np
from keras import layers
from support import backbone_with_head, noise, sequential

from classifier import load_classifier
from runtime import noting
from views import VIEWS
from views.filters import first_kernels


def test_the_first_kernels_are_those_of_the_first_convolution():
    classifier = load_classifier(sequential())
    kernel = np.asarray(classifier.model.get_layer("backbone").get_layer("conv1").kernel)
    kernels = first_kernels(classifier)
    assert kernels.shape == (8, 3, 3, 3)
    np.testing.assert_array_equal(kernels[5], kernel[..., 5])
    (image,) = VIEWS["FILTERS"](classifier)
    assert image.shape == (3 * 24 + 4, 3 * 24 + 4, 3)
    drawn = image[26 : 26 + 24 : 8, 52 : 52 + 24 : 8].astype(float)  # the sixth: row 1, column 2
    np.testing.assert_allclose(drawn, 127.5 + 127.5 * kernels[5] / np.abs(kernels[5]).max(), atol=1)


def test_kernels_have_the_colours_of_the_image_and_not_of_the_network():
    network = backbone_with_head()
    rgb, bgr = (load_classifier(network, preprocessing=mode) for mode in ("tf", "caffe"))
    np.testing.assert_array_equal(first_kernels(bgr), first_kernels(rgb)[..., ::-1])


def test_a_filters_input_excites_it_more_than_noise_and_than_most_others_do():
    classifier = load_classifier(backbone_with_head(), preprocessing="tf")
    with noting() as notes:
        (image,) = VIEWS["FILTERS"](classifier, layer="conv2", top=4, smoothness=0.0)
    assert notes["channels"] == [0, 1, 2, 3]
    tiles = [image[y : y + 32, x : x + 32] for y in (0, 34) for x in (0, 34)]
    responses = classifier.features(np.stack(tiles).astype(np.float32), "conv2").mean(axis=(1, 2))
    ordinary = classifier.features(noise(count=1), "conv2").mean(axis=(1, 2))[0]
    for channel in range(4):
        assert responses[channel, channel] > np.median(responses[:, channel])
        assert responses[channel, channel] > ordinary[channel]


def of_bright_red(bias: float) -> keras.Model:
    """Its feature is relu(red + bias), of images in [-1, 1]: grey leaves it silent."""
    steps = [layers.Conv2D(1, 1, activation="relu", name="shut"), layers.GlobalAveragePooling2D()]
    network = keras.Sequential([keras.Input((24, 24, 3)), *steps, layers.Dense(2, "softmax")])
    network.layers[0].set_weights([np.array([[[[1.0], [0], [0]]]]), np.array([bias])])
    return network


def test_a_filter_that_is_silent_at_first_is_woken_by_contrast_or_said_to_be_silent():
    woken, silent = (load_classifier(of_bright_red(b), preprocessing="tf") for b in (-0.7, -2))
    with noting() as notes:
        VIEWS["FILTERS"](woken, layer="shut", steps=96, smoothness=0.0)
    assert notes["responses"][0] > 0
    with noting() as notes:
        VIEWS["FILTERS"](silent, layer="shut", steps=4)
    assert notes["responses"] == [0]
    assert VIEWS["FILTERS"].describe(silent, None, notes) == "layer shut, filters 0 (silent)"


def test_filters_are_those_that_respond_to_the_images_where_there_are_some():
    classifier, images = load_classifier(backbone_with_head(), preprocessing="tf"), noise()
    with noting() as notes:
        VIEWS["FILTERS"](classifier, images, layer="last", top=3, steps=2)
    means = classifier.features(images, "last").mean(axis=(0, 1, 2))
    assert notes["channels"] == np.argsort(-means)[:3].tolist()
