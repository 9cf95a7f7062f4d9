"""A classifier of bags: an image's patches, pooled by attention (Ilse 2018, arXiv 1802.04712)."""

import numpy as np
from training import DROPOUT, trained_backbone

from classifier import Classifier

WIDTH = 128  # of the attention's hidden layer
FEATURES = "patch_features"  # the layer that gives the bag: (g, g, K)
STANDARDISED = "standardised_features"  # the layer behind it
SMALLEST_VARIANCE = 1e-2  # added to each channel's, in parts of their mean: some are silent


def make_bag_model(classifier: Classifier, classes: int, grid: int, patch: int, gated: bool):
    """(model, head): grid x grid patches through the classifier's layers, under attention pooling.

    The model takes preprocessed images of grid times `patch` pixels; the head, its last part, the
    patches' features (N, g, g, K). All of Keras's own layers, so that its file loads in safe mode.
    Raises ValueError where the classifier's layers do not take patches of that size.
    """
    import keras
    from keras import layers

    channels = classifier.input_shape[-1]
    backbone = resized_backbone(classifier, patch)
    inputs = keras.Input((grid * patch, grid * patch, channels))
    x = layers.Reshape((grid, patch, grid, patch, channels), name="rows_and_columns")(inputs)
    x = layers.Permute((1, 3, 2, 4, 5), name="patches")(x)
    x = backbone(keras.ops.reshape(x, (-1, patch, patch, channels)))  # each like an image
    x = layers.GlobalAveragePooling2D(name="patch_pool")(x)
    x = keras.ops.reshape(x, (-1, grid * grid * x.shape[-1]))
    features = layers.Reshape((grid, grid, backbone.output_shape[-1]), name=FEATURES)(x)
    standard = layers.BatchNormalization(
        epsilon=1e-12, center=False, scale=False, trainable=False, name=STANDARDISED
    )
    instances = standard(features)
    weighted = layers.Multiply(name="weighted")([instances, attention_weights(instances, gated)])
    bag = keras.ops.sum(weighted, axis=(1, 2))  # z (N, K), eq. 7
    scores = layers.Dense(classes, "softmax", name="predictions")
    outputs = scores(layers.Dropout(DROPOUT, name="dropout")(bag))
    return keras.Model(inputs, outputs), keras.Model(features, outputs)


def attention_weights(features, gated: bool):
    """a (N, g, g, 1) of the layer `attention`, from features (N, g, g, K): eq. 8, or 9 if gated."""
    from keras import layers

    hidden = layers.Dense(WIDTH, "tanh", use_bias=False, name="attention_tanh")(features)
    if gated:
        gate = layers.Dense(WIDTH, "sigmoid", use_bias=False, name="attention_gate")(features)
        hidden = layers.Multiply(name="attention_gated")([hidden, gate])
    uniform = layers.Dense(1, use_bias=False, kernel_initializer="zeros", name="attention_logits")
    weights = uniform(hidden)
    return layers.Softmax(axis=(1, 2), name="attention")(weights)


def hold_attention(head, held: bool) -> None:
    """Whether training leaves the attention as it is: at first the same for all patches."""
    for layer in head.layers:
        if layer.name.startswith("attention"):
            layer.trainable = not held


def standardise(head, features: np.ndarray) -> None:
    """Lets each channel of the bags (N, g, g, K) have mean 0 and spread 1 before the attention.

    So it starts where tanh is neither flat nor shut, whatever the classifier's features are like.
    """
    layer = head.get_layer(STANDARDISED)
    mean, variance = (f(features, axis=(0, 1, 2), dtype=np.float64) for f in (np.mean, np.var))
    layer.moving_mean.assign(mean)
    layer.moving_variance.assign(variance + SMALLEST_VARIANCE * variance.mean())


def resized_backbone(classifier: Classifier, side: int):
    """The classifier's layers up to the target layer, frozen, for inputs of `side` pixels."""
    backbone = trained_backbone(classifier)
    if classifier.input_size != (side, side):
        try:
            clone = copy_for(backbone, (side, side, classifier.input_shape[-1]))
            clone.set_weights(backbone.get_weights())
        except ValueError as error:
            height, width = classifier.input_size
            raise ValueError(
                f"{classifier.name} takes no patches of {side} x {side} pixels, only "
                f"{height} x {width}: give --patch {height}"
            ) from error
        backbone = clone
    backbone.trainable = False
    return backbone


def copy_for(model, shape: tuple):
    """A copy of the model, those nested in it too, for inputs of another shape; weights are new."""
    import keras

    def called(layer, *given, **options):
        if isinstance(layer, keras.Model) and getattr(layer, "inputs", None):
            layer = copy_for(layer, given[0].shape[1:])
        return layer(*given, **options)

    graph = keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    return keras.models.clone_model(graph, keras.Input(shape), call_function=called)
