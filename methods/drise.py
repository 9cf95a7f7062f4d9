"""D-RISE, RISE for detectors (Petsiuk 2021, https://arxiv.org/abs/2006.03204).

    S = sum over i of s(t, f(x . M_i)) M_i / (N p)

s says how much of the target t, a box with its scores, the detector f still finds behind a mask.
Since a box is one more class of its detector (see `classifier.detector`), this is RISE, with a
finer grid.
"""

from typing import Annotated

import numpy as np

from methods.rise import rise
from registry import COUNT, SEED, SHARE, Bounds


def drise(
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    *,
    masks: Annotated[int, "how many random masks", COUNT] = 4000,
    grid: Annotated[
        int, "cells of a mask in each direction, whatever the image's size", COUNT
    ] = 16,
    keep: Annotated[float, "probability that a cell is kept", SHARE] = 0.5,
    seed: Annotated[int, "of the random masks", SEED] = 0,
    until_stable: Annotated[
        float,
        "stop when the map correlates so well with that of half as many masks; 0: never",
        Bounds(least=0, below=1),
    ] = 0.0,
) -> np.ndarray:
    """D-RISE: (N, H, W), how much of a box is found where a pixel is seen; black-box.

    Petsiuk 2021, section 3. Of a class it is RISE.
    """
    return rise(
        classifier,
        images,
        class_indices,
        masks=masks,
        grid=grid,
        keep=keep,
        seed=seed,
        until_stable=until_stable,
    )
