"""Every head: what may stand between the last maps and the scores."""

import keras
from keras import layers
from zoo.rows import Explained, Refused, features, head, made

SAID = {"multi_label": False}
LOGITS = "taken for logits"


def of(function):
    return made(end=function)


def pooled(x):
    return layers.GlobalAveragePooling2D()(x)


def thousand(x):
    return layers.Dense(1000, "softmax", name="scores")(pooled(x))


def sigmoid_unit(x):
    return head(x, 1, "sigmoid")


def attention_pooling(x):
    weights = keras.ops.exp(9 * keras.ops.mean(x, axis=-1, keepdims=True))
    weights = weights / keras.ops.sum(weights, axis=(1, 2), keepdims=True)
    return layers.Dense(2, "softmax")(keras.ops.sum(x * weights, axis=(1, 2)))


def mean_and_max(x):
    both = [pooled(x), layers.GlobalMaxPooling2D()(x)]
    return layers.Dense(2, "softmax")(layers.Concatenate()(both))


def class_maps(x, activation=None):
    return layers.GlobalAveragePooling2D()(layers.Conv2D(2, 1, activation=activation)(x))


def fully_convolutional(x):
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    return layers.Softmax()(layers.Flatten()(layers.Conv2D(2, 1)(x)))


def kernel_over_all(x):
    return layers.Softmax()(layers.Reshape((2,))(layers.Conv2D(2, 16)(x)))


def hidden(x):
    x = layers.Dropout(0.5)(layers.Dense(8, "relu")(pooled(x)))
    return layers.Dense(2, "softmax")(x)


def batch_normalised(x):
    return layers.Dense(2, "softmax")(layers.BatchNormalization()(pooled(x)))


def small_pool(x):
    return layers.Dense(2, "softmax")(layers.Flatten()(layers.AveragePooling2D(4)(x)))


EXPLAINED = (
    Explained(name="softmax", make=of(head), methods=("GRADCAM", "HIRESCAM", "OCCLUSION")),
    Explained(name="softmax of three", make=of(lambda x: head(x, 3)), methods=("GRADCAM", "CAM")),
    Explained(
        name="softmax of 1000",
        make=of(thousand),
    ),
    Explained(
        name="activation layer", make=of(lambda x: layers.Activation("softmax")(head(x, 2, None)))
    ),
    Explained(name="softmax layer", make=of(lambda x: layers.Softmax()(head(x, 2, None)))),
    Explained(name="plain softmax", make=of(lambda x: keras.ops.softmax(head(x, 2, None)))),
    Explained(name="plain sigmoid", make=of(lambda x: keras.ops.sigmoid(head(x, 3, None)))),
    Explained(name="logits", make=of(lambda x: head(x, 2, None)), options=SAID),
    Explained(name="logits that are not said", make=of(lambda x: head(x, 2, None)), caution=LOGITS),
    Explained(
        name="log of softmax",
        make=of(lambda x: keras.ops.log_softmax(head(x, 2, None))),
        caution=LOGITS,
    ),
    Explained(
        name="logits by a temperature",
        make=of(lambda x: layers.Rescaling(0.5)(head(x, 2, None))),
        options=SAID,
    ),
    Explained(name="multi-label", make=of(lambda x: head(x, 3, "sigmoid"))),
    Explained(
        name="multi-label of logits",
        make=of(lambda x: head(x, 3, None)),
        options={"multi_label": True},
    ),
    Explained(name="one sigmoid", make=of(sigmoid_unit), methods=("GRADCAM", "OCCLUSION")),
    Explained(
        name="one sigmoid with names",
        make=of(sigmoid_unit),
        options={"class_names": ["blue", "red"]},
    ),
    Explained(
        name="one logit with names",
        make=of(lambda x: head(x, 1, None)),
        options={"class_names": ["blue", "red"]},
        caution=LOGITS,
    ),
    Explained(name="one plain sigmoid", make=of(lambda x: keras.ops.sigmoid(head(x, 1, None)))),
    Explained(
        name="class maps", make=of(lambda x: layers.Softmax()(class_maps(x))), methods=("CAM",)
    ),
    Explained(name="class maps of logits", make=of(class_maps), options=SAID),
    Explained(name="fully convolutional", make=of(fully_convolutional)),
    Explained(name="kernel over all", make=of(kernel_over_all)),
    Explained(
        name="flatten and dense", make=of(lambda x: layers.Dense(2, "softmax")(layers.Flatten()(x)))
    ),
    Explained(
        name="global maximum",
        make=of(lambda x: layers.Dense(2, "softmax")(layers.GlobalMaxPooling2D()(x))),
    ),
    Explained(name="mean and maximum", make=of(mean_and_max)),
    Explained(
        name="plain mean",
        make=of(lambda x: layers.Dense(2, "softmax")(keras.ops.mean(x, axis=(1, 2)))),
    ),
    Explained(name="attention pooling", make=of(attention_pooling)),
    Explained(name="small pool", make=of(small_pool)),
    Explained(name="hidden layer and dropout", make=of(hidden)),
    Explained(name="batch norm in the head", make=of(batch_normalised)),
    Explained(name="scores in a row of one", make=of(lambda x: layers.Reshape((1, 2))(head(x)))),
)

REFUSED = (
    Refused(
        name="scores for each place",
        make=of(lambda x: layers.Conv2D(2, 1, activation="softmax")(x)),
        line=r"output has shape \(1, 16, 16, 2\); a classifier's is \(N, classes\)",
    ),
    Refused(
        name="scores without an axis",
        make=of(lambda x: keras.ops.squeeze(head(x, 1, "sigmoid"), -1)),
        line=r"output has shape \(1,\); a classifier's is \(N, classes\)",
    ),
    Refused(
        name="two outputs",
        make=of(lambda x: [head(x), head(x, 3)]),
        line="has 2 outputs; a classifier has one",
    ),
    Refused(
        name="outputs by name",
        make=of(lambda x: {"class": head(x), "age": head(x, 1, None)}),
        line="has 2 outputs; a classifier has one",
    ),
    Refused(
        name="NaN weights",
        make=lambda: _with_bias(float("nan")),
        line="scores are not finite: layer scores has weights that are NaN or infinite",
    ),
    Refused(
        name="infinite weights",
        make=lambda: _with_bias(float("inf")),
        line="scores are not finite: layer scores has weights that are NaN or infinite",
    ),
    Refused(
        name="names that are too many",
        make=of(head),
        options={"class_names": ["a", "b", "c"]},
        line="3 names for a classifier of 2 classes",
    ),
)


def _with_bias(value: float) -> keras.Model:
    model = made(features, lambda x: layers.Dense(2, "softmax", name="scores")(pooled(x)))()
    model.get_layer("scores").bias.assign([value, 0])
    return model
