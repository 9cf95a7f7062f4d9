"""Pixels of 16 bits, and of fewer bits that are kept in 16, as 8 bits."""

import cv2
import numpy as np
from PIL import Image

MOST_OF_16 = 65535
DEPTHS = ((8, 255, 1), (12, 4095, 16))  # bits, their largest value, what it is divided by
DARK = 16384  # a brightest pixel below it may be of 14 bits


def deep_grey(image: Image.Image) -> np.ndarray:
    """(H, W, 1) or, with a transparent value, (H, W, 2) int64 of an image of mode I.

    The second channel is the opacity, 0 or 65535. Raises ValueError for values beyond 16 bits.
    """
    grey = np.asarray(image).astype(np.int64)
    if grey.min() < 0 or grey.max() > MOST_OF_16:
        raise ValueError(f"its pixels go from {grey.min()} to {grey.max()}, not 0 to {MOST_OF_16}")
    hidden = image.info.get("transparency")
    if not isinstance(hidden, int):
        return grey[..., np.newaxis]
    return np.stack([grey, np.where(grey == hidden, 0, MOST_OF_16)], axis=-1)


def is_deep_colour(image: Image.Image) -> bool:
    """Whether its file has 16 bits for each colour, of which Pillow reads the upper 8 alone."""
    return any(";16" in str(tile[3]) for tile in image.tile) and not image.mode.startswith("I")


def deep_colour(content: bytes, upper: np.ndarray) -> np.ndarray:
    """(H, W, 3 or 4) uint16 of a file of 16-bit colours, of which `upper` are the upper bytes.

    Read by OpenCV. Where it reads another image than Pillow, which decides, the lower bytes stay
    unknown: `upper` then stands for both.
    """
    deep = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if deep is not None and deep.ndim == 3 and deep.dtype == np.uint16:
        deep = cv2.cvtColor(deep, cv2.COLOR_BGRA2RGBA if deep.shape[-1] == 4 else cv2.COLOR_BGR2RGB)
        if np.array_equal(deep >> 8, upper):
            return deep
    return upper.astype(np.uint16) * 257


def as_bytes(deep: np.ndarray) -> tuple[np.ndarray, str]:
    """uint8 of values of 16 bits, and what is to be said of them: "" where they use 16 bits.

    The last of 2 or 4 channels is the opacity. Cameras, scanners and microscopes keep 12 bits in
    files of 16: what is nowhere brighter than 12 bits are is read as 12 bits.
    """
    channels = deep.shape[-1]
    colours = deep[..., :-1] if channels in (2, 4) else deep
    brightest = int(colours.max())
    share = f"its brightest pixel is {brightest} of {MOST_OF_16} ({brightest / MOST_OF_16:.1%})"
    for bits, most, divisor in DEPTHS:
        if 0 < brightest <= most:
            caution = f"{share}: read as {bits}-bit data, 0 to {most}"
            return np.minimum(deep // divisor, 255).astype(np.uint8), caution
    caution = f"{share}: if that is white, save it with 8 bits" if 0 < brightest < DARK else ""
    return (deep // 257).astype(np.uint8), caution
