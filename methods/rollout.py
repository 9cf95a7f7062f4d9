"""Attention rollout (Abnar 2020, https://arxiv.org/abs/2005.00928)."""

import numpy as np

from classifier.network.forward import in_graph
from engines.attention import attention_maps, carried, heard, mean_of_heads, normalised


def rollout(classifier, images: np.ndarray, class_indices: np.ndarray) -> np.ndarray:
    """Attention rollout: (N, h, w), how much of each place reaches what is read; class-agnostic.

    The row of the class token, or the mean over the grid where there is none, of the product over
    blocks of 0.5 A + 0.5 I, A the mean of the heads. All tokens together sum to 1. Abnar 2020,
    eq. 1. Raises ValueError where attention cannot be followed.
    """
    return attention_maps(classifier, images, class_indices, rolled_out)


@in_graph
def rolled_out(forward, inputs, class_indices, read) -> dict:
    """The program: (N, T)."""
    attention, _ = heard(forward, inputs)
    means = [normalised(mean_of_heads(matrix)) for matrix in attention]
    return {"tokens": carried(read, means, lambda row, mean: 0.5 * (row @ mean + row))[:, 0]}
