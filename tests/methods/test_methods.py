import keras
import numpy as np
import pytest
from keras import layers
from support import functional, noise, quick, randomised, sequential

from classifier import load_classifier
from methods import METHODS
from registry import parse_call
from runtime import noting

EVERYWHERE = [name for name, row in METHODS.items() if not row.own_layer]


@pytest.mark.parametrize("name", EVERYWHERE)
def test_every_method_keeps_the_contract(name):
    classifier = load_classifier(sequential())
    images = noise()
    before = images.copy()
    maps = METHODS[name](classifier, images, np.array([0, 1]), **quick(name))
    np.testing.assert_array_equal(images, before)
    assert maps.shape[0] == 2
    assert maps.ndim == 3
    assert maps.dtype == np.float32
    assert np.isfinite(maps).all()
    np.testing.assert_array_equal(
        maps, METHODS[name](classifier, images, np.array([0, 1]), **quick(name))
    )


PASSES = {  # of 16 channels or 16 patches
    "SCORECAM": 1 + 16,
    "ABLATIONCAM": 1 + 1 + 16,
    "GUIDED_GRADCAM": 2,
    "GRADCAM:smooth=augment": 6,
    "PATCHES:grid=4": 16,
    "SMOOTHGRAD:samples=5": 5,
    "RISE:masks=40": 40,
} | dict.fromkeys(("GRADCAM", "LAYERCAM", "CAM", "FEM", "SALIENCY", "GUIDED_BACKPROP"), 1)


@pytest.mark.parametrize(("text", "passes"), PASSES.items(), ids=str)
def test_passes_are_counted(text, passes):
    call = parse_call(text, METHODS)
    with noting() as notes:
        call.entry(load_classifier(sequential()), noise(count=1), [0], **call.given)
    assert notes["passes"] == passes


def every_kind_of_layer() -> keras.Model:
    """One after the other, no model within the other; the last map before the head is 8 x 8."""
    return randomised(
        keras.Sequential(
            [
                keras.Input((32, 32, 3)),
                layers.Rescaling(1 / 127.5, offset=-1),
                layers.ZeroPadding2D(1),
                layers.Conv2D(8, 3, 2, use_bias=False),
                layers.BatchNormalization(),
                layers.ReLU(6),
                layers.SeparableConv2D(12, 3, padding="same", activation="swish"),
                layers.SpatialDropout2D(0.2),
                layers.MaxPooling2D(2),
                layers.DepthwiseConv2D(3, padding="same"),
                layers.LayerNormalization(),
                layers.Activation("gelu"),
                layers.Conv2D(16, 1, activation="relu"),
                layers.GlobalAveragePooling2D(),
                layers.Dropout(0.5),
                layers.Dense(3),
                layers.Softmax(),
            ]
        )
    )


NETWORKS = {
    "every kind of layer": every_kind_of_layer,
    "nested": functional,
    "multi-label": lambda: sequential(activation="sigmoid"),
}


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", EVERYWHERE)
def test_every_method_explains_every_kind_of_network_a_batch_as_one_by_one(name, network):
    """The third image is the second again, for another class."""
    classifier = load_classifier(NETWORKS[network]())
    images, classes = noise(count=2)[[0, 1, 1]], np.array([0, 1, 2])
    maps = METHODS[name](classifier, images, classes, **quick(name))
    assert maps.shape[0] == 3
    assert np.isfinite(maps).all()
    for image, index, expected in zip(images, classes, maps, strict=True):
        (alone,) = METHODS[name](classifier, image[None], np.array([index]), **quick(name))
        largest = np.abs(expected).max()
        np.testing.assert_allclose(alone, expected, rtol=1e-4, atol=1e-5 * largest)


@pytest.mark.parametrize("smooth", ["augment", "principal"])
@pytest.mark.parametrize("name", [name for name in METHODS if "smooth" in METHODS[name].options])
def test_every_class_activation_map_can_be_smoothed(name, smooth):
    classifier = load_classifier(sequential())
    plain = METHODS[name](classifier, noise(), [0, 1])
    maps = METHODS[name](classifier, noise(), [0, 1], smooth=smooth)
    assert maps.shape == plain.shape
    assert maps.dtype == np.float32
    assert maps.min() >= 0 or name == "EIGENCAM"
    assert np.allclose(maps, plain) == ((name, smooth) == ("EIGENCAM", "principal"))


OF_ANY_IMAGE = ("DECONVNET", "CENTRE")  # DECONVNET: where there is no max pooling


@pytest.mark.parametrize("name", [name for name in EVERYWHERE if name not in OF_ANY_IMAGE])
def test_every_method_depends_on_the_image(name):
    classifier = load_classifier(sequential())
    first = METHODS[name](classifier, noise(seed=0), [0, 1], **quick(name))
    second = METHODS[name](classifier, noise(seed=1), [0, 1], **quick(name))
    assert not np.allclose(first, second)


def test_a_call_is_parsed_with_its_options():
    call = parse_call("gradcam:relu=channels", METHODS)
    assert (call.name, call.given) == ("GRADCAM", {"relu": "channels"})
    assert str(call) == "GRADCAM:relu=channels"
    assert parse_call("FEM:k=1.5", METHODS).given == {"k": 1.5}
    assert str(parse_call("gradcam++:smooth=augment", METHODS)) == "GRADCAM++:smooth=augment"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("GRADCAN", "did you mean 'GRADCAM'"),
        ("GRADCAM:rely=sum", "did you mean 'relu'"),
        ("GRADCAM:relu=none", "expected one of sum, channels"),
        ("FEM:k=two", "expected a number"),
        ("FEM:k=nan", "expected a number"),
        ("FEM:k", "expected a number|no option 'k'"),
    ],
)
def test_a_wrong_call_is_answered_with_what_would_do(text, words):
    with pytest.raises(ValueError, match=words):
        parse_call(text, METHODS)
