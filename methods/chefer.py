"""Relevance by attention and its gradient (Chefer 2021, https://arxiv.org/abs/2103.15679)."""

import numpy as np

from classifier.network.forward import in_graph
from engines.attention import attention_maps, carried, heard, mean_of_heads


def chefer(classifier, images: np.ndarray, class_indices: np.ndarray) -> np.ndarray:
    """Chefer: (N, h, w), attention that speaks for the class, carried through all blocks.

    R <- R + mean over heads of (dS_c/dA A)^+ R from R = I (eq. 5 and 6), in the row of the class
    token, or the mean over the grid where there is none, less I: what a token has of itself is no
    attention. Nothing is negative. Chefer 2021, for self-attention. Raises ValueError where
    attention cannot be followed.
    """
    return attention_maps(classifier, images, class_indices, relevance)


@in_graph
def relevance(forward, inputs, class_indices, read) -> dict:
    """The program: (N, T)."""
    import tensorflow as tf

    pairs = zip(*heard(forward, inputs, class_indices), strict=True)
    means = [mean_of_heads(tf.nn.relu(slopes * matrix)) for matrix, slopes in pairs]
    row = carried(read, means, lambda row, mean: row + row @ mean)[:, 0]
    return {"tokens": row - (read if means[-1].shape[2] > 1 else 0)}
