"""Whether code of a model's own moves its maps, where no operation of a graph tells of it."""

import numpy as np

from classifier.network.hooks import watched_outputs
from classifier.network.trace import LayerCall, Trace

FINE = 5  # cells on a side from which on a map says well where its halves come from
APART = 0.1  # of a side: by so much more one half's gradient lies before the other's, not moved
OFF_CENTRE = 0.15  # of a side: how far the middle of both may be off, by strides and padding


def has_own_code(model, trace: Trace) -> bool:
    """Whether a layer, or the model, does what a class that is not Keras's has in its `call`."""
    layers = [model, *(call.layer for call in trace.calls)]
    return any(
        type(layer).__module__.partition(".")[0] != "keras" or type(layer).__name__ == "Lambda"
        for layer in layers
    )


def moves_places(model, entry: LayerCall, call: LayerCall, inputs: np.ndarray) -> bool:
    """Whether the halves of `call`'s maps do not come from the same halves of `entry`'s.

    Found by running `inputs` (1, H, W, C): where nothing is moved, the gradient of the squares in
    the upper half lies above that of the lower half, about evenly from the middle, and so it is
    from left to right. Of maps of few cells only that they are not turned round is looked at.
    """
    import tensorflow as tf

    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        first, maps = watched_outputs(tape, model, entry, call, inputs)
        if len(first.shape) != 4 or len(maps.shape) != 4:
            return False
        axes = [axis for axis in (1, 2) if maps.shape[axis] > 1]
        sums = [[tf.reduce_sum(tf.square(half)) for half in _halves(maps, axis)] for axis in axes]
    for axis, halves in zip(axes, sums, strict=True):
        slopes = [tape.gradient(half, first, unconnected_gradients="zero") for half in halves]
        before, after = (_centre(np.abs(slope), axis) for slope in slopes)
        if not _is_kept(before, after, maps.shape[axis]):
            return True
    return False


def _halves(maps, axis: int) -> list:
    """The halves of (1, h, w, C) along an axis; of an odd side both have the middle."""
    side = maps.shape[axis]
    halves = slice((side + 1) // 2), slice(side // 2, side)
    return [maps[:, half] if axis == 1 else maps[:, :, half] for half in halves]


def _centre(slopes: np.ndarray, axis: int) -> float:
    """Where along an axis most of it is, in parts of the side; NaN where all is 0."""
    sums = slopes.sum(axis=tuple({0, 1, 2, 3} - {axis}))
    places = (np.arange(len(sums)) + 0.5) / len(sums)
    return float(sums @ places / sums.sum()) if sums.any() else np.nan


def _is_kept(before: float, after: float, cells: int) -> bool:
    """Whether halves whose gradients are at these places are where they were."""
    if np.isnan(before) or np.isnan(after):
        return bool(np.isnan(before) and np.isnan(after))
    if cells < FINE:
        return after - before > -APART
    return after - before >= APART and abs((before + after) / 2 - 0.5) <= OFF_CENTRE
