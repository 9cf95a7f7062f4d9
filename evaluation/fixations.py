"""Fixations: where people looked, as lists, and as the density maps that Wooding makes of them.

Wooding 2002, https://doi.org/10.3758/BF03195481: a Gaussian at each fixation, summed.
"""

import re
from pathlib import Path

import numpy as np

DEGREES = 1.0  # of visual angle: the Gaussian's sigma, about the fovea's size
PIXELS_PER_DEGREE = 35.0  # of a usual set-up: MIT1003 (Judd 2009)
COLUMNS = tuple(  # what headers call x, y and the duration
    re.compile(pattern, re.IGNORECASE)
    for pattern in (r"(^|[^a-z])x($|[^a-z])|xpos|posx", r"(^|[^a-z])y($|[^a-z])|ypos|posy", "dur")
)


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


def read_fixations(path: Path) -> np.ndarray:
    """(n, 2) or (n, 3) float64 from a text or CSV file: x and y in pixels, duration if it is there.

    Separated by commas, semicolons, tabs or spaces; a first line of names may say which columns
    they are; `#` begins a comment. Raises ValueError naming the file and the line.
    """
    rows, columns = [], [0, 1, 2]
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        cells = [cell for cell in re.split(r"[,;\s]+", line.split("#")[0].strip()) if cell]
        if not cells:
            continue
        try:
            values = [float(cell) for cell in cells]
        except ValueError:
            if rows:
                raise ValueError(
                    f"'{path}', line {number}: expected numbers, got '{line}'"
                ) from None
            columns = _named_columns(cells) or columns
            continue
        if len(values) < 2 or not np.isfinite(values).all():
            raise ValueError(f"'{path}', line {number}: expected x, y[, duration], got '{line}'")
        rows.append([values[column] for column in columns if column < len(values)])
    if len({len(row) for row in rows}) > 1:
        raise ValueError(f"'{path}': some lines have a duration and some have none")
    return np.array(rows, np.float64).reshape(len(rows), -1) if rows else np.empty((0, 2))


def _named_columns(names: list[str]) -> list[int] | None:
    """Which columns are x, y and the duration, by their names; None where x or y is not found."""
    found = []
    for pattern in COLUMNS:
        where = [i for i, name in enumerate(names) if pattern.search(name) and i not in found]
        found += where[:1]
    return found if len(found) >= 2 else None
