"""XGrad-CAM (Fu 2020, https://arxiv.org/abs/2008.02312)."""

import numpy as np

from engines.activation_maps import Smooth, activation_maps, by_gradients, over_positions

STABILISER = 1e-7  # a channel that is off everywhere has no weight


def xgradcam(
    classifier, images: np.ndarray, class_indices: np.ndarray, *, smooth: Smooth = "none"
) -> np.ndarray:
    """XGrad-CAM: (N, h, w), as Grad-CAM, gradients counting as much as the features they are at.

    Nothing is negative. Fu 2020.
    """
    return activation_maps(classifier, images, class_indices, by_gradients(weighted), smooth)


def weighted(features: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """w_k A_k (N, h, w, K), w_k = sum_ij A_ij g_ij / sum_ij A_ij."""
    axes = over_positions(features)
    totals = features.sum(axis=axes, keepdims=True) + STABILISER
    return features * (features * gradients).sum(axis=axes, keepdims=True) / totals
