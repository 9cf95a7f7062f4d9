"""The folded model: the same model, called with batch norm folded.

Nothing is cloned. While `tf.function` traces the model, every foldable batch norm's `call` adds
only its shift, and the convolution before it reads a kernel that holds the scale.
    y = gamma (W x + b - mean) / sqrt(variance + epsilon) + beta = W' x + b'
"""

from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from classifier.network.hooks import replaced
from classifier.network.trace import LayerCall, layers_within


class Fold(NamedTuple):
    """A convolution and the batch norm that it can swallow."""

    convolution: Any
    norm: Any


class Folded(NamedTuple):
    """A fold as it was done: what the convolution reads, and what the norm still adds."""

    fold: Fold
    weights: list[tuple[Any, Any]]  # variables, and tensors in their place
    shift: np.ndarray


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


def folded(fold: Fold) -> Folded:
    """The convolution's weights with the norm's scale in them, and the norm's shift."""
    import tensorflow as tf

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
    arrays = [(convolution.kernel, kernel)]
    if convolution.use_bias:
        arrays.append((convolution.bias, np.asarray(convolution.bias, np.float64) * scale))
    weights = [(variable, tf.constant(array, variable.dtype)) for variable, array in arrays]
    return Folded(fold, weights, shift)


@contextmanager
def folded_model(folds: Iterable[Folded], layer=None):
    """While inside, the model computes as its folded; `layer`, if given, keeps its own output.

    The tensors stay outside of the graph: as constants in it the weights would be copied a dozen
    times while it is made, and convolutions be a twentieth faster.
    """
    import keras

    done = [item for item in folds if item.fold.convolution is not layer]
    norms = [(item.fold.norm, "call", _adding(item.shift)) for item in done]
    state = [pair for item in done for pair in item.weights]
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
