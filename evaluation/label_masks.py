"""Masks of labels: numbers, or colours, that say of each pixel which object it is of.

The mask of an image is that of all its objects. Pascal VOC (Everingham 2010): a palette, 0 is the
background and 255 void; Oxford-IIIT Pets (Parkhi 2012): 1 is the pet, 2 the background, 3 the
border between them.
"""

import numpy as np
from PIL import Image

VOID, VOID_COLOUR = 255, (224, 224, 192)  # neither object nor background, and so drawn by VOC
PETS = {1, 2, 3}
UNKNOWN = range(120, 136)  # the middle grey of trimaps that are black, grey and white
FIRST_GREY = 50  # labels of at least that are greys to look at, of which 255 may be one
MOST_LABELS = 64
EVEN = 0.8  # of neighbouring pixels of labels so many are alike
INSIDE = 0.2  # of labels' pixels so many are like all their neighbours; at a mask's edges few are
JUMPS = 0.02  # of unlike neighbours so many differ by more than a step; a gaze map has slopes

Described = tuple[np.ndarray, str, str]  # a mask (H, W) bool, what it was taken from, a remark


def are_labels(array: np.ndarray, values: np.ndarray) -> bool:
    """Whether few whole numbers lie in even areas that touch without the numbers between them."""
    is_whole = array.dtype.kind in "bui" or bool((values == np.round(values)).all())
    between = array[(array > 0) & (array < values[-1])]
    if not is_whole or len(values) > MOST_LABELS or not between.size:
        return False
    steps = _steps(np.searchsorted(values, array))
    unlike = steps[steps > 0]
    return bool(
        unlike.size <= (1 - EVEN) * steps.size
        and (unlike > 1).mean() > JUMPS
        and _inside(array, values[-1]) > INSIDE
    )


def of_labels(labels: np.ndarray, source: str = "numbers") -> Described:
    """The mask of every object, whatever its number; 255 is void where others are numbers.

    Raises ValueError where 255 may be an object, too.
    """
    values = np.unique(labels)
    others = values[(values > 0) & (values < VOID)]
    has_void = values[-1] == VOID and len(others) > 0
    if has_void and others[0] >= FIRST_GREY and source == "numbers":
        raise ValueError(f"its values are {_named(values)}: 255 may be void or an object")
    mask = (labels > 0) & ~(has_void & (labels == VOID))
    void = ", 255 is void" if has_void else ""
    described = f"an object mask of labels ({source}{void})"
    return mask, described, f"labels {_named(values[values > 0])}"


def of_palette(image: Image.Image) -> Described | None:
    """The mask of an image with a palette; None where that is of greys, so no labels.

    Raises ValueError where what is black is not 0, or the areas are not even.
    """
    labels = np.asarray(image)
    colours = np.array(image.getpalette("RGB")).reshape(-1, 3)
    values = np.unique(labels)
    used = colours[values[values < len(colours)]]
    if not np.ptp(used.astype(int), axis=-1).any():
        return None
    if len(values) > MOST_LABELS or (_steps(labels) > 0).mean() > 1 - EVEN:
        raise ValueError(_coloured(len(values)))
    if colours[0].any():
        raise ValueError("the first colour of its palette is not black; expected 0 for no object")
    if set(values.tolist()) <= {0, VOID}:
        return labels == VOID, "an object mask of one colour", ""
    return of_labels(labels, "palette")


def of_colours(colours: np.ndarray) -> Described:
    """The mask of what is not black in (H, W, 3) uint8, VOC's void aside. Raises ValueError."""
    packed = colours.astype(np.int64) @ (65536, 256, 1)
    values = np.unique(packed)
    if values[0] != 0 or len(values) > MOST_LABELS or (_steps(packed) > 0).mean() > 1 - EVEN:
        raise ValueError(_coloured(len(values)))
    is_void = packed == int(np.array(VOID_COLOUR) @ (65536, 256, 1))
    void = ", VOC's cream is void" if is_void.any() else ""
    described = f"an object mask of colours on black{void}"
    return (packed > 0) & ~is_void, described, f"{len(values) - 1} colours"


def of_trimap(array: np.ndarray, values: np.ndarray) -> Described | None:
    """The mask of a trimap, black, grey and white or the Pets'; None where it is none."""
    if len(values) == 3 and values[0] == 0 and values[1] in UNKNOWN and values[2] == VOID:
        return array == VOID, "a trimap: white is the object, grey is unknown", ""
    if not set(values.tolist()) <= PETS:
        return None
    return array == min(PETS), "a trimap: 1 is the object, 2 and 3 are not", ""


def _steps(array: np.ndarray) -> np.ndarray:
    """By how much each two neighbours differ."""
    array = array.astype(np.int64)
    return np.concatenate([np.abs(np.diff(array, axis=axis)).ravel() for axis in (0, 1)])


def _inside(array: np.ndarray, largest: float) -> float:
    """The share of pixels neither 0 nor the largest value whose neighbours are all like them."""
    from scipy.ndimage import maximum_filter, minimum_filter

    between = (array > 0) & (array < largest)
    even = maximum_filter(array, 3) == minimum_filter(array, 3)
    return float(even[between].mean())


def _named(values: np.ndarray) -> str:
    names = ", ".join(f"{value:g}" for value in values[:6]) + ", ..." * (len(values) > 6)
    return names or "none"


def _coloured(count: int) -> str:
    return (
        f"it has {count} colours; expected a grey gaze map or a mask of even colours on black: "
        "values cannot be told from the colours of a drawn heatmap"
    )
