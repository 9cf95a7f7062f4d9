"""The image that all models of the zoo see: a red disc that decides, a blue one that must not."""

import numpy as np

BLUE, RED = 0, 1  # the classes
DISC = (44 / 64, 20 / 64, 10 / 64)  # y, x, radius in parts of the side
OTHER = (16 / 64, 46 / 64, 6 / 64)


def disc(size: tuple[int, int], place=DISC, wider: float = 0.0) -> np.ndarray:
    """(H, W) bool: where the disc is, its radius `wider` pixels longer."""
    y, x, radius = place
    rows, columns = np.ogrid[: size[0], : size[1]]
    away = np.hypot(rows + 0.5 - y * size[0], columns + 0.5 - x * size[1])
    return away <= radius * min(size) + wider


def scene(size: tuple[int, int], grey: bool = False) -> np.ndarray:
    """(1, H, W, 3) float32: both discs on a dark grey of little noise; bright on dark if `grey`."""
    rng = np.random.default_rng(0)
    image = rng.uniform(50, 60, (*size, 1)) + rng.uniform(-2, 2, (*size, 3))
    image[disc(size)] = (230, 230, 230) if grey else (230, 40, 40)
    image[disc(size, OTHER)] = (5, 5, 5) if grey else (60, 60, 200)
    return image[np.newaxis].astype(np.float32)


def share_on_disc(saliency_map: np.ndarray, size: tuple[int, int], spread: float = 0.0) -> float:
    """The part of the map's positive energy on the red disc and at most a cell beside it.

    The map (h, w) is spread over the image by its nearest cells; `spread` are pixels by which a
    method blurs besides, as patches do.
    """
    energy = np.maximum(saliency_map, 0).astype(np.float64)
    rows, columns = (np.arange(n) * m // n for n, m in zip(size, energy.shape, strict=True))
    cell = max(n / m for n, m in zip(size, energy.shape, strict=True))
    energy = energy[rows][:, columns]
    return float(energy[disc(size, wider=cell + spread)].sum() / max(energy.sum(), 1e-30))


def is_strongest_on_disc(saliency_map: np.ndarray, size: tuple[int, int], spread: float) -> bool:
    """Whether the map's maximum is on the red disc, or in a cell beside it."""
    height, width = saliency_map.shape
    row, column = np.unravel_index(saliency_map.argmax(), saliency_map.shape)
    y, x = int((row + 0.5) * size[0] / height), int((column + 0.5) * size[1] / width)
    cell = max(size[0] / height, size[1] / width)
    return bool(disc(size, wider=cell / 2 + spread)[y, x])
