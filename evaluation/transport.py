"""The earth mover's distance: how far a map's mass has to go to lie as the gaze map's.

Mass goes from cell to cell along rows and columns of a grid, so that the distance is that of city
blocks, and the linear programme has four variables for each cell, not one for each pair of cells:
EMD-L1, Ling and Okada 2007, https://doi.org/10.1109/TPAMI.2007.1058, theorem 1.
"""

from functools import cache

import numpy as np

from evaluation.gaze import as_densities

LONGER_SIDE = 32  # of the grid, in cells; with it 4 x 1024 variables at most


def emd(maps: np.ndarray, densities: np.ndarray) -> np.ndarray:
    """Earth mover's distance to the gaze map along rows and columns, in [0, 1) (Rubner 2000).

    Both sum to 1 on a grid whose longer side has 32 cells, https://doi.org/10.1023/A:1026543900054.
    In parts of the image's width plus height: 0 for the same map, 0.1 where the mass goes a tenth
    of them on average. NaN where one of the two is 0 everywhere, or not finite.
    """
    pairs = zip(*map(_pooled, (maps, densities)), strict=True)
    return np.array([_distance(first - second) for first, second in pairs])


def _pooled(maps: np.ndarray) -> np.ndarray:
    """(N, rows, columns) that sum to 1: each cell the sum of its part of maps (N, H, W)."""
    import cv2

    height, width = maps.shape[1:]
    scale = min(1, LONGER_SIDE / max(height, width))
    rows, columns = (max(1, round(side * scale)) for side in (height, width))
    densities = as_densities(maps)
    return as_densities(
        np.stack(
            [cv2.resize(one, (columns, rows), interpolation=cv2.INTER_AREA) for one in densities]
        )
    )


def _distance(surplus: np.ndarray) -> float:
    """How far the surplus (rows, columns), which sums to 0, goes to where it is negative."""
    if not np.isfinite(surplus).all():
        return np.nan
    from scipy.optimize import linprog

    balance = _balance(*surplus.shape)
    if not balance.shape[1]:  # one cell
        return 0.0
    flow = linprog(np.ones(balance.shape[1]), A_eq=balance, b_eq=(surplus - surplus.mean()).ravel())
    if not flow.success:
        raise ValueError(f"EMD: {flow.message}")
    return float(flow.fun / sum(surplus.shape))


@cache
def _balance(rows: int, columns: int):
    """(cells, ways) sparse: 1 where a way between neighbours begins, -1 where it ends."""
    from scipy.sparse import coo_array

    cells = np.arange(rows * columns).reshape(rows, columns)
    starts = np.concatenate([cells[:, :-1].ravel(), cells[:-1].ravel()])
    ends = np.concatenate([cells[:, 1:].ravel(), cells[1:].ravel()])
    starts, ends = np.concatenate([starts, ends]), np.concatenate([ends, starts])
    ways = np.arange(len(starts))
    values = np.repeat([1.0, -1.0], len(ways))
    places = np.concatenate([starts, ends]), np.tile(ways, 2)
    return coo_array((values, places), shape=(rows * columns, len(ways))).tocsr()
