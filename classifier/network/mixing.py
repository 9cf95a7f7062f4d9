"""Whether a network mixes positions as tokens behind its last map, as a transformer does."""

import numpy as np

from classifier.network.hooks import watched_outputs
from classifier.network.trace import LayerCall, Trace

MOST = 0.5  # of the positions: a token that sees more of them is of no place


def mixing_layer(model, trace: Trace, call: LayerCall, inputs: np.ndarray) -> str | None:
    """Path of the last layer behind `call` whose tokens each see most of its positions; or None.

    Then a class's gradient at `call`, averaged over positions, says little of where. Found by
    running `inputs` (1, H, W, C): in a row of at least as many tokens as there are positions, the
    gradient of one reaches more than half of these.
    """
    import tensorflow as tf

    positions = int(np.prod(call.shape[1:-1]))
    later = trace.calls[trace.calls.index(call) + 1 :]
    later = [other for other in later if other.is_weighted and _is_row(other.shape, positions)]
    if not later:
        return None
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        features, tokens = watched_outputs(tape, model, call, later[-1], inputs)
        token = tf.reduce_sum(tf.square(tokens[:, -1]))
    slopes = tape.gradient(token, features, unconnected_gradients="zero")
    reached = np.abs(np.asarray(slopes)).sum(axis=-1) > 0
    return later[-1].path if reached.mean() > MOST else None


def _is_row(shape: tuple[int, ...], positions: int) -> bool:
    return len(shape) == 3 and shape[0] == 1 and shape[1] >= positions
