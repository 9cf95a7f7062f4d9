"""Eigen-CAM (Muhammad 2020, https://arxiv.org/abs/2008.00299)."""

import numpy as np

from engines.activation_maps import Smooth, activation_maps, principal_component


def eigencam(
    classifier, images: np.ndarray, class_indices: np.ndarray, *, smooth: Smooth = "none"
) -> np.ndarray:
    """Eigen-CAM: (N, h, w), the features' first principal component; signed, class-agnostic.

    Features are centred over the positions, as pytorch-grad-cam has it. Of the two signs it is the
    one in which the map correlates with the mean feature. Muhammad 2020.
    """
    return activation_maps(classifier, images, class_indices, component, smooth, signed=True)


def component(classifier, images, class_indices, layer: str) -> np.ndarray:
    """The first principal component as the one channel of (N, h, w, 1)."""
    return principal_component(classifier.features(images, layer))[..., np.newaxis]
