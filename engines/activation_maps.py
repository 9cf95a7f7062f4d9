"""The engine behind every class activation map.

    L = ReLU( sum over k of W_k )        of the weighted channels W (h, w, K) of a layer

The members of the family differ in how they weigh the layer's features A; what is common stands
here: the sum over channels, ReLU, smoothing, and the average over several layers.
"""

from collections.abc import Callable
from itertools import product
from typing import Annotated, Literal

import cv2
import numpy as np

from representations import upsampled, upsampled_clip
from runtime import note, tally

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
        layers = classifier.map_layers
        tally(passes=len(layers))
        maps = [
            placed(combine(weigh(classifier, images, class_indices, layer)), classifier, layer)
            for layer in layers
        ]
        if signed or not classifier.has_branches:
            return average(maps) if signed else np.maximum(average(maps), 0)
        return average(maps, evidence(classifier, images, class_indices, layers))

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


def placed(maps: np.ndarray, classifier, layer: str) -> np.ndarray:
    """The layer's maps (N, h, w) on a grid of the whole image, where the network crops or pads.

    What the layer does not see is 0; the grid's cells are about as large as they were. Where it is
    not known what the layer sees, the maps stay as they are, with a caution.
    """
    region = classifier.map_region(layer)
    if region is None:
        note(
            caution=f"the network crops, turns or joins its images before layer {layer} in a way "
            "that is not understood: its map may not lie where it is drawn"
        )
        return maps
    if region.is_whole or maps.ndim != 3:
        return maps
    return np.stack([_on_whole_image(one, region) for one in maps])


def _on_whole_image(saliency_map: np.ndarray, region) -> np.ndarray:
    """(h, w) of a region, in parts of the image -> (h', w') of the image, bilinear, 0 outside."""
    top, left, *sizes = region
    axes, seen = [], []
    for start, size, cells in zip((top, left), sizes, saliency_map.shape, strict=True):
        count = max(1, round(cells / size))
        places = ((np.arange(count) + 0.5) / count - start) / size  # in parts of the region
        seen.append((places >= 0) & (places <= 1))
        axes.append(np.clip(places * cells - 0.5, 0, cells - 1).astype(np.float32))
    columns, rows = np.meshgrid(axes[1], axes[0])
    values = cv2.remap(
        np.asarray(saliency_map, np.float32), columns, rows, interpolation=cv2.INTER_LINEAR
    )
    return np.where(np.outer(*seen), values, 0).astype(np.float32)


def evidence(classifier, images, class_indices, layers: tuple[str, ...]) -> np.ndarray:
    """(layers, N): how much each branch's end says for the class, the sum of max(A dS_c/dA, 0).

    So that a branch on which the class hardly depends is not drawn as strong as the one that
    decides. It is ours: the papers know of no branches.
    """
    found = []
    for layer in layers:
        features, gradients = classifier.feature_gradients(images, class_indices, layer)
        said = np.maximum((features * gradients).sum(axis=-1), 0)
        found.append(said.reshape(len(said), -1).sum(axis=1))
    tally(passes=len(layers))
    return np.array(found)


def average(maps: list[np.ndarray], weights: np.ndarray | None = None) -> np.ndarray:
    """The average of the layers' maps (N, h_i, w_i); one layer's map stays as it is.

    As pytorch-grad-cam has it, each map is first brought to [0, 1]: negatives set to 0, less its
    minimum and divided by its maximum. Then to the largest of the resolutions. With `weights`
    (layers, N) it is the weighted one, of an image where not all are 0.
    """
    if len(maps) == 1:
        return maps[0]
    scaled = at_largest_size([_in_unit_range(layer) for layer in maps])
    if weights is None:
        return np.mean(scaled, axis=0)
    weights = np.where(weights.sum(axis=0) > 0, weights, 1)
    weights = weights / weights.sum(axis=0)
    weights = weights.reshape(*weights.shape, *[1] * (scaled.ndim - 2))
    return (weights * scaled).sum(axis=0).astype(np.float32)


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
