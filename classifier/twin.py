"""The inference twin: the same model, called with batch norm folded and its weights frozen.

Nothing is cloned. While `tf.function` traces the model, every foldable batch norm's `call` adds
only its shift, the convolution before it reads a kernel that holds the scale, and every weight is
a constant of the graph, which TensorFlow then lays out for the processor once and for all.
    y = gamma (W x + b - mean) / sqrt(variance + epsilon) + beta = W' x + b'
"""

from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from classifier.hooks import replaced
from classifier.survey import LayerCall, layers_within

FROZEN_BYTES = 2**28  # larger models keep weights outside of the graph: freezing copies them often


class Fold(NamedTuple):
    """A convolution and the batch norm that it can swallow."""

    convolution: Any
    norm: Any


def foldable(calls: list[LayerCall]) -> list[Fold]:
    """The pairs of calls whose batch norm can be folded into the convolution before it.

    That is where both layers run once, the norm alone reads what the convolution gives, and the
    convolution has no activation of its own.
    """
    import keras

    runs = {}
    readers = {}
    for call in calls:
        runs[id(call.layer)] = runs.get(id(call.layer), 0) + 1
        if call.is_leaf:
            for source in call.sources:
                readers[source] = readers.get(source, 0) + 1
    folds = []
    for call in calls:
        if call.source is None or not isinstance(call.layer, keras.layers.BatchNormalization):
            continue
        convolution = calls[call.source].layer
        once = runs[id(convolution)] == runs[id(call.layer)] == readers[call.source] == 1
        if once and _has_plain_kernel(convolution) and call.layer.axis in (-1, len(call.shape) - 1):
            folds.append(Fold(convolution, call.layer))
    return folds


def _has_plain_kernel(layer) -> bool:
    import keras

    kinds = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.Conv3D)
    return (
        type(layer) in kinds  # a subclass may use its kernel in another way
        and isinstance(layer.kernel, keras.Variable)  # not quantised, no LoRA
        and layer.activation in (None, keras.activations.linear)
        and layer.data_format == "channels_last"
    )


def folded_weights(fold: Fold) -> tuple[dict[int, np.ndarray], np.ndarray]:
    """The convolution's weights with the norm's scale in them, by `id`; and the norm's shift."""
    convolution, norm = fold
    scale = 1 / np.sqrt(np.asarray(norm.moving_variance, np.float64) + norm.epsilon)
    if norm.scale:
        scale = scale * np.asarray(norm.gamma, np.float64)
    shift = -np.asarray(norm.moving_mean, np.float64) * scale
    if norm.center:
        shift = shift + np.asarray(norm.beta, np.float64)
    kernel = np.asarray(convolution.kernel, np.float64)
    if type(convolution).__name__ == "DepthwiseConv2D":  # (h, w, C, multiplier)
        kernel = kernel * scale.reshape(kernel.shape[2:])
    else:  # (..., in, out)
        kernel = kernel * scale
    weights = {id(convolution.kernel): kernel}
    if convolution.use_bias:
        weights[id(convolution.bias)] = np.asarray(convolution.bias, np.float64) * scale
    return weights, shift


@contextmanager
def twin_of(model, folds: list[Fold], layer=None):
    """While inside, `model` computes as its twin; `layer`, if given, keeps its own output."""
    import keras
    import tensorflow as tf

    with tf.init_scope():  # eager, also while a function is traced
        arrays = {id(variable): np.asarray(variable) for variable in model.variables}
        norms = []
        for fold in folds:
            if fold.convolution is layer:
                continue
            weights, shift = folded_weights(fold)
            arrays |= {key: array.astype(np.float32) for key, array in weights.items()}
            norms.append((fold.norm, "call", _adding(shift)))
    frozen = sum(array.nbytes for array in arrays.values()) <= FROZEN_BYTES
    with nullcontext() if frozen else tf.init_scope():
        state = [(v, tf.constant(arrays[id(v)], v.dtype)) for v in model.variables]
    with replaced(norms), keras.StatelessScope(state_mapping=state):
        yield


@contextmanager
def in_bfloat16(model, last):
    """While inside, the layers of `model` compute in bfloat16, all but `last`, in float32."""
    import keras

    policy = keras.DTypePolicy("mixed_bfloat16")
    layers = (layer for _, layer in layers_within(model) if isinstance(layer, keras.Layer))
    with replaced((layer, "_dtype_policy", policy) for layer in layers if layer is not last):
        yield


def has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 by itself (avx512_bf16 or AMX), if it tells."""
    cpuinfo = Path("/proc/cpuinfo")
    flags = cpuinfo.read_text() if cpuinfo.is_file() else ""
    return "avx512_bf16" in flags or "amx_bf16" in flags


def _adding(shift: np.ndarray):
    """A batch norm's `call` whose scale stands in the convolution before it."""
    import tensorflow as tf

    def call(inputs, training=None, mask=None):
        return tf.nn.bias_add(inputs, tf.constant(shift, inputs.dtype))

    return call
