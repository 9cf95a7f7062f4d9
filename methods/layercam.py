"""LayerCAM (Jiang 2021, https://doi.org/10.1109/TIP.2021.3089943)."""

import numpy as np

from engines.activation_maps import Smooth, activation_maps, by_gradients


def layercam(
    classifier, images: np.ndarray, class_indices: np.ndarray, *, smooth: Smooth = "none"
) -> np.ndarray:
    """LayerCAM: (N, h, w), features times their positive gradients; for early layers too.

    Nothing is negative. Jiang 2021.
    """
    return activation_maps(classifier, images, class_indices, by_gradients(weighted), smooth)


def weighted(features: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """A_ijk ReLU(dS_c/dA_ijk) (N, h, w, K)."""
    return features * np.maximum(gradients, 0)
