"""Transformers as examples write them: patches cut by an operation, hybrids, windows.

Their weights are random: they have nothing to say of the disc, but have to know where it is.
"""

import keras
from keras import layers, ops
from zoo.rows import Placed

WIDTH = 16


def block(x, attention_axes=None):
    """Attention and a perceptron, each with a residual connection."""
    h = layers.LayerNormalization()(x)
    x = layers.Add()([x, layers.MultiHeadAttention(2, 8, attention_axes=attention_axes)(h, h)])
    h = layers.Dense(2 * WIDTH, "gelu")(layers.LayerNormalization()(x))
    return layers.Add()([x, layers.Dense(WIDTH)(h)])


def patches(x):
    """Cut by an operation, put into a row, and flattened before a perceptron as its head."""
    x = ops.image.extract_patches(x, 8)
    x = layers.Dense(WIDTH)(layers.Reshape((64, 8 * 8 * 3))(x))
    return layers.LayerNormalization(name="last")(block(block(x)))


def flattened(x):
    hidden = layers.Dense(32, "gelu")(layers.Dropout(0.5)(layers.Flatten()(x)))
    return layers.Dense(2, "softmax")(hidden)


def mobile(x):
    """Between convolutions a map becomes rows of pixels that have one place in their patch."""
    local = layers.Conv2D(WIDTH, 3, 8, "same", activation="swish")(x)
    x = ops.transpose(ops.reshape(local, (-1, 4, 2, 4, 2, WIDTH)), (0, 2, 4, 1, 3, 5))
    x = block(ops.reshape(x, (-1, 4, 16, WIDTH)), attention_axes=(2,))
    x = ops.transpose(ops.reshape(x, (-1, 2, 2, 4, 4, WIDTH)), (0, 3, 1, 4, 2, 5))
    x = layers.Concatenate()([local, ops.reshape(x, (-1, 8, 8, WIDTH))])
    return layers.Conv2D(WIDTH, 1, activation="swish", name="last")(x)


def windows(x):
    """A convolution, attention within windows and then along a grid, as maps between them."""
    x = layers.Conv2D(WIDTH, 8, 8)(x)
    x = ops.transpose(ops.reshape(x, (-1, 2, 4, 2, 4, WIDTH)), (0, 1, 3, 2, 4, 5))
    x = block(ops.reshape(x, (-1, 16, WIDTH)))
    x = ops.transpose(ops.reshape(x, (-1, 2, 2, 4, 4, WIDTH)), (0, 1, 3, 2, 4, 5))
    x = ops.reshape(x, (-1, 4, 2, 4, 2, WIDTH))
    x = block(ops.reshape(ops.transpose(x, (0, 2, 4, 1, 3, 5)), (-1, 16, WIDTH)))
    x = ops.transpose(ops.reshape(x, (-1, 2, 2, 4, 4, WIDTH)), (0, 3, 1, 4, 2, 5))
    return layers.Dense(WIDTH, name="last")(ops.reshape(x, (-1, 8, 8, WIDTH)))


def random(body, end=None):
    """A function that makes it with its own random weights, not the constructed ones."""

    def make() -> keras.Model:
        inputs = keras.Input((64, 64, 3))
        x = body(layers.Rescaling(1 / 127.5, offset=-1)(inputs))
        end_of = end or (lambda x: layers.Dense(2, "softmax")(layers.GlobalAveragePooling2D()(x)))
        return keras.Model(inputs, end_of(x), name="mine")

    return make


PLACED = (
    Placed(name="patches cut by an operation", make=random(patches, flattened), layer="last"),
    Placed(name="MobileViT", make=random(mobile), layer="last", attends=False),
    Placed(name="MaxViT", make=random(windows), layer="last", attends=False),
)
