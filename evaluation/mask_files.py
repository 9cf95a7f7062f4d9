"""Images and arrays of ground truth: a mask, labels, a gaze map, spots of fixations, or refused."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from evaluation.label_masks import are_labels, of_colours, of_labels, of_palette, of_trimap
from evaluation.metric import FIXATIONS, GAZE, MASK
from evaluation.spots import are_spots, spots
from images.reading import opened_image, upright

WHITE, WHITE_SHARE = 0.9, 0.5  # of a mask's non-black pixels half are 0.9 of its maximum
COLOURED, COLOURS = 24, 0.001  # by which a pixel's channels differ; the share of such pixels
LOSSY = {"JPEG", "MPO", "WEBP"}  # whose numbers are not what was saved, so no labels


class Truth(NamedTuple):
    """What a file holds: its kind (as in `evaluation.metric`), content, and that in words.

    The description is alike for files of one making; what is of this one alone is in the remark.
    """

    kind: str
    content: np.ndarray  # places (n, 2 or 3), a gaze map (h, w) float32 or a mask (h, w) bool
    description: str
    remark: str = ""
    frame: tuple[int, int] | None = None  # (h, w) in which places are; None for the image's own


def truth_of_image(file: Path) -> Truth:
    """What an image of ground truth holds. Raises ValueError (ImageError) where it is not sure."""
    with opened_image(file) as (image, _):
        is_exact = image.format not in LOSSY
        image = upright(image)
        labels = None
        if image.mode == "P" and "transparency" not in image.info:
            labels = of_palette(image)
        if labels is not None:
            return Truth(MASK, *labels)
        if image.mode[0] in "L1IF" and not image.has_transparency_data:
            return truth_of_array(np.asarray(image), is_exact)
        return _of_colours(np.asarray(image.convert("RGBA")), is_exact)


def truth_of_array(array: np.ndarray, is_exact: bool = True) -> Truth:
    """What an array (h, w) holds, or (n, 2) and (n, 3) of places. Raises ValueError."""
    array = array[..., 0] if array.ndim == 3 and array.shape[-1] == 1 else array
    if array.dtype.kind not in "buif" or array.ndim != 2 or not array.size:
        raise ValueError(
            "expected a gaze map or mask (H, W) of finite numbers, none negative, or fixations "
            f"(n, 2), got {array.shape} of {array.dtype}"
        )
    if array.shape[1] in (2, 3) and np.isfinite(array).all():
        return Truth(FIXATIONS, array.astype(np.float64), "fixations as an array")
    if not np.isfinite(array).all() or array.min() < 0:
        raise ValueError(
            "expected a gaze map or mask (H, W) of finite numbers, none negative, "
            f"got {array.shape} from {array.min():.3g} to {array.max():.3g}"
        )
    return _of_grey(array, is_exact)


def is_mask(array: np.ndarray) -> bool:
    """Whether an array (H, W) is black and white: most of what is not black is white.

    A gaze map has slopes instead; a mask has greys at the object's edges only.
    """
    lit = array[array > 0]
    return lit.size > 0 and bool((lit >= WHITE * array.max()).mean() > WHITE_SHARE)


def _of_colours(rgba: np.ndarray, is_exact: bool) -> Truth:
    """Of (H, W, 4): by what is not transparent, else as grey, else by colours on black."""
    colours, opacity = rgba[..., :3], rgba[..., 3]
    if np.ptp(opacity):
        return _of_opacity(opacity, colours)
    spread = np.ptp(colours.astype(int), axis=-1)
    if (spread > COLOURED).mean() <= COLOURS:
        return _of_grey(colours[..., 1], is_exact)
    return Truth(MASK, *of_colours(colours))


def _of_opacity(opacity: np.ndarray, colours: np.ndarray) -> Truth:
    """Of an image that is transparent in parts: an object that was cut out, or a gaze map."""
    if is_mask(opacity):
        mask = opacity >= opacity.max() / 2
        return Truth(MASK, mask, "an object mask by what is not transparent")
    if np.ptp(colours[opacity > 0], axis=0).any():
        raise ValueError("it is transparent by degrees and coloured; expected a mask or gaze map")
    truth = _of_grey(opacity, is_exact=True)
    return truth._replace(description=f"{truth.description}, by its opacity")


def _of_grey(array: np.ndarray, is_exact: bool) -> Truth:
    values = np.unique(array)
    if len(values) == 1:
        where = "everywhere" if values[0] else "nowhere"
        return Truth(MASK, array > 0, f"an object mask that is true {where}")
    if are_spots(array):
        found = spots(array)
        return Truth(FIXATIONS, found, "fixations as bright spots", frame=array.shape)
    if (trimap := of_trimap(array, values)) is not None:
        return Truth(MASK, *trimap)
    if len(values) == 2 and values[0] > 0:
        raise ValueError(f"its only values are {values[0]:g} and {values[1]:g}; expected 0 and one")
    if is_exact and are_labels(array, values):
        return Truth(MASK, *of_labels(array))
    if is_mask(array):
        return Truth(MASK, array >= array.max() / 2, "an object mask")
    return Truth(GAZE, array.astype(np.float32), "a gaze map")
