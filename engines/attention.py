"""The engine behind the methods that follow attention through a network's layers.

A program (see `classifier.network.forward`) hears A_b (N, heads, T, T) of each block b, a row for
each token that asks, and gives what the tokens that are read got from each token, (N, T). To follow
a product of matrices from its last factor, that one row is carried: v <- v A_b, and no T x T matrix
but A_b itself is kept.
"""

from collections.abc import Callable

import numpy as np

from classifier.network.forward import GRADIENT_BATCH, class_logits
from runtime import tally


def attention_maps(
    classifier, images: np.ndarray, class_indices: np.ndarray, program: Callable
) -> np.ndarray:
    """Maps (N, h, w) float32 of the grid, by what the program gives of each token, (N, T).

    Raises ValueError where the network has no attention that can be followed.
    """
    return on_grid(classifier, attended(classifier, images, class_indices, program))


def attended(
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    program: Callable,
    read: np.ndarray | None = None,
) -> np.ndarray:
    """(N, ..., T): what the program gives of each token.

    It is `program(forward, inputs, class_indices, read) -> {"tokens": (N, ..., T)}`, `read` (T,)
    summing to 1: what the logits are read from, if it is not given. Raises ValueError where the
    network has no attention that can be followed.
    """
    read = classifier.attention.read if read is None else read
    inputs = classifier.preprocess(images)
    indices = classifier.checked(class_indices, len(images)).astype(np.int32)
    parts = (slice(n, n + GRADIENT_BATCH) for n in range(0, len(images), GRADIENT_BATCH))
    answers = [
        classifier.run(program, (inputs[part], indices[part], read), len(images)) for part in parts
    ]
    tally(passes=1)
    return np.concatenate([answer["tokens"] for answer in answers])


def on_grid(classifier, tokens: np.ndarray) -> np.ndarray:
    """(N, ..., T) -> (N, ..., h, w): those of the image's places."""
    grid = classifier.attention.grid
    return tokens[..., grid.start : grid.end].reshape(*tokens.shape[:-1], grid.height, grid.width)


def heard(forward, inputs, class_indices=None) -> tuple[list, list]:
    """The attention A_b of each block, and dS_c/dA_b if there are classes; (N, heads, T, T) each.

    The last may be (N, heads, 1, T), where a query of its own pools. For programs.
    """
    import tensorflow as tf

    outputs = forward(inputs, attention=True)
    if class_indices is None:
        slopes = outputs.attention
    else:
        chosen = class_logits(outputs, class_indices)
        slopes = tf.gradients(chosen, outputs.attention, unconnected_gradients="zero")
    return [list(map(_with_heads, tensors)) for tensors in (outputs.attention, slopes)]


def carried(read, matrices: list, step: Callable):
    """(N, heads, T): the row `read` (T,) carried from the last matrix to the first.

    `step(v, M)` gives v (N, heads, 1, T) one matrix (N, heads, T, T) further. A last matrix with
    one query is itself the row that is read.
    """
    import tensorflow as tf

    row = read[tf.newaxis, tf.newaxis, tf.newaxis] + tf.zeros_like(matrices[-1][:, :, :1])
    if matrices[-1].shape[2] == 1:
        *matrices, row = matrices
    for matrix in reversed(matrices):
        row = step(row, matrix)
    return row[:, :, 0]


def normalised(matrix):
    """The matrix (..., T, T) with each row divided by its sum, in float32."""
    import tensorflow as tf

    return matrix / tf.reduce_sum(matrix, axis=-1, keepdims=True)


def mean_of_heads(matrix):
    """(N, heads, T, T) -> (N, 1, T, T)."""
    import tensorflow as tf

    return tf.reduce_mean(matrix, axis=1, keepdims=True)


def _with_heads(matrix):
    """(N, T, T) is of one head."""
    import tensorflow as tf

    matrix = tf.cast(matrix, tf.float32)
    return matrix if len(matrix.shape) == 4 else matrix[:, tf.newaxis]
