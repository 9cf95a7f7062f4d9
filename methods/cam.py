"""CAM, class activation mapping (Zhou 2016, https://arxiv.org/abs/1512.04150)."""

import numpy as np

from engines.activation_maps import Smooth, activation_maps, over_positions
from runtime import note

ELSEWHERE = -2.0  # times the features: where the gradient must be the same, were the head linear
TOLERANCE = 1e-3  # of the gradients, relative to the largest


def cam(
    classifier, images: np.ndarray, class_indices: np.ndarray, *, smooth: Smooth = "none"
) -> np.ndarray:
    """CAM: (N, h, w), the channels weighted as the head weighs their means; needs a linear head.

    Units are those of the logit; nothing is negative. Zhou 2016. Where the head pools maps
    of the classes (SqueezeNet), it is the class's own map. Raises ValueError for a head that is not
    global average pooling and one dense layer, found by its gradient: that of such a head is the
    same at every position and whatever the features.
    """
    return activation_maps(classifier, images, class_indices, weighted_channels, smooth)


def weighted_channels(classifier, images, class_indices, layer: str) -> np.ndarray:
    """w_kc A_k (N, h, w, K)."""
    if layer == classifier.target_layer:
        layer = classifier.class_maps or layer
    note(layer=layer)
    features, gradients = classifier.feature_gradients(images, class_indices, layer)
    means = gradients.mean(axis=over_positions(features), keepdims=True)
    _, elsewhere = classifier.feature_gradients(  # one image will do: it is the head's nature
        images[:1], class_indices[:1], layer, features=ELSEWHERE * features[:1]
    )
    off = max(np.abs(gradients - means).max(), np.abs(elsewhere - means[:1]).max())
    if off > TOLERANCE * np.abs(means).max():
        raise ValueError(
            f"CAM needs a head of global average pooling and one dense layer; that of "
            f"{classifier.name} behind {layer} is another: its logits are not linear in the "
            "channels' means (GRADCAM takes any head)"
        )
    positions = int(np.prod(features.shape[1:-1]))
    return features * (positions * means)
