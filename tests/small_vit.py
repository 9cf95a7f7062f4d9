"""A small vision transformer as it is written by hand, and two that were trained on discs."""

from functools import cache

import keras
import numpy as np
from keras import layers, ops
from zoo.scene import BLUE, RED

SIDE, PATCH, WIDTH = 64, 8, 32


def vit(
    *,
    class_token: bool = True,
    registers: int = 0,
    blocks: int = 2,
    heads: int = 4,
    size: tuple[int, int] = (SIDE, SIDE),
    attend=None,
) -> keras.Model:
    """Read at its class token, or, without one, by the mean of all tokens (ViT, DeiT, SigLIP).

    `attend(x, block)` stands for a layer of attention.
    """
    inputs = keras.Input((*size, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    x = layers.Conv2D(WIDTH, PATCH, PATCH, name="patches")(x)
    x = layers.Reshape((-1, WIDTH), name="row")(x)
    others = class_token + registers
    count = x.shape[1] + others
    if others:
        x = layers.ZeroPadding1D((others, 0))(x)
    places = ops.arange(count)[None] + ops.zeros_like(x[..., 0], dtype="int32")
    x = layers.Add()([x, layers.Embedding(count, WIDTH, name="places")(places)])
    attend = attend or multi_head(heads)
    for block in range(blocks):
        x = layers.Add()([x, attend(layers.LayerNormalization()(x), block)])
        hidden = layers.Dense(2 * WIDTH, "gelu")(layers.LayerNormalization()(x))
        x = layers.Add(name=f"block_{block}")([x, layers.Dense(WIDTH)(hidden)])
    x = layers.LayerNormalization(name="norm")(x)
    x = x[:, 0] if class_token else layers.GlobalAveragePooling1D()(x)
    x = layers.Identity(name="read")(x)
    return keras.Model(inputs, layers.Dense(2, "softmax", name="scores")(x), name="mine")


def multi_head(heads: int):
    def attend(x, block):
        name = f"attention_{block}"
        return layers.MultiHeadAttention(heads, WIDTH // heads, name=name)(x, x)

    return attend


def discs(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images (N, 64, 64, 3), classes (N,) and the discs that decide (N, 64, 64) bool.

    A large disc, red or blue, is of the class, and a small one is of the other colour: as the scene
    of the zoo, at any place.
    """
    rng = np.random.default_rng(seed)
    images = rng.uniform(50, 60, (count, 1, 1, 1)) + rng.uniform(-2, 2, (count, SIDE, SIDE, 3))
    classes = rng.integers(0, 2, count)
    colours = {BLUE: (60, 60, 200), RED: (230, 40, 40)}
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
    decides = np.zeros((count, SIDE, SIDE), bool)
    for number, kind in enumerate(classes):
        places = rng.uniform(10, SIDE - 10, (2, 2))
        small, large = (
            np.hypot(rows - y, columns - x) <= radius
            for (y, x), radius in zip(places, (6, 10), strict=True)
        )
        images[number, small] = colours[BLUE + RED - kind]
        images[number, large] = colours[kind]
        decides[number] = large
    return images.astype(np.float32), classes, decides


@cache
def trained(class_token: bool) -> keras.Model:
    """The small transformer, which knows all discs of other seeds; in about five seconds."""
    keras.utils.set_random_seed(3)
    model = vit(class_token=class_token)
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    images, classes, _ = discs(800, seed=0)
    model.fit(images, classes, epochs=8, batch_size=32, verbose=0)
    return model
