"""Networks without maps of convolutions: dense layers, patches, rows, tokens."""

import keras
from keras import layers
from zoo.nesting import by
from zoo.rows import Explained, Refused, features, head

BLACK_BOX = ("OCCLUSION", "INTEGRATED_GRADIENTS")
WITH_ROWS = ("GRADCAM", "HIRESCAM", *BLACK_BOX)  # a row of tokens has places, too
NO_MAPS = "GRADCAM cannot explain mine: no layer .*gives maps .*take a method that needs none"
TOKENS = "mix its positions as tokens .*take a method that needs no layer"


def perceptron(x):
    x = layers.Dense(4, name="eye")(layers.Flatten()(x))
    x = layers.ReLU()(layers.Rescaling(1, offset=0.15)(x))
    return layers.Dense(2, "softmax")(x)


def linear(x):
    pixels = layers.Dense(4, name="eye")(layers.Flatten()(x))
    return layers.Dense(2, "softmax")(pixels)


def pixels(x):
    x = layers.Dense(4, "relu")(layers.Reshape((64 * 64, 3))(x))
    return layers.Dense(2, "softmax")(layers.GlobalAveragePooling1D()(x))


def bag_of_patches(x):
    """Patches stand in the place of images, as in multiple instance learning."""
    x = keras.ops.reshape(x, (-1, 4, 16, 4, 16, 3))
    x = keras.ops.reshape(keras.ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, 16, 16, 3))
    x = layers.GlobalAveragePooling2D()(features(x))
    return layers.Dense(2, "softmax")(keras.ops.mean(keras.ops.reshape(x, (-1, 16, 4)), axis=1))


def distributed(x):
    x = keras.ops.reshape(x, (-1, 4, 16, 4, 16, 3))
    x = keras.ops.reshape(keras.ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, 16, 16, 16, 3))
    inside = keras.Input((16, 16, 3))
    means = keras.Model(inside, layers.GlobalAveragePooling2D()(features(inside)))
    x = layers.TimeDistributed(means)(x)
    return layers.Dense(2, "softmax")(layers.GlobalAveragePooling1D()(x))


def tokens(x, mix: bool):
    x = layers.Reshape((64, 4))(features(x, 8, name="patches"))
    if mix:
        attention = layers.MultiHeadAttention(1, 4, name="attention")
        x = layers.Add()([x, attention(x, x)])
    x = layers.Dense(4, "relu")(x)
    return layers.Dense(2, "softmax")(layers.GlobalAveragePooling1D()(x))


def unanchored(x):
    """What a token gets, it gets by attention alone: it may be of any place."""
    x = layers.Reshape((64, 4))(features(x, 8, name="patches"))
    x = layers.MultiHeadAttention(1, 4)(x, x)
    return layers.Dense(2, "softmax")(layers.GlobalAveragePooling1D()(x))


def mixer(x):
    x = layers.Reshape((64, 4))(features(x, 8, name="patches"))
    x = layers.Permute((2, 1))(x)
    x = layers.Permute((2, 1))(layers.Dense(64, kernel_initializer="ones", name="own")(x))
    x = layers.Dense(4, "relu")(x)
    return layers.Dense(2, "softmax")(layers.GlobalAveragePooling1D()(x))


def rows_in_turn(x):
    x = layers.Reshape((64, 64 * 3))(x)
    return layers.Dense(2, "softmax")(layers.GRU(4)(x))


def tokens_as_maps(x):
    """Tokens are put into a grid again behind their mixing."""
    x = layers.Reshape((64, 4))(features(x, 8, name="patches"))
    x = layers.Add()([x, layers.MultiHeadAttention(1, 4)(x, x)])
    return head(layers.Conv2D(4, 1, activation="relu", name="last")(layers.Reshape((8, 8, 4))(x)))


EXPLAINED = (
    Explained(name="linear", make=by(linear), methods=BLACK_BOX, share=0.6),
    Explained(name="perceptron", make=by(perceptron), methods=("OCCLUSION",), share=0.6),
    Explained(name="dense over pixels", make=by(pixels), methods=WITH_ROWS, share=0.6),
    Explained(name="bag of patches", make=by(bag_of_patches), methods=WITH_ROWS, share=0.6),
    Explained(name="patches by time", make=by(distributed), methods=WITH_ROWS, share=0.6),
    Explained(
        name="tokens",
        make=by(lambda x: tokens(x, True)),
        methods=WITH_ROWS,
        share=0.6,
        caution="attention has spread over all of them",
    ),
    Explained(name="tokens that are not mixed", make=by(lambda x: tokens(x, False))),
    Explained(name="mixer", make=by(mixer), methods=BLACK_BOX, share=0.6),
)

REFUSED = (
    *(
        Refused(name=f"{name}, by its layer", make=by(f), method="GRADCAM", line=NO_MAPS)
        for name, f in {
            "linear": linear,
            "perceptron": perceptron,
        }.items()
    ),
    Refused(
        name="rows in turn, by its layer",
        make=by(rows_in_turn),
        options={"preprocessing": "none"},  # whether it rescales is not seen through its gates
        method="GRADCAM",
        line=NO_MAPS,
    ),
    *(
        Refused(name=f"{name}, by its layer", make=by(f), method=method, line=TOKENS)
        for name, f, method in (
            ("attention without a residual", unanchored, "GRADCAM"),
            ("mixer", mixer, "FEM"),
        )
    ),
)
