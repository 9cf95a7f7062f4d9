"""Why a map means nothing."""

import numpy as np
from keras import layers, models
from support import backbone, head, noise, randomised, sequential, with_last_weights

from classifier import load_classifier
from methods import METHODS
from pipeline.explaining.diagnosis import diagnose


def test_a_map_that_means_nothing_is_diagnosed():
    image = noise(count=1)[0]
    flat = np.zeros((8, 8))
    dense = sequential()
    kernel, bias = dense.get_layer("scores").get_weights()

    cam = METHODS["GRADCAM"]

    dead = load_classifier(with_last_weights(sequential(), kernel=kernel * 0, bias=bias))
    assert "does not depend on layer backbone/last" in diagnose(
        flat, dead, image, 0, METHODS["GRADCAM"]
    )

    against = load_classifier(with_last_weights(sequential(), kernel=-abs(kernel), bias=bias))
    assert "nowhere positive" in diagnose(flat, against, image, 0, cam)

    silent = models.Sequential(
        [
            layers.Input((32, 32, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, activation="relu", kernel_initializer="zeros"),
            *head(),
        ]
    )
    assert "is 0 (a dead layer" in diagnose(flat, load_classifier(silent), image, 0, METHODS["FEM"])

    finite = load_classifier(dense)
    assert "not finite" in diagnose(flat * np.nan, finite, image, 0, METHODS["FEM"])
    finite.model.get_layer("scores").set_weights([kernel * np.nan, bias])
    assert "own scores are not" in diagnose(flat * np.nan, finite, image, 0, METHODS["FEM"])
    dense = sequential()

    fine = np.eye(8)
    assert diagnose(fine, load_classifier(dense), image, 0, METHODS["FEM"]) is None


def test_saturation_is_named_where_only_probabilities_are_to_be_had():
    class Saturated(layers.Layer):
        def call(self, features):
            from keras import ops

            return ops.softmax(1e4 * ops.mean(features, (1, 2)))

    model = randomised(models.Sequential([layers.Input((32, 32, 3)), backbone(), Saturated()]))
    classifier = load_classifier(model, preprocessing="tf")
    image = noise(count=1)[0]
    best = int(classifier.scores(image[None])[0].argmax())
    assert "saturated" in diagnose(np.zeros((8, 8)), classifier, image, best, METHODS["GRADCAM"])
