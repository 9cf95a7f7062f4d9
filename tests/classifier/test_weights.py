"""Weights: random, of a file, downloaded, or changed."""

import numpy as np
import pytest
from support import noise, randomised, sequential

from classifier import load_classifier


def test_random_weights_are_the_same_each_time_and_leave_the_global_generator_alone():
    import random

    random.seed(3)
    expected = random.random()
    random.seed(3)
    first = load_classifier("MobileNetV3Small", weights="random")
    assert random.random() == expected
    again = load_classifier("MobileNetV3Small", weights="random")
    assert first.weights_hash() == again.weights_hash()
    assert first.random_weights


def test_weights_of_a_file_are_loaded_or_refused(tmp_path):
    model = load_classifier("MobileNetV3Small", weights="random").model
    randomised(model).save_weights(tmp_path / "own.weights.h5")
    loaded = load_classifier("MobileNetV3Small", weights=tmp_path / "own.weights.h5")
    np.testing.assert_array_equal(loaded.model.weights[0], model.weights[0])
    with pytest.raises(ValueError, match="do not fit VGG16"):
        load_classifier("VGG16", weights=tmp_path / "own.weights.h5")
    with pytest.raises(FileNotFoundError, match="no such file"):
        load_classifier("MobileNetV3Small", weights=tmp_path / "absent.weights.h5")


def test_a_download_that_fails_names_the_ways_out(monkeypatch):
    def no_network(*_, **__):
        raise Exception("URL fetch failure on https://example.org: no route\nmore")

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", no_network)
    with pytest.raises(ValueError, match=r"--weights FILE.*random.*EfficientNetLite0") as caught:
        load_classifier("MobileNetV3Small")
    assert "\n" not in str(caught.value)


def test_changed_weights_are_seen_after_forgetting():
    model = sequential()
    classifier = load_classifier(model)
    classifier.network.mode = "folded"
    classifier.scores(noise())
    model.set_weights([2 * weights for weights in model.get_weights()])
    classifier.forget()
    np.testing.assert_allclose(classifier.scores(noise()), model(noise()).numpy(), atol=1e-5)
