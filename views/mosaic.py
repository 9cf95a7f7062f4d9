"""Many small images side by side as one."""

import math
from collections.abc import Sequence

import cv2
import numpy as np

GAP = 2  # white pixels between tiles


def mosaic(tiles: Sequence[np.ndarray]) -> np.ndarray:
    """One image of tiles (h, w, 3) of one size, row by row, as square as can be.

    White between them and where the last row ends early. Raises ValueError for no tiles.
    """
    if not len(tiles):
        raise ValueError("a mosaic has at least one tile, got none")
    height, width = tiles[0].shape[:2]
    columns = math.ceil(math.sqrt(len(tiles) * height / width))
    rows = math.ceil(len(tiles) / columns)
    shape = (rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3)
    image = np.full(shape, 255, np.uint8)
    for number, tile in enumerate(tiles):
        top, left = (height + GAP) * (number // columns), (width + GAP) * (number % columns)
        image[top : top + height, left : left + width] = tile
    return image


def tile_corners(width: int, tile: tuple[int, int], count: int) -> list[tuple[int, int]]:
    """(x, y) of the upper left corner of each tile (h, w) of a mosaic of that width."""
    height, across = (side + GAP for side in tile)
    columns = (width + GAP) // across
    return [(n % columns * across, n // columns * height) for n in range(count)]


def enlarged(tile: np.ndarray, smallest: int) -> np.ndarray:
    """(h, w, 3) -> a whole multiple of it at least `smallest` high, its pixels seen as squares."""
    factor = math.ceil(smallest / tile.shape[0])
    return tile.repeat(factor, axis=0).repeat(factor, axis=1)


def at_size(tile: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The tile (h, w, 3) at a size (H, W), its pixels seen as squares."""
    return cv2.resize(tile, (size[1], size[0]), interpolation=cv2.INTER_NEAREST)
