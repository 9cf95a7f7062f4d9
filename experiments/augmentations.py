"""Changes of an image that an explanation should follow, and how they are undone on maps.

    augment(image, rng) -> Augmented

`image` is (H, W, 3) float32 RGB in [0, 255], `rng` a generator of numpy's or a seed; what comes
back has the same size and range. `undo` brings a map (H, W) of the new image to where the old one
has its pixels, and `valid` (H, W) says which of these are to be seen in the new one. An image's
own map, and the one undone, are compared where it is valid.
"""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from engines.statistics import correlations

ANGLE = 15.0  # degrees, to one side or the other
BRIGHTNESS = 40.0  # of 255, added or taken
CONTRAST = (0.6, 1.4)  # factors of the distance from the mean
BLUR = 2.0  # standard deviation, pixels at 224
NOISE = 20.0  # standard deviation, of 255
SHIFT = 0.1  # of the side, in both directions
PATCH = 0.25  # side of what occlusion covers, of the image's

Random = np.random.Generator | int


class Augmented(NamedTuple):
    """A changed image (H, W, 3), and how maps (H, W) of it are brought back."""

    image: np.ndarray
    undo: Callable[[np.ndarray], np.ndarray]
    valid: np.ndarray  # (H, W) bool


def vertical_flip(image: np.ndarray, rng: Random = 0) -> Augmented:
    """The image upside down."""
    return Augmented(image[::-1].copy(), lambda saliency_map: saliency_map[::-1], _all(image))


def horizontal_flip(image: np.ndarray, rng: Random = 0) -> Augmented:
    """The image's mirror image."""
    return Augmented(image[:, ::-1].copy(), lambda saliency_map: saliency_map[:, ::-1], _all(image))


def rotation(image: np.ndarray, rng: Random = 0) -> Augmented:
    """The image turned by 15 degrees, left or right, about its middle; black comes in."""
    height, width = image.shape[:2]
    sign = np.random.default_rng(rng).choice([-1, 1])
    middle = ((width - 1) / 2, (height - 1) / 2)
    return _moved(image, cv2.getRotationMatrix2D(middle, sign * ANGLE, 1.0))


def translation(image: np.ndarray, rng: Random = 0) -> Augmented:
    """The image shifted by a tenth of its sides, in one of four diagonals; black comes in."""
    height, width = image.shape[:2]
    down, right = np.random.default_rng(rng).choice([-1, 1], 2) * SHIFT
    places = [[1, 0, round(right * width)], [0, 1, round(down * height)]]
    return _moved(image, np.array(places, np.float64))


def brightness(image: np.ndarray, rng: Random = 0) -> Augmented:
    """The image brighter or darker by 40 of 255."""
    change = np.random.default_rng(rng).choice([-1, 1]) * BRIGHTNESS
    return _in_place(image + change, image)


def contrast(image: np.ndarray, rng: Random = 0) -> Augmented:
    """The image with 0.6 or 1.4 times the distances from its mean brightness."""
    factor = np.random.default_rng(rng).choice(CONTRAST)
    mean = image.mean()
    return _in_place(mean + factor * (image - mean), image)


def blur(image: np.ndarray, rng: Random = 0) -> Augmented:
    """The image behind a Gaussian of 2 pixels, where the shorter side has 224."""
    sigma = BLUR * min(image.shape[:2]) / 224
    return _in_place(cv2.GaussianBlur(image, (0, 0), sigma), image)


def noise(image: np.ndarray, rng: Random = 0) -> Augmented:
    """The image with Gaussian noise of deviation 20 of 255, by pixel and colour."""
    return _in_place(image + np.random.default_rng(rng).normal(0, NOISE, image.shape), image)


def occlusion(image: np.ndarray, rng: Random = 0) -> Augmented:
    """The image with a black rectangle of a quarter of its sides somewhere on it."""
    rng = np.random.default_rng(rng)
    sides = [max(1, round(PATCH * side)) for side in image.shape[:2]]
    tops = [rng.integers(whole - side + 1) for whole, side in zip(image.shape, sides, strict=False)]
    valid = _all(image)
    valid[tuple(slice(top, top + side) for top, side in zip(tops, sides, strict=True))] = False
    return _in_place(np.where(valid[..., np.newaxis], image, 0), image)._replace(valid=valid)


AUGMENTATIONS: dict[str, Callable[..., Augmented]] = {
    augment.__name__: augment
    for augment in (
        vertical_flip,
        horizontal_flip,
        rotation,
        brightness,
        contrast,
        blur,
        noise,
        translation,
        occlusion,
    )
}


def agreement(before: np.ndarray, after: np.ndarray, augmented: Augmented) -> float:
    """Pearson's correlation of an image's map with that of its augmentation, undone, where valid.

    Both (H, W), at the image's size. NaN where one of them is constant there.
    """
    pair = (saliency_map[augmented.valid] for saliency_map in (before, augmented.undo(after)))
    return float(correlations(*(values[np.newaxis] for values in pair))[0])


def _all(image: np.ndarray) -> np.ndarray:
    return np.ones(image.shape[:2], bool)


def _in_place(changed: np.ndarray, image: np.ndarray) -> Augmented:
    """Of an image in which everything is where it was."""
    image = np.clip(changed, 0, 255).astype(np.float32)
    return Augmented(image, lambda saliency_map: saliency_map, _all(image))


def _moved(image: np.ndarray, matrix: np.ndarray) -> Augmented:
    """Of an image moved by a matrix (2, 3) that says where each of its places (x, y, 1) goes."""
    height, width = image.shape[:2]
    size = (width, height)

    def undo(saliency_map: np.ndarray) -> np.ndarray:
        back = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
        return cv2.warpAffine(np.asarray(saliency_map, np.float32), matrix, size, flags=back)

    seen = undo(cv2.warpAffine(np.ones((height, width), np.float32), matrix, size))
    return Augmented(cv2.warpAffine(image, matrix, size), undo, seen > 0.999)
