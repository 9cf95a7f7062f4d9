"""A share of an image hidden, or kept alone: the most salient, or any.

With rectangles the image is a grid of `CELLS` x `CELLS` cells, ranked by the mean of the map in
them, so that what is covered is compact and no pixel's neighbours give it away. Ties are broken by
the order of reading.
"""

from typing import Literal, NamedTuple

import numpy as np

from engines import fills
from representations import upsampled

CELLS = 14  # of a side of the grid of rectangles

Shape = Literal["rectangles", "pixels"]
Fill = Literal["black", "blur"]


class Masked(NamedTuple):
    """An image (H, W, 3) float32 in [0, 255], where it is hidden, and what share of it that is."""

    image: np.ndarray
    hidden: np.ndarray  # (H, W) bool
    share: float  # of the pixels in the region: hidden ones, or with `keep` those kept


def masked(
    image: np.ndarray,
    saliency_map: np.ndarray,
    fraction: float,
    keep: bool = False,
    fill: Fill = "black",
    shape: Shape = "rectangles",
) -> Masked:
    """The image (H, W, 3) with its most salient share hidden; with `keep`, all else.

    `saliency_map` (h, w), of any size, is upsampled to the image's. Raises ValueError for a
    fraction outside of (0, 1), another fill or shape.
    """
    region = salient_region(upsampled(saliency_map, image.shape[:2]), fraction, shape)
    return hide(image, region, keep, fill)


def hide(image: np.ndarray, region: np.ndarray, keep: bool = False, fill: Fill = "black") -> Masked:
    """The image (H, W, 3) with a region (H, W) bool hidden, or with all but it."""
    if fill not in FILLS:
        raise ValueError(f"fill is one of {', '.join(FILLS)}, got {fill!r}")
    hidden = ~region if keep else region
    shown = np.where(hidden[..., np.newaxis], FILLS[fill](image), image).astype(np.float32)
    return Masked(shown, hidden, float(region.mean()))


def salient_region(
    saliency_map: np.ndarray, fraction: float, shape: Shape = "rectangles"
) -> np.ndarray:
    """(H, W) bool: the most salient pixels, or cells, of a map (H, W).

    One at least. Its share is as near to the fraction as whole cells allow: never off by more than
    half of the largest cell, or half a pixel.
    """
    labels = cells(saliency_map.shape, shape)
    total = np.bincount(labels.ravel(), saliency_map.ravel())
    order = np.argsort(-total / np.bincount(labels.ravel()), kind="stable")
    return _first(order, labels, fraction)


def moved_region(region: np.ndarray, seed: int) -> np.ndarray:
    """(H, W) bool: the same region at a random place, where it leaves one side it comes in at the
    other, and mirrored or not: the same share and shape, but for where it is cut.
    """
    rng = np.random.default_rng(seed)
    down, right = (int(rng.integers(side)) for side in region.shape)
    mirrored = region[:: rng.choice([-1, 1]), :: rng.choice([-1, 1])]
    return np.roll(mirrored, (down, right), axis=(0, 1))


def cells(size: tuple[int, int], shape: Shape) -> np.ndarray:
    """(H, W) int: the number of the cell that each pixel belongs to. Raises ValueError."""
    if shape not in GRIDS:
        raise ValueError(f"shape is one of {', '.join(GRIDS)}, got {shape!r}")
    down, right = (
        np.arange(side) * count // side
        for side, count in zip(size, GRIDS[shape](size), strict=True)
    )
    return down[:, np.newaxis] * (right[-1] + 1) + right


def _first(order: np.ndarray, labels: np.ndarray, fraction: float) -> np.ndarray:
    """Where the first cells of the order are, as many as come nearest to the fraction."""
    if not 0 < fraction < 1:
        raise ValueError(f"a fraction of an image is between 0 and 1, got {fraction}")
    covered = np.cumsum(np.bincount(labels.ravel())[order]) / labels.size
    count = 1 + int(np.abs(covered - fraction).argmin())
    chosen = np.zeros(len(order), bool)
    chosen[order[:count]] = True
    return chosen[labels]


# Cells of a side of an image (H, W), and what hides it.
GRIDS = {
    "rectangles": lambda size: tuple(min(CELLS, side) for side in size),
    "pixels": lambda size: size,
}
FILLS = {"black": fills.black, "blur": fills.wide_blur}
