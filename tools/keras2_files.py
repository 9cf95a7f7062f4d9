"""Writes the small files of Keras 2 that tests open, and what old Keras computed of them.

Not run with the toolkit's own packages, but with TensorFlow 2.12.1 or 2.15.1 (and NumPy below 1.24)
in an environment of its own, once for each:

    python tools/keras2_files.py tests/classifier/files

Inputs are `np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3))`; outputs in `expected_*`.
"""

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow import keras

layers = keras.layers
VERSION = "tf" + "".join(tf.__version__.split(".")[:2])
IMAGES = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype("float32")


class Own(layers.Layer):
    """A layer that only its own code can build."""

    def call(self, inputs):
        return 2 * inputs


def backbone(name: str) -> keras.Model:
    """Convolutions, a depthwise one, batch norms and Normalization, nested."""
    inputs = keras.Input((32, 32, 3))
    normalization = layers.Normalization(name=f"{name}/Normalization")
    x = normalization(inputs)
    x = layers.Conv2D(4, 3, 2, use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(scale=False)(x)
    return keras.Model(inputs, layers.ReLU(6.0)(x), name=name)


def scores(x, count: int = 3):
    return layers.Dense(count, activation="softmax")(layers.GlobalAveragePooling2D()(x))


def frozen_nested() -> keras.Model:
    inputs = keras.Input((32, 32, 3))
    inside = backbone("frozen")
    inside.trainable = False
    return keras.Model(inputs, scores(inside(inputs, training=False)))


def half_frozen() -> keras.Model:
    inside = backbone("half")
    for layer in inside.layers[:3]:
        layer.trainable = False
    return keras.Sequential([inside, layers.GlobalMaxPooling2D(), layers.Dense(3, "softmax")])


def operations() -> keras.Model:
    inputs = keras.Input((32, 32, 3))
    x = keras.applications.vgg16.preprocess_input(inputs)
    x = tf.nn.relu6(1 - x / 127.5 + 3.0) * (1 / 6)
    first, second = tf.split(layers.Conv2D(4, 3, activation="hard_sigmoid")(x), 2, -1)
    x = tf.concat([first * second, -first, second - first], -1)[:, 2:-2]
    x = layers.LeakyReLU(0.2)(x)
    return keras.Model(inputs, layers.Dense(3, "softmax")(tf.reduce_mean(x, [1, 2])))


def teachable() -> keras.Model:
    first = keras.Sequential([backbone("teachable"), layers.GlobalAveragePooling2D()])
    second = keras.Sequential(
        [layers.Dense(6, "relu", input_shape=(4,)), layers.Dense(2, "softmax", use_bias=False)]
    )
    return keras.Sequential([first, second])


def shared_twice() -> keras.Model:
    inputs = keras.Input((32, 32, 3))
    inside = backbone("shared")
    means = [layers.GlobalAveragePooling2D()(inside(x)) for x in (inputs, inputs * 0.5)]
    return keras.Model(inputs, layers.Dense(3, "softmax")(layers.Concatenate()(means)))


def attention() -> keras.Model:
    inputs = keras.Input((32, 32, 3))
    x = layers.Reshape((16, 8))(layers.Conv2D(8, 8, 8)(layers.Rescaling(1 / 255)(inputs)))
    x = layers.MultiHeadAttention(2, 4)(x, layers.LayerNormalization()(x))
    x = layers.Bidirectional(layers.LSTM(3))(x)
    return keras.Model(inputs, layers.Dense(3, "softmax")(x))


def with_lambda() -> keras.Model:
    inputs = keras.Input((32, 32, 3))
    return keras.Model(inputs, scores(layers.Lambda(lambda x: x / 255)(inputs)))


def with_own_layer() -> keras.Model:
    inputs = keras.Input((32, 32, 3))
    return keras.Model(inputs, scores(Own()(inputs)))


def randomise(model: keras.Model) -> None:
    rng = np.random.default_rng(1)
    for weight in model.weights:
        if weight.dtype.is_floating:
            low, high = (0.5, 2.0) if "variance" in weight.name else (-0.5, 1.0)
            weight.assign(rng.uniform(low, high, weight.shape))
        if "Normalization/mean" in weight.name:
            weight.assign(127 * np.ones(weight.shape))
        if "Normalization/variance" in weight.name:
            weight.assign(4000 * np.ones(weight.shape))
    for layer in model._flatten_layers():
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()


SUFFIX = {"tf212": "h5", "tf215": "keras"}  # 2.12 writes HDF5 whatever the name is
MAKERS = {
    "tf212": (
        *(frozen_nested, half_frozen, operations, teachable, shared_twice),
        *(with_lambda, with_own_layer),
    ),
    "tf215": (frozen_nested, half_frozen, shared_twice, attention),
}


def main() -> None:
    folder, expected = Path(sys.argv[1]), {}
    for make in MAKERS[VERSION]:
        keras.backend.clear_session()
        model = make()
        randomise(model)
        expected[make.__name__] = model(IMAGES, training=False).numpy()
        model.save(folder / f"{VERSION}_{make.__name__}.{SUFFIX[VERSION]}")
    np.savez(folder / f"expected_{VERSION}.npz", **expected)


if __name__ == "__main__":
    main()
