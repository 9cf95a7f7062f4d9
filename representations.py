"""From a raw map and its image to what one looks at.

Every function takes the map (h, w) at any resolution, raw, and gives RGB uint8; where it does not
say otherwise, negative values count as zero. `REPRESENTATIONS` is the table of them.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from figures import LineChart
from figures.cell_charts import (
    cascade_chart,
    convergence_chart,
    curves_chart,
    represent_cascade,
    represent_convergence,
    represent_curves,
)
from figures.display_rules import PERCENTILE, clipped
from figures.superpixels import represent_superpixels
from utils import normalise

COLORMAP, SIGNED_COLORMAP = "turbo", "RdBu_r"
ALPHA = 0.7  # weight of the heatmap in the overlay, where the map is strongest
UPSAMPLINGS = {"bilinear": cv2.INTER_LINEAR, "bicubic": cv2.INTER_CUBIC}
LEVELS = (0.25, 0.5, 0.75)  # isolines, of the map's maximum
DARKEST = 0.25  # of the image's brightness, where the map is 0
THRESHOLD = 0.5  # of the hard mask, of the map's maximum
ROWS = 256  # of a map that are coloured at once: matplotlib takes 20 bytes for a value


def upsampled(
    saliency_map: np.ndarray, size: tuple[int, int], upsampling: str = "bilinear"
) -> np.ndarray:
    """(h, w) or (h, w, C) -> size (H, W), with half-pixel centres.

    Bilinear has no new extremes; bicubic, which is smoother, may go a little beyond.
    """
    saliency_map = np.asarray(saliency_map, np.float32)
    if saliency_map.shape == tuple(size):
        return saliency_map
    how = UPSAMPLINGS[upsampling]
    return cv2.resize(saliency_map, (size[1], size[0]), interpolation=how)


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
    sparse: bool = False,
) -> np.ndarray:
    """The heatmap blended over the image (H, W, 3), the stronger the map the more of it.

    At each pixel w heatmap + (1 - w) image, w = alpha |map| / largest |map|: where the map is 0
    the image stays as it is. Negative values of a map that is not signed count as 0. Of a sparse
    map w goes by the square root, or little of it would be seen.
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha is between 0 (image only) and 1 (heatmap only), got {alpha}")
    saliency_map = upsampled(saliency_map, image.shape[:2])
    heatmap = represent_heatmap(saliency_map, colormap, signed)
    largest = max(saliency_map.max(), -saliency_map.min() if signed else 0)
    for start in range(0, len(heatmap), ROWS):  # floats of all pixels at once would not be small
        rows = slice(start, start + ROWS)
        values = np.abs(saliency_map[rows]) if signed else np.maximum(saliency_map[rows], 0)
        shares = values / (largest if largest > 0 else 1)
        weights = alpha * (np.sqrt(shares) if sparse else shares)[..., np.newaxis]
        heatmap[rows] = np.rint(weights * heatmap[rows] + (1 - weights) * image[rows])
    return heatmap


def represent_isolines(
    saliency_map: np.ndarray,
    image: np.ndarray,
    colormap: str | None = None,
    signed: bool = False,
) -> np.ndarray:
    """The image with the map's lines at a quarter, a half and three quarters of its maximum."""
    from skimage.measure import find_contours

    values = display_values(saliency_map, image)
    image = np.ascontiguousarray(image, np.uint8).copy()
    thickness = max(1, round(max(image.shape[:2]) / 200))
    colours = represent_heatmap(np.array([[*LEVELS, 1.0]]), colormap, signed)[0]
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
    chart: Callable[..., LineChart] | None = None  # of what is noted under its name


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
        "Superpixels: red speak for the class, blue against it.",
        own_size=True,
        of_all=False,
    ),
    "convergence": Representation(
        represent_convergence,
        "Convergence: correlation of the map with the one of half as many samples.",
        of_all=False,
        chart=convergence_chart,
    ),
    "curves": Representation(
        represent_curves,
        "Curves: score of the class by the share of pixels shown or taken away.",
        of_all=False,
        chart=curves_chart,
    ),
    "cascade": Representation(
        represent_cascade,
        "Cascade: Spearman's correlation of absolute values, by how many layers from the top on "
        "are re-initialised.",
        of_all=False,
        chart=cascade_chart,
    ),
    "colour": Representation(
        represent_colour,
        f"Colour: the signed gradient, grey at 0, clipped at its {PERCENTILE}th percentile.",
        of_all=False,
    ),
}


def represent(
    name: str,
    saliency_map: np.ndarray,
    image: np.ndarray,
    upsampling: str = "bilinear",
    **offered: Any,
) -> np.ndarray:
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
        saliency_map = upsampled(saliency_map, image.shape[:2], upsampling)
    return representation.function(saliency_map, **taken)


def chart_of(name: str, offered: Mapping[str, Any]) -> LineChart | None:
    """The chart of what was noted under the name of a representation; None where nothing was."""
    return REPRESENTATIONS[name].chart(offered[name]) if offered.get(name) else None
