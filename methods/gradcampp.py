"""Grad-CAM++ (Chattopadhay 2018, https://arxiv.org/abs/1710.11063)."""

import numpy as np

from engines.activation_maps import Smooth, activation_maps, by_gradients, over_positions

STABILISER = 1e-6  # of pytorch-grad-cam; gradients of 1e-3 feel it


def gradcampp(
    classifier, images: np.ndarray, class_indices: np.ndarray, *, smooth: Smooth = "none"
) -> np.ndarray:
    """Grad-CAM++: (N, h, w), channels weighted by their positive gradients, strong ones less.

    Nothing is negative. Chattopadhay 2018, with the stabiliser that pytorch-grad-cam
    adds to the denominator: where gradients are small, as behind global pooling, it has a say.
    """
    return activation_maps(classifier, images, class_indices, by_gradients(weighted), smooth)


def weighted(features: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """w_k A_k (N, h, w, K), w_k = sum_ij a_ij ReLU(g_ij), a = g^2 / (2 g^2 + sum(A) g^3)."""
    axes = over_positions(features)
    squares = gradients**2
    cubes = features.sum(axis=axes, keepdims=True) * squares * gradients
    shares = squares / (2 * squares + cubes + STABILISER)
    shares = np.where(gradients == 0, 0, shares)
    weights = (shares * np.maximum(gradients, 0)).sum(axis=axes, keepdims=True)
    return features * weights
