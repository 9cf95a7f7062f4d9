"""From a raw map and its picture to what one looks at.

Every function takes the map (h, w) at any resolution, raw, and gives RGB uint8; negative values
count as zero. `REPRESENTATIONS` is the table of them.
"""

import inspect
from collections.abc import Callable

import cv2
import numpy as np

from utils import normalise

COLORMAP = "turbo"
ALPHA = 0.5  # weight of the heatmap in the overlay
LEVELS = (0.25, 0.5, 0.75)  # isolines, of the map's maximum
THRESHOLD = 0.5  # of the hard mask, of the map's maximum


def upsampled(saliency_map: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(h, w) -> size (H, W), bilinear with half-pixel centres, which adds no new extremes."""
    saliency_map = np.asarray(saliency_map, np.float32)
    if saliency_map.shape == tuple(size):
        return saliency_map
    return cv2.resize(saliency_map, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)


def display_values(saliency_map: np.ndarray, image: np.ndarray) -> np.ndarray:
    """The map at the picture's own size, in [0, 1]: divided by its maximum, negatives at 0."""
    return normalise(np.maximum(upsampled(saliency_map, image.shape[:2]), 0))


def represent_heatmap(saliency_map: np.ndarray, colormap: str = COLORMAP) -> np.ndarray:
    """The map as an RGB picture (h, w, 3) of its own size, by a colormap of matplotlib.

    Raises ValueError for an unknown colormap.
    """
    import matplotlib

    if colormap not in matplotlib.colormaps:
        raise ValueError(f"no colormap '{colormap}' (see matplotlib.colormaps)")
    values = normalise(np.maximum(saliency_map, 0))
    return matplotlib.colormaps[colormap](values, bytes=True)[..., :3]


def represent_heatmap_overlaid(
    saliency_map: np.ndarray,
    image: np.ndarray,
    colormap: str = COLORMAP,
    alpha: float = ALPHA,
) -> np.ndarray:
    """The heatmap blended over the picture (H, W, 3): alpha heatmap + (1 - alpha) picture."""
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha is between 0 (picture only) and 1 (heatmap only), got {alpha}")
    heatmap = represent_heatmap(upsampled(saliency_map, image.shape[:2]), colormap)
    blend = alpha * heatmap.astype(np.float32) + (1 - alpha) * np.asarray(image, np.float32)
    return np.rint(blend).astype(np.uint8)


def represent_isolines(
    saliency_map: np.ndarray, image: np.ndarray, colormap: str = COLORMAP
) -> np.ndarray:
    """The picture with the map's lines at a quarter, a half and three quarters of its maximum."""
    from skimage.measure import find_contours

    values = display_values(saliency_map, image)
    picture = np.ascontiguousarray(image, np.uint8).copy()
    thickness = max(1, round(max(image.shape[:2]) / 200))
    colours = represent_heatmap(np.array([[*LEVELS, 1.0]]), colormap)[0]
    for level, colour in zip(LEVELS, colours[: len(LEVELS)], strict=True):
        for line in find_contours(np.pad(values, 1), level):  # padded, so that each line closes
            points = np.rint(line[:, ::-1] - 1).astype(np.int32)  # (x, y)
            for width, tone in ((thickness + 2, (255, 255, 255)), (thickness, colour.tolist())):
                cv2.polylines(picture, [points], False, tone, width, cv2.LINE_AA)
    return picture


def represent_hard_mask(saliency_map: np.ndarray, image: np.ndarray) -> np.ndarray:
    """The picture where the map is at least half of its maximum, black elsewhere."""
    chosen = display_values(saliency_map, image) >= THRESHOLD
    return np.where(chosen[..., np.newaxis], image, 0).astype(np.uint8)


def represent_soft_selection(saliency_map: np.ndarray, image: np.ndarray) -> np.ndarray:
    """The picture darkened where the map is low: picture times map."""
    values = display_values(saliency_map, image)[..., np.newaxis]
    return np.rint(values * np.asarray(image, np.float32)).astype(np.uint8)


REPRESENTATIONS: dict[str, Callable[..., np.ndarray]] = {
    "heatmap": represent_heatmap,
    "overlay": represent_heatmap_overlaid,
    "isolines": represent_isolines,
    "hard_mask": represent_hard_mask,
    "soft_selection": represent_soft_selection,
}


def represent(
    name: str, saliency_map: np.ndarray, image: np.ndarray, colormap: str, alpha: float
) -> np.ndarray:
    """The representation of that name, (H, W, 3) at the picture's own size."""
    function = REPRESENTATIONS[name]
    offered = {"image": image, "colormap": colormap, "alpha": alpha}
    taken = inspect.signature(function).parameters
    return function(
        upsampled(saliency_map, image.shape[:2]), **{k: v for k, v in offered.items() if k in taken}
    )
