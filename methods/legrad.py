"""LeGrad, by attention's gradient (Bousselham 2024, https://arxiv.org/abs/2404.03214)."""

import numpy as np

from classifier.network.forward import in_graph
from engines.attention import attention_maps, heard


def legrad(classifier, images: np.ndarray, class_indices: np.ndarray) -> np.ndarray:
    """LeGrad: (N, h, w), where more attention would raise the class's logit, in any block.

    The mean over blocks, heads and queries of ReLU(dS_c/dA). Nothing is negative. Bousselham 2024,
    eq. 6 to 8, S_c being the network's own logit for all blocks: the paper, and torch-cam, read a
    class from each block's tokens. Raises ValueError where attention cannot be followed.
    """
    return attention_maps(classifier, images, class_indices, sensitivity)


@in_graph
def sensitivity(forward, inputs, class_indices, read) -> dict:
    """The program: (N, T)."""
    import tensorflow as tf

    _, slopes = heard(forward, inputs, class_indices)
    means = [tf.reduce_mean(tf.nn.relu(slope), axis=(1, 2)) for slope in slopes]
    return {"tokens": tf.add_n(means) / len(means)}
