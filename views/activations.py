"""A layer's maps side by side (as in Zeiler 2014, https://arxiv.org/abs/1311.2901, section 4)."""

from typing import Annotated, Literal

import numpy as np

from registry import COUNT
from representations import upsampled
from runtime import note
from views.mosaic import at_size, enlarged, mosaic

COLORMAP = "viridis"
TILE = 48  # height of a map's tile, pixels, at least


def activations(
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray | None,
    *,
    top: Annotated[int, "how many maps, the strongest by their mean first", COUNT] = 64,
    scale: Annotated[
        Literal["map", "layer"], "whether each map has its own maximum, or all the layer's"
    ] = "map",
    size: Annotated[
        Literal["map", "image"], "maps with their own pixels, or upsampled to the image's"
    ] = "map",
) -> list[np.ndarray]:
    """Activations: the maps of the target layer as a mosaic, the strongest first.

    From dark at 0 (the minimum where that is negative) to bright at the maximum. Several layers
    follow each other. A map of a clip is a row of its frames. Notes the channels that are shown,
    for each image and layer, and the size of a tile.
    """
    features = {layer: classifier.features(images, layer) for layer in classifier.layers}
    mosaics, channels, sizes = [], [], []
    for number in range(len(images)):
        tiles, chosen = [], {}
        for layer, maps in features.items():
            flat = in_a_row(maps[number])
            chosen[layer] = strongest_channels(flat, top)
            shown = np.moveaxis(flat[..., chosen[layer]], -1, 0)  # (top, h, w)
            frames = flat.shape[1] // maps.shape[-2]
            side = (images.shape[-3], frames * images.shape[-2]) if size == "image" else None
            tiles += tiles_of(shown, scale, side)
        largest = max(tile.shape[:2] for tile in tiles)
        mosaics.append(mosaic([at_size(tile, largest) for tile in tiles]))
        channels.append({layer: order.tolist() for layer, order in chosen.items()})
        sizes.append(largest)
    note(channels=channels, tiles=sizes)
    return mosaics


def describe(classifier, class_index: int | None, notes: dict) -> str:
    """How many channels of which layers one image's mosaic shows."""
    (channels,) = notes["channels"]
    return "\n".join(
        f"layer {layer}, {len(shown)} channels, the strongest first"
        for layer, shown in channels.items()
    )


def numbers(notes: dict) -> list[int]:
    """The channels of one image's mosaic, tile by tile."""
    (channels,) = notes["channels"]
    return [channel for shown in channels.values() for channel in shown]


def in_a_row(maps: np.ndarray) -> np.ndarray:
    """(t, h, w, K) of a clip -> (h, t w, K), its frames side by side; (h, w, K) stays as it is."""
    return maps if maps.ndim == 3 else np.concatenate(list(maps), axis=1)


def strongest_channels(features: np.ndarray, top: int) -> np.ndarray:
    """The `top` channels of (h, w, K) whose mean is largest, in that order; ties by number."""
    means = features.mean(axis=(0, 1), dtype=np.float64)
    return np.argsort(-means, kind="stable")[:top]


def tiles_of(
    maps: np.ndarray, scale: str = "map", size: tuple[int, int] | None = None
) -> list[np.ndarray]:
    """Maps (n, h, w), coloured: of that size, bilinear, or with their own pixels as squares."""
    axes = (1, 2) if scale == "map" else None
    lows = np.minimum(maps.min(axis=axes, keepdims=True), 0)
    spans = maps.max(axis=axes, keepdims=True) - lows
    values = (maps - lows) / np.where(spans > 0, spans, 1)
    if size is not None:
        return [coloured(upsampled(value, size)) for value in values]
    return [enlarged(coloured(value), TILE) for value in values]


def coloured(values: np.ndarray) -> np.ndarray:
    """(h, w) in [0, 1] -> (h, w, 3): the same colour for the same value in every map."""
    import matplotlib

    return matplotlib.colormaps[COLORMAP](values, bytes=True)[..., :3]
