"""Images as figures show them: neither larger than can be seen nor too small for their maps."""

import math

import numpy as np

from images import resized

LARGEST_DRAWN = 1600  # pixels of a side
SMALLEST_FRAME, LARGEST_FRAME = 160, 480  # pixels of a side of a clip's frame, as it is drawn


def side_by_side(frames: np.ndarray) -> np.ndarray:
    """(T, H, W, ...) -> (H, T W, ...)."""
    return np.concatenate(list(frames), axis=1)


def drawable(
    image: np.ndarray, least: tuple[int, ...] = (1, 1), most: int = LARGEST_DRAWN
) -> np.ndarray:
    """The image, made smaller where a figure could not show all of its pixels: `most` a side.

    One with fewer than `least` (H, W), a map's number of cells, is shown larger.
    """
    times = max(math.ceil(a / b) for a, b in zip(least, image.shape[:2], strict=True))
    if times > 1:
        image = image.repeat(times, axis=0).repeat(times, axis=1)
    largest = max(image.shape[:2])
    if largest <= most:
        return image
    height, width = (max(1, round(side * most / largest)) for side in image.shape[:2])
    return np.rint(resized(image, (height, width))).astype(np.uint8)


def drawable_frames(frames: np.ndarray) -> np.ndarray:
    """(T, H, W, 3): a clip's frames as they are drawn, neither tiny nor too large to be kept."""
    least = (SMALLEST_FRAME, SMALLEST_FRAME)
    return np.stack([drawable(frame, least, LARGEST_FRAME) for frame in frames])
