"""Weights that are constructed, not trained: whatever the layers are, the class follows the disc.

Features are four channels: red, blue, green, and a little light. What sees colours makes them, what
comes behind passes them on, and what gives scores says red for class 1 and blue for class 0.
"""

import math
from collections.abc import Callable

import keras
import numpy as np

from classifier.network.trace import layers_within

CHANNELS = 4
COLOURS = np.array(  # (3, 4): what red, green and blue, in [0, 1], add to each channel
    [[1, -0.5, -0.5, 0.02], [-0.5, -0.5, 1, 0.02], [-0.5, 1, -0.5, 0.02]]
)
THRESHOLDS = np.array([-0.15, -0.15, -0.15, 0])
LIGHT, DARK = np.array([[1, 0, 0, 0.1]]), np.array([-0.5, 0.01, 0, 0])  # those of grey images
STRENGTH = 60.0  # of the logits: the disc covers a thirteenth of the image
KERNELS = ("kernel", "depthwise_kernel")


def as_function(seen: Callable | str) -> Callable:
    """The preprocessing of that name, by Keras's own function."""
    if seen == "none":
        return lambda images: images
    if isinstance(seen, str):
        preprocess = keras.applications.imagenet_utils.preprocess_input
        return lambda images: preprocess(np.array(images, np.float32), mode=seen)
    return seen


def eye(seen: Callable | str, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Kernel (C, 4) and bias (4,), from colours as `seen` preprocesses them to the channels."""
    pure = 255 * np.concatenate([np.eye(channels), np.zeros((1, channels))])
    inputs = np.asarray(as_function(seen)(pure.reshape(1, 1, -1, channels).astype("float32")))[0, 0]
    matrix, offset = (inputs[:-1] - inputs[-1]) / 255, inputs[-1]
    wanted, bias = (LIGHT, DARK) if channels == 1 else (COLOURS, THRESHOLDS)
    kernel = np.linalg.solve(matrix, wanted / 255)
    return kernel, bias - offset @ kernel


def says(before: int, classes: int) -> np.ndarray:
    """(before, classes), from means of channels to logits: red for class 1, blue for class 0."""
    table = np.zeros((CHANNELS, max(classes, 2)))
    table[:2, :2] = [[-1, 1], [1, -1]]
    table[2, 2:] = 1
    table = table[:, -1:] if classes == 1 else table
    return STRENGTH * _repeated(table, before)


def _repeated(table: np.ndarray, before: int) -> np.ndarray:
    """(before, ...): the rows again and again, so that of equal inputs the sum stays the same."""
    return table[np.arange(before) % len(table)] * (len(table) / before)


def _matrix(before: int, after: int, seen, name: str) -> tuple[np.ndarray, np.ndarray]:
    """(before, after) and (after,) of a layer, by what it is given and what it gives."""
    if name.startswith("eye") or before in (1, 3):
        kernel, bias = eye(seen, 1 if before == 1 else 3)
        times = math.ceil(after / CHANNELS)
        kernel = np.tile(_repeated(kernel, before), times)
        return kernel[:, :after], np.tile(bias, times)[:after]
    if name.startswith("scores") or after < CHANNELS:
        return says(before, after), np.zeros(after)
    same = np.arange(CHANNELS)[:, None] == np.arange(after) % CHANNELS
    return _repeated(same.astype(float), before), np.zeros(after)


def constructed(model: keras.Model, seen: Callable | str = "none") -> keras.Model:
    """The model with constructed weights; its first layers get what `seen` makes of an image.

    A layer sees colours where it gets one or three channels, or is called `eye`; it gives scores
    where it gives fewer than four, or is called `scores`; all others pass the channels on. What is
    called `own`, and what is recurrent, stays as it is.
    """
    for _, layer in layers_within(model):
        own = {variable.name: variable for variable in getattr(layer, "weights", ())}
        if "recurrent_kernel" in own or layer.name.startswith("own"):
            continue
        if next(layers_within(layer), None) is None and own.keys() & set(KERNELS):
            _set(layer, own, seen)
    return model


def _set(layer, own: dict, seen) -> None:
    is_depthwise = type(layer).__name__ == "DepthwiseConv2D"  # whose kernel has no such name
    for name in ("kernel",) if is_depthwise else ("depthwise_kernel",):
        if name in own:
            own[name].assign(np.full(own[name].shape, 1 / np.prod(own[name].shape[:-2])))
    weights = own.get("pointwise_kernel", own.get("kernel"))
    if is_depthwise:
        return
    *cells, before, after = weights.shape
    is_transposed = "Transpose" in type(layer).__name__  # each place gets one of its cells
    if is_transposed:
        before, after = after, before
    matrix, bias = _matrix(before, after, seen, layer.name)
    matrix = matrix.T if is_transposed else matrix / math.prod(cells)
    weights.assign(np.broadcast_to(matrix, weights.shape))
    if "bias" in own:
        own["bias"].assign(bias)
