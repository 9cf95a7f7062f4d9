"""From a raw map and its image to what one looks at.

Every function takes the map (h, w) at any resolution, raw, and gives RGB uint8; where it does not
say otherwise, negative values count as zero. `REPRESENTATIONS` is the table of them.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from figures.chart_images import represent_cascade, represent_convergence, represent_curves
from figures.display_rules import PERCENTILE, clipped
from utils import normalise

COLORMAP, SIGNED_COLORMAP = "turbo", "RdBu_r"
GREEN, RED, YELLOW = (0, 190, 0), (220, 0, 0), (255, 230, 0)
ALPHA = 0.5  # weight of the heatmap in the overlay
LEVELS = (0.25, 0.5, 0.75)  # isolines, of the map's maximum
DARKEST = 0.25  # of the image's brightness, where the map is 0
THRESHOLD = 0.5  # of the hard mask, of the map's maximum
ROWS = 256  # of a map that are coloured at once: matplotlib takes 20 bytes for a value


def upsampled(saliency_map: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(h, w) or (h, w, C) -> size (H, W), bilinear with half-pixel centres: no new extremes."""
    saliency_map = np.asarray(saliency_map, np.float32)
    if saliency_map.shape == tuple(size):
        return saliency_map
    return cv2.resize(saliency_map, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)


def upsampled_clip(maps: np.ndarray, size: tuple[int, int, int]) -> np.ndarray:
    """Maps (t, h, w) of a clip -> size (T, H, W), trilinear with half-pixel centres."""
    maps = np.asarray(maps, np.float32)
    frames = cv2.resize(  # time by itself: each position is a column
        maps.reshape(len(maps), -1), (maps[0].size, size[0]), interpolation=cv2.INTER_LINEAR
    )
    return np.stack([upsampled(frame, size[1:]) for frame in frames.reshape(-1, *maps.shape[1:])])


def display_values(saliency_map: np.ndarray, image: np.ndarray) -> np.ndarray:
    """The map at the image's own size, in [0, 1]: divided by its maximum, negatives at 0."""
    return normalise(np.maximum(upsampled(saliency_map, image.shape[:2]), 0))


def represent_heatmap(
    saliency_map: np.ndarray, colormap: str | None = None, signed: bool = False
) -> np.ndarray:
    """The map as an RGB image (h, w, 3) of its own size, by a colormap of matplotlib.

    From 0 to the map's maximum; a signed map from minus to plus its largest absolute value.
    Raises ValueError for an unknown colormap.
    """
    import matplotlib

    colormap = colormap or default_colormap(signed)
    if colormap not in matplotlib.colormaps:
        raise ValueError(f"no colormap '{colormap}' (see matplotlib.colormaps)")
    saliency_map = np.asarray(saliency_map, np.float32)
    largest = max(saliency_map.max(), -saliency_map.min() if signed else 0)
    heatmap = np.empty((*saliency_map.shape, 3), np.uint8)
    for start in range(0, len(saliency_map), ROWS):
        rows = slice(start, start + ROWS)
        values = saliency_map[rows] / (largest if largest > 0 else 1)
        values = 0.5 + 0.5 * values if signed else np.maximum(values, 0)
        heatmap[rows] = matplotlib.colormaps[colormap](values, bytes=True)[..., :3]
    return heatmap


def default_colormap(signed: bool) -> str:
    """The colormap where none is asked for: a diverging one for signed maps."""
    return SIGNED_COLORMAP if signed else COLORMAP


def represent_heatmap_overlaid(
    saliency_map: np.ndarray,
    image: np.ndarray,
    colormap: str | None = None,
    alpha: float = ALPHA,
    signed: bool = False,
) -> np.ndarray:
    """The heatmap blended over the image (H, W, 3): alpha heatmap + (1 - alpha) image."""
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha is between 0 (image only) and 1 (heatmap only), got {alpha}")
    heatmap = represent_heatmap(upsampled(saliency_map, image.shape[:2]), colormap, signed)
    return cv2.addWeighted(heatmap, alpha, np.asarray(image, np.uint8), 1 - alpha, 0)


def represent_isolines(
    saliency_map: np.ndarray, image: np.ndarray, colormap: str | None = None
) -> np.ndarray:
    """The image with the map's lines at a quarter, a half and three quarters of its maximum."""
    from skimage.measure import find_contours

    values = display_values(saliency_map, image)
    image = np.ascontiguousarray(image, np.uint8).copy()
    thickness = max(1, round(max(image.shape[:2]) / 200))
    colours = represent_heatmap(np.array([[*LEVELS, 1.0]]), colormap)[0]
    for level, colour in zip(LEVELS, colours[: len(LEVELS)], strict=True):
        for line in find_contours(np.pad(values, 1), level):  # padded, so that each line closes
            points = np.rint(line[:, ::-1] - 1).astype(np.int32)  # (x, y)
            for width, tone in ((thickness + 2, (255, 255, 255)), (thickness, colour.tolist())):
                cv2.polylines(image, [points], False, tone, width, cv2.LINE_AA)
    return image


def represent_hard_mask(saliency_map: np.ndarray, image: np.ndarray) -> np.ndarray:
    """The image where the map is at least half of its maximum, black elsewhere."""
    chosen = display_values(saliency_map, image) >= THRESHOLD
    return np.where(chosen[..., np.newaxis], image, 0).astype(np.uint8)


def represent_soft_selection(saliency_map: np.ndarray, image: np.ndarray) -> np.ndarray:
    """The image darkened where the map is low: image times map."""
    values = display_values(saliency_map, image)[..., np.newaxis]
    return np.rint(values * np.asarray(image, np.float32)).astype(np.uint8)


def with_box(image: np.ndarray, box: tuple[float, ...]) -> np.ndarray:
    """The image (H, W, 3), in a copy, with the lines of a box, x, y, w, h in its pixels."""
    x, y, width, height = box
    corners = [(round(x), round(y)), (round(x + width) - 1, round(y + height) - 1)]
    thickness = max(1, round(max(image.shape[:2]) / 150))
    drawn = np.ascontiguousarray(image, np.uint8).copy()
    for more, tone in ((2, (0, 0, 0)), (0, (255, 255, 255))):
        cv2.rectangle(drawn, *corners, tone, thickness + more)
    return drawn


def represent_brightened(saliency_map: np.ndarray, image: np.ndarray) -> np.ndarray:
    """The image, each cell of the map as bright as its value: as it is at the map's maximum."""
    height, width = image.shape[:2]
    values = normalise(np.maximum(saliency_map, 0))  # not interpolated: a value is a patch
    values = cv2.resize(values, (width, height), interpolation=cv2.INTER_NEAREST)
    light = DARKEST + (1 - DARKEST) * values[..., np.newaxis]
    return np.rint(light * np.asarray(image, np.float32)).astype(np.uint8)


def represent_superpixels(
    saliency_map: np.ndarray,
    image: np.ndarray,
    shown: int = 10,
    positive_only: bool = False,
    hide_rest: bool = False,
) -> np.ndarray:
    """The `shown` strongest superpixels with their boundaries: green for the class, red against.

    `saliency_map` has one value for each superpixel. With `hide_rest` what is not shown is black
    and what is shown is not tinted, unless it speaks against the class.
    """
    from skimage.segmentation import find_boundaries

    height, width = image.shape[:2]
    exact = np.asarray(saliency_map, np.float32)  # not interpolated: a value is a superpixel
    exact = cv2.resize(exact, (width, height), interpolation=cv2.INTER_NEAREST)
    values, segments = np.unique(exact, return_inverse=True)
    segments = segments.reshape(exact.shape)
    strength = values if positive_only else np.abs(values)
    chosen = np.argsort(-strength, kind="stable")[:shown]
    chosen = chosen[strength[chosen] > 0]
    inside = np.isin(segments, chosen)
    tint = np.where(exact[..., np.newaxis] > 0, GREEN, RED)
    tinted = inside & ((exact < 0) | (not hide_rest))
    image = np.asarray(image, np.float32)
    image = np.where(tinted[..., np.newaxis], 0.6 * image + 0.4 * tint, image)
    if hide_rest:
        image = image * inside[..., np.newaxis]
    lines = find_boundaries(np.where(inside, segments, -1)).astype(np.uint8)
    thickness = max(1, round(max(height, width) / 300))
    lines = cv2.dilate(lines, np.ones((thickness, thickness), np.uint8))
    return np.where(lines[..., np.newaxis] > 0, YELLOW, np.rint(image)).astype(np.uint8)


def represent_colour(
    saliency_map: np.ndarray, image: np.ndarray, gradients: np.ndarray
) -> np.ndarray:
    """The gradients (h, w, 3) as an image: grey where 0, to black and to white at their clip.

    They are clipped at the percentile of their absolute values. The map is not looked at.
    """
    colours = 127.5 + 127.5 * clipped(gradients) / (np.abs(clipped(gradients)).max() or 1)
    return np.rint(upsampled(colours, image.shape[:2])).astype(np.uint8)


UPSAMPLING = "Maps are upsampled bilinearly to the image."
CLIP_UPSAMPLING = "Maps are upsampled linearly in time and space."


@dataclass(frozen=True)
class Representation:
    """A row of the table: a function that draws a map, and what goes with it.

    The function takes the map and, where it names them, the image and more.
    """

    function: Callable[..., np.ndarray]
    caption: str = ""  # what a caption has to say of it
    coloured: bool = False  # by a colormap, so that it needs a colour bar
    of_clips: bool = False  # pixel by pixel, so that frames side by side can be drawn by it
    own_size: bool = False  # takes the map as it is; others take it at the image's size
    of_all: bool = True  # whether the maps of every method can be drawn so


REPRESENTATIONS = {
    "heatmap": Representation(represent_heatmap, coloured=True, of_clips=True),
    "overlay": Representation(represent_heatmap_overlaid, coloured=True, of_clips=True),
    "isolines": Representation(
        represent_isolines,
        f"Isolines at {', '.join(f'{level:.0%}' for level in LEVELS)} of the maximum.",
        coloured=True,
    ),
    "hard_mask": Representation(
        represent_hard_mask, f"Hard mask: at least {THRESHOLD:.0%} of the maximum.", of_clips=True
    ),
    "soft_selection": Representation(
        represent_soft_selection, "Soft selection: image times map.", of_clips=True
    ),
    "brightened": Representation(
        represent_brightened,
        f"Brightened: a patch with the maximum as the image is, one with 0 at {DARKEST:.0%} of it.",
        own_size=True,
        of_all=False,
    ),
    "superpixels": Representation(
        represent_superpixels,
        "Superpixels: green speak for the class, red against it.",
        own_size=True,
        of_all=False,
    ),
    "convergence": Representation(represent_convergence, of_all=False),
    "curves": Representation(represent_curves, of_all=False),
    "cascade": Representation(
        represent_cascade, "Cascade: Spearman's correlation of absolute values.", of_all=False
    ),
    "colour": Representation(
        represent_colour,
        f"Colour: the signed gradient, grey at 0, clipped at its {PERCENTILE}th percentile.",
        of_all=False,
    ),
}


def represent(name: str, saliency_map: np.ndarray, image: np.ndarray, **offered: Any) -> np.ndarray:
    """The representation of that name as RGB; of what is `offered` it takes what it knows.

    Raises ValueError where the representation needs what is not there.
    """
    representation = REPRESENTATIONS[name]
    parameters = inspect.signature(representation.function).parameters
    taken = {key: value for key, value in offered.items() if key in parameters}
    if "image" in parameters:
        taken["image"] = image
    missing = [
        parameter.name
        for parameter in list(parameters.values())[1:]
        if parameter.default is parameter.empty and parameter.name not in taken
    ]
    if missing:
        raise ValueError(f"representation '{name}' needs {', '.join(missing)}, which is not there")
    if not representation.own_size:
        saliency_map = upsampled(saliency_map, image.shape[:2])
    return representation.function(saliency_map, **taken)
