"""HiResCAM (Draelos 2020, https://arxiv.org/abs/2011.08891)."""

import numpy as np

from engines.activation_maps import Smooth, activation_maps, by_gradients


def hirescam(
    classifier, images: np.ndarray, class_indices: np.ndarray, *, smooth: Smooth = "none"
) -> np.ndarray:
    """HiResCAM: (N, h, w), features times gradients position by position, not pooled.

    Nothing is negative. Where the head is linear in the features, the sum before ReLU is the logit
    less its bias. Draelos 2020.
    """
    return activation_maps(classifier, images, class_indices, by_gradients(weighted), smooth)


def weighted(features: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """A_ijk dS_c/dA_ijk (N, h, w, K)."""
    return features * gradients
