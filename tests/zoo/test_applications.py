"""keras.applications by family, with random weights: they run, and look at their last map.

Random weights find no disc, so what is held is the target layer, and that every map is on its grid.
"""

import re

import keras
import numpy as np
import pytest
from keras import layers
from zoo.scene import scene

from classifier import Classifier, load_classifier
from methods import METHODS

pytestmark = pytest.mark.slow

LAST = {  # the smallest of each family, its last layer with positions, and their number
    "ConvNeXtTiny": (r"add_\d+", 7),
    "DenseNet121": ("relu", 7),
    "EfficientNetB0": ("top_activation", 7),
    "EfficientNetV2B0": ("top_activation", 7),
    "InceptionResNetV2": ("conv_7b_ac", 8),
    "InceptionV3": ("mixed10", 8),
    "MobileNet": ("conv_pw_13_relu", 7),
    "MobileNetV2": ("out_relu", 7),
    "MobileNetV3Small": (r"activation_\d+", 7),
    "NASNetMobile": (r"activation_\d+", 7),
    "ResNet50": ("conv5_block3_out", 7),
    "ResNet50V2": ("post_relu", 7),
    "VGG16": ("block5_conv3", 14),
    "Xception": ("block14_sepconv2_act", 10),
}
NESTED = {"MobileNetV2": "out_relu", "ResNet50V2": "post_relu", "VGG16": "block5_conv3"}


def check(classifier: Classifier, cells: int) -> None:
    """Every method's map is finite and of the layer's grid, and pixels' gradients are not all 0."""
    images = scene(classifier.input_size)
    assert classifier.cautions == ()
    for name in ("GRADCAM", "HIRESCAM", "FEM"):
        METHODS[name].check(classifier)
        (saliency_map,) = METHODS[name](classifier, images, [1])
        assert saliency_map.shape == (cells, cells)
        assert np.isfinite(saliency_map).all()
    (saliency_map,) = METHODS["SALIENCY"](classifier, images, [1])
    assert np.ptp(saliency_map) > 0


@pytest.mark.parametrize("name", LAST)
def test_an_application_is_explained_at_its_last_maps(name):
    path, cells = LAST[name]
    classifier = load_classifier(name, weights="random")
    assert re.fullmatch(path, classifier.layer)
    check(classifier, cells)


@pytest.mark.parametrize("name", NESTED)
def test_an_application_without_its_top_is_entered_where_it_is_nested(name):
    backbone = getattr(keras.applications, name)(
        include_top=False, weights=None, input_shape=(64, 64, 3), name="backbone"
    )
    parts = [keras.Input((64, 64, 3)), backbone, layers.GlobalAveragePooling2D()]
    model = keras.Sequential([*parts, layers.Dense(2, "softmax")])
    classifier = load_classifier(model, preprocessing=name)
    assert classifier.layer == f"backbone/{NESTED[name]}"
    check(classifier, 4 if name == "VGG16" else 2)
