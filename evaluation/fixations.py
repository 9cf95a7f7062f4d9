"""Fixations: where people looked, as lists, and as the density maps that Wooding makes of them.

Wooding 2002, https://doi.org/10.3758/BF03195481: a Gaussian at each fixation, summed.
"""

from pathlib import Path

import numpy as np

from evaluation.fixation_files import fixation_list

DEGREES = 1.0  # of visual angle: the Gaussian's sigma, about the fovea's size
PIXELS_PER_DEGREE = 35.0  # of a usual set-up: MIT1003 (Judd 2009)


def wooding_map(
    fixations: np.ndarray,
    size: tuple[int, int],
    degrees: float = DEGREES,
    pixels_per_degree: float = PIXELS_PER_DEGREE,
) -> np.ndarray:
    """(H, W) float64 in [0, 1]: a Gaussian at each fixation, weighted by its duration if known.

    `fixations` are (n, 2) or (n, 3): x and y in pixels, duration. Sigma is `degrees` times
    `pixels_per_degree` pixels. All 0 where no fixation is inside.
    """
    from scipy.ndimage import gaussian_filter

    fixations = inside(fixations, size)
    weights = fixations[:, 2] if fixations.shape[1] > 2 else np.ones(len(fixations))
    impulses = np.zeros(size)
    np.add.at(impulses, pixels(fixations), weights)
    blurred = gaussian_filter(impulses, degrees * pixels_per_degree, mode="constant")
    return blurred / (blurred.max() or 1)


def inside(fixations: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The fixations that are inside of an image of this size (H, W)."""
    rows, columns = pixels(fixations)
    within = (columns >= 0) & (columns < size[1]) & (rows >= 0) & (rows < size[0])
    return fixations[within]


def pixels(fixations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns (n,) of the pixels that the fixations are in."""
    columns, rows = np.floor(fixations[:, :2]).astype(int).T
    return rows, columns


def read_fixations(path: Path, size: tuple[int, int] | None = None) -> np.ndarray:
    """(n, 2) or (n, 3) float64 from a text or CSV file: x and y in pixels, duration if it is there.

    Where the file has them in parts of the image's width and height, `size` (H, W) makes them
    pixels; without it they stay parts. Raises ValueError naming the file.
    """
    found = fixation_list(path)
    return in_pixels(found.places, size) if found.in_parts and size else found.places


def in_pixels(parts: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(n, 2) or (n, 3): fixations in parts of an image's sides, in its pixels; `size` is (H, W)."""
    height, width = size
    return parts * np.array([width, height, 1.0])[: parts.shape[1]]
