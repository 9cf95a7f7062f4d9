import numpy as np
import pytest
from support import NAMES, image_of, reference, relative_difference

from classifier import load_classifier
from classifier.labels import read_labels
from images import read_image, resized


@pytest.mark.parametrize("name", NAMES)
def test_logits_and_features_agree_with_pytorch_on_every_image(lite, name):
    maps = reference(name)
    image = image_of(maps)
    np.testing.assert_array_equal(lite.preprocess(image), (image - 127) / 128)
    np.testing.assert_allclose(lite.logits(image)[0], maps["logits"], atol=1e-4)
    np.testing.assert_allclose(lite.scores(image)[0], maps["softmax"], atol=1e-5)
    np.testing.assert_allclose(lite.features(image), maps["features_nhwc"], atol=1e-4)


def test_the_file_on_disk_gives_the_reference_input(committed):
    image = read_image("data/dog_cat.jpg")
    assert np.abs(resized(image, (224, 224)) - committed["image_u8"]).max() <= 2


@pytest.mark.parametrize(
    ("image", "expected"),
    [("macaw", "macaw"), ("polar_bear", "ice_bear"), ("coffee", "espresso")],
)
def test_squeezenet_recognises_what_is_shown(image, expected):
    classifier = load_classifier("SqueezeNet")
    image = resized(read_image(f"data/{image}.jpg"), classifier.input_size)
    top = classifier.decode_predictions(classifier.scores(image[np.newaxis]))[0]
    assert expected in [name for _, name, _ in top[:2]]


def test_squeezenet_agrees_with_the_paper_computed_in_numpy():
    classifier = load_classifier("SqueezeNet")
    image = resized(read_image("data/coffee.jpg"), classifier.input_size)[np.newaxis]

    def convolved(x, name, stride=1, pad=0):
        kernel, bias = (np.asarray(w) for w in classifier.model.get_layer(name).weights)
        x = np.pad(x, ((pad, pad), (pad, pad), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], (0, 1))
        return (
            np.einsum("hwcij,ijck->hwk", windows[::stride, ::stride], kernel, optimize=True) + bias
        )

    def pooled(x):
        return np.lib.stride_tricks.sliding_window_view(x, (3, 3), (0, 1))[::2, ::2].max((-2, -1))

    x = image[0, ..., ::-1] - np.array([103.939, 116.779, 123.68])
    x = pooled(np.maximum(convolved(x, "conv1", 2), 0))
    for number in range(2, 10):
        squeezed = np.maximum(convolved(x, f"fire{number}_squeeze1x1"), 0)
        ones = convolved(squeezed, f"fire{number}_expand1x1")
        threes = convolved(squeezed, f"fire{number}_expand3x3", pad=1)
        x = np.maximum(np.concatenate([ones, threes], axis=-1), 0)
        x = pooled(x) if number in (3, 5) else x
    expected = convolved(x, "conv10").mean(axis=(0, 1))
    assert classifier.layer == "fire9_concat"
    assert relative_difference(classifier.features(image)[0], x) < 1e-4
    assert relative_difference(classifier.logits(image)[0], expected) < 1e-4


def test_class_names_are_imagenets():
    labels = read_labels("imagenet")
    assert len(labels) == 1000
    assert labels.names[386] == "African_elephant"
    assert labels.ids[295] == "n02133161"
