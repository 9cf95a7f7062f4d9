"""The engine behind every class activation map.

    L = ReLU( sum over k of W_k )        of the weighted channels W (h, w, K) of a layer

The members of the family differ in how they weigh the layer's features A; what is common stands
here: the sum over channels, ReLU, smoothing, and the average over several layers.
"""

from collections.abc import Callable
from itertools import product
from typing import Annotated, Literal

import numpy as np

from representations import upsampled, upsampled_clip
from runtime import tally

SCALES = (0.9, 1.0, 1.1)  # of the preprocessed input, for smooth=augment

Smooth = Annotated[
    Literal["none", "augment", "principal"],
    "augment: mean over flips and scales of the input; principal: first component of the channels",
]


def activation_maps(
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    weigh: Callable[..., np.ndarray],
    smooth: str = "none",
    signed: bool = False,
) -> np.ndarray:
    """Maps (N, h, w) float32 of the classifier's target layer, or of its layers' average.

    `weigh(classifier, images, class_indices, layer)` gives the layer's weighted channels
    (N, h, w, K). Nothing is negative, unless `signed` and of one layer. Smoothing is
    pytorch-grad-cam's: `augment` averages the maps over the image and its mirror image (whose
    map is mirrored back), each with its input times 0.9, 1 and 1.1; `principal` takes the first
    principal component of the weighted channels in the place of their sum.
    """
    combine = principal_component if smooth == "principal" else channel_sum

    def explain(classifier, images: np.ndarray) -> np.ndarray:
        tally(passes=len(classifier.layers))
        maps = [
            combine(weigh(classifier, images, class_indices, layer)) for layer in classifier.layers
        ]
        return average(maps) if signed else np.maximum(average(maps), 0)

    if smooth != "augment":
        return explain(classifier, images)
    total = 0.0
    for factor, step in product(SCALES, (1, -1)):
        maps = explain(classifier.scaled(factor), images[..., ::step, :])
        total = total + maps[..., ::step]
    return total / np.float32(2 * len(SCALES))


def by_gradients(weigh: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable:
    """What `activation_maps` takes, of a formula `weigh(A, dS_c/dA)`, all (N, h, w, K)."""

    def weighted_channels(classifier, images, class_indices, layer: str) -> np.ndarray:
        return weigh(*classifier.feature_gradients(images, class_indices, layer))

    return weighted_channels


def over_positions(features: np.ndarray) -> tuple[int, ...]:
    """The axes h and w of (N, h, w, K); t too of (N, t, h, w, K)."""
    return tuple(range(1, features.ndim - 1))


def channel_sum(channels: np.ndarray) -> np.ndarray:
    """(N, h, w, K) -> (N, h, w): their sum."""
    return channels.sum(axis=-1)


def principal_component(channels: np.ndarray) -> np.ndarray:
    """(N, h, w, K) -> (N, h, w): each position's coordinate on the first principal component.

    Channels are centred over the positions. Of the two directions it is the one in which the
    map correlates with the mean of the channels.
    """
    rows = channels.reshape(len(channels), -1, channels.shape[-1]).astype(np.float64)  # (N, hw, K)
    rows -= rows.mean(axis=1, keepdims=True)
    columns = rows.swapaxes(1, 2)
    if rows.shape[1] <= rows.shape[2]:  # the smaller of the two covariances, whose spectrum is one
        squares, vectors = np.linalg.eigh(rows @ columns)
        maps = vectors[:, :, -1] * np.sqrt(np.maximum(squares[:, -1:], 0))  # (N, hw)
    else:
        vectors = np.linalg.eigh(columns @ rows)[1]
        maps = (rows @ vectors[:, :, -1:])[..., 0]
    agreement = (maps * rows.mean(axis=-1)).sum(axis=1, keepdims=True)
    maps *= np.where(agreement < 0, -1, 1)
    return maps.reshape(channels.shape[:-1]).astype(np.float32)


def average(maps: list[np.ndarray]) -> np.ndarray:
    """The average of the layers' maps (N, h_i, w_i); one layer's map stays as it is.

    As pytorch-grad-cam has it, each map is first brought to [0, 1]: negatives set to 0, less its
    minimum and divided by its maximum. Then to the largest of the resolutions.
    """
    if len(maps) == 1:
        return maps[0]
    return np.mean(at_largest_size([_in_unit_range(layer) for layer in maps]), axis=0)


def at_largest_size(maps: list[np.ndarray]) -> np.ndarray:
    """The layers' maps (N, h_i, w_i), upsampled bilinearly to the largest: (layers, N, h, w)."""
    size = max((layer.shape[1:] for layer in maps), key=np.prod)
    bring = upsampled if len(size) == 2 else upsampled_clip
    return np.stack([[bring(saliency_map, size) for saliency_map in layer] for layer in maps])


def _in_unit_range(maps: np.ndarray) -> np.ndarray:
    maps = np.maximum(maps, 0)
    axes = tuple(range(1, maps.ndim))
    lows = maps.min(axis=axes, keepdims=True)
    spans = maps.max(axis=axes, keepdims=True) - lows
    return (maps - lows) / np.where(spans > 0, spans, 1)
