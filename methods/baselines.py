"""Maps that know nothing of the classifier: what an explanation must do better than.

They take no pass through it. Adebayo 2018, https://arxiv.org/abs/1810.03292, compares with edges;
Judd 2012, https://hdl.handle.net/1721.1/68590, with chance and with the centre.
"""

from typing import Annotated
from zlib import crc32

import numpy as np

from methods.rise import cells_of
from registry import SEED, SHARE, Bounds
from runtime import tally


def random(
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    *,
    grid: Annotated[
        int, "values in each direction; the fewer, the smoother the map", Bounds(least=2)
    ] = 7,
    seed: Annotated[int, "of the values; other images have others", SEED] = 0,
) -> np.ndarray:
    """Random: (N, grid, grid), uniform noise from 0 to 1, as smooth as a map of 7 x 7 positions.

    A baseline, class-agnostic. Of clips (N, t, grid, grid), with one value for two frames, and as
    many as `grid` at most. The same image has the same map.
    """
    tally(passes=0)
    cells = cells_of(classifier.frames, grid, 0)
    rngs = (np.random.default_rng([seed, crc32(image.tobytes())]) for image in images)
    return np.stack([rng.random(cells, np.float32) for rng in rngs])


def centre(
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    *,
    width: Annotated[
        float, "of the Gaussian where it is half its maximum, as a part of each side", SHARE
    ] = 0.5,
) -> np.ndarray:
    """Centre: (N, H, W), a Gaussian at the middle, half as high and wide as the image.

    A baseline, class-agnostic: people and photographers look at the middle. Of clips (N, T, H, W),
    the same for every frame.
    """
    tally(passes=0)
    rows, columns = (
        2 ** -(((2 * np.arange(side) + 1) / side - 1) ** 2 / width**2)
        for side in images.shape[-3:-1]
    )
    return np.broadcast_to(np.outer(rows, columns), images.shape[:-1]).astype(np.float32)


def edges(classifier, images: np.ndarray, class_indices: np.ndarray) -> np.ndarray:
    """Edges: (N, H, W), Sobel's magnitude of the image's luminance.

    A baseline, class-agnostic. Of clips (N, T, H, W), frame by frame.
    """
    from skimage.color import rgb2gray
    from skimage.filters import sobel

    tally(passes=0)
    frames = rgb2gray(images).reshape(-1, *images.shape[-3:-1])
    return np.stack([sobel(frame) for frame in frames]).reshape(images.shape[:-1])
