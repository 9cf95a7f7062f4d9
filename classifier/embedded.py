"""The classifiers whose weights the toolkit ships, so that it works at once and offline.

Each is a function like those of `keras.applications`: called with `weights=None` it gives the
architecture, with a file it loads that file. Where the weights come from is told in
`data/classifiers/README.md`; the scripts that ported them are in `tools/`.
"""

from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from keras import layers

from classifier.names import WEIGHTS_FOLDER, WEIGHTS_SUFFIX


class Stage(NamedTuple):
    """A run of inverted residual blocks that share their shape."""

    repeats: int
    kernel: int
    stride: int  # of the first block; the others have 1
    expansion: int
    filters: int


EFFICIENTNET_LITE0_STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


def EfficientNetLite0(weights: str | Path | None = None) -> keras.Model:
    """EfficientNet-Lite0 with ImageNet's 1000 classes; 224 x 224, `preprocess_lite` first.

    EfficientNet (Tan 2019, https://arxiv.org/abs/1905.11946) without squeeze-and-excitation and
    with ReLU6 for swish (https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite).
    """
    inputs = keras.Input((224, 224, 3))
    x = _normalised(layers.Conv2D(32, 3, 2, "same", use_bias=False, name="stem_conv"), inputs)
    number = 0
    for stage in EFFICIENTNET_LITE0_STAGES:
        for repeat in range(stage.repeats):
            number += 1
            x = _inverted_residual(x, stage, stage.stride if repeat == 0 else 1, f"block{number}")
    x = _normalised(layers.Conv2D(1280, 1, use_bias=False, name="top_conv"), x)
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    outputs = layers.Dense(1000, "softmax", name="predictions")(x)
    return _with_weights(keras.Model(inputs, outputs, name="EfficientNetLite0"), weights)


def _inverted_residual(inputs, stage: Stage, stride: int, name: str):
    """Expand, filter each channel by itself, project; added to the input where shapes allow."""
    channels = inputs.shape[-1]
    expand = layers.Conv2D(
        channels * stage.expansion, 1, use_bias=False, name=f"{name}_expand_conv"
    )
    depthwise = layers.DepthwiseConv2D(
        stage.kernel, stride, "same", use_bias=False, name=f"{name}_depthwise_conv"
    )
    project = layers.Conv2D(stage.filters, 1, use_bias=False, name=f"{name}_project_conv")
    x = _normalised(expand, inputs) if stage.expansion > 1 else inputs
    x = _normalised(depthwise, x)
    x = _normalised(project, x, activation=False)
    if stride == 1 and channels == stage.filters:
        x = layers.Add(name=f"{name}_add")([x, inputs])
    return x


def _normalised(convolution: layers.Layer, x, activation: bool = True):
    """The convolution, batch norm and, if asked, ReLU6; all named after the convolution."""
    name = convolution.name.removesuffix("_conv")
    x = layers.BatchNormalization(epsilon=1e-3, name=f"{name}_bn")(convolution(x))
    return layers.ReLU(6.0, name=f"{name}_relu6")(x) if activation else x


def SqueezeNet(weights: str | Path | None = None) -> keras.Model:
    """SqueezeNet 1.1 with ImageNet's 1000 classes; 227 x 227, `preprocess_squeezenet` first.

    Its head pools class maps: the last convolution has one map for each class, and the class's
    logit is that map's mean (Iandola 2016, https://arxiv.org/abs/1602.07360).
    """
    inputs = keras.Input((227, 227, 3))
    x = layers.Conv2D(64, 3, 2, "valid", activation="relu", name="conv1")(inputs)
    x = layers.MaxPooling2D(3, 2, name="pool1")(x)
    for number, filters in enumerate((16, 16, 32, 32, 48, 48, 64, 64), start=2):
        x = _fire(x, filters, f"fire{number}")
        if number in (3, 5):
            x = layers.MaxPooling2D(3, 2, name=f"pool{number}")(x)
    x = layers.Conv2D(1000, 1, name="conv10")(x)
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    outputs = layers.Activation("softmax", name="predictions")(x)
    return _with_weights(keras.Model(inputs, outputs, name="SqueezeNet"), weights)


def _fire(x, filters: int, name: str):
    """Squeeze to `filters` channels, expand to 8 times as many by 1 x 1 and 3 x 3 kernels."""
    x = layers.Conv2D(filters, 1, activation="relu", name=f"{name}_squeeze1x1")(x)
    ones = layers.Conv2D(4 * filters, 1, activation="relu", name=f"{name}_expand1x1")(x)
    threes = layers.Conv2D(
        4 * filters, 3, padding="same", activation="relu", name=f"{name}_expand3x3"
    )(x)
    return layers.Concatenate(name=f"{name}_concat")([ones, threes])


def _with_weights(model: keras.Model, weights: str | Path | None) -> keras.Model:
    if weights == "imagenet":
        weights = WEIGHTS_FOLDER / f"{model.name}{WEIGHTS_SUFFIX}"
    if weights is not None:
        model.load_weights(weights)
    return model


def preprocess_lite(images: np.ndarray) -> np.ndarray:
    """(N, H, W, 3) RGB in [0, 255] -> about [-1, 1], as EfficientNet-Lite was trained."""
    inputs = images - np.float32(127)
    inputs /= 128  # in place: a batch is large
    return inputs


def preprocess_squeezenet(images: np.ndarray) -> np.ndarray:
    """(N, H, W, 3) RGB in [0, 255] -> BGR, ImageNet's mean taken off, as SqueezeNet was trained."""
    return keras.applications.imagenet_utils.preprocess_input(images.copy(), mode="caffe")


# One row for each embedded classifier: its constructor and its preprocessing.
EMBEDDED = {
    EfficientNetLite0: preprocess_lite,
    SqueezeNet: preprocess_squeezenet,
}
