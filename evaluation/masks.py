"""Maps against a mask of the object: is what they show strong on it?

NaN where the mask is true everywhere or nowhere: any map would have the same value. Pixels of equal
value, of which only some are counted, are counted in proportion: the mean over all of their orders.
"""

from typing import Annotated

import numpy as np

from engines.statistics import area_under_roc
from registry import NOT_NEGATIVE, Bounds
from representations import THRESHOLD

TOP_PART = 50  # so many times as many pixels are there as TOP_K counts, where it is not said


def pointing(
    maps: np.ndarray,
    masks: np.ndarray,
    *,
    tolerance: Annotated[
        int, "pixels around the mask that count as hit; 15 in the paper", NOT_NEGATIVE
    ] = 0,
) -> np.ndarray:
    """The pointing game: 1 where the map's maximum is on the object, else 0 (Zhang 2018).

    https://doi.org/10.1007/s11263-017-1059-x, section 4.1. Of several maxima the first counts.
    """
    from scipy.ndimage import distance_transform_edt

    hits = []
    for saliency_map, mask in zip(maps, masks, strict=True):
        if _tells_nothing(mask, saliency_map) or np.ptp(saliency_map) == 0:
            hits.append(np.nan)
            continue
        place = np.unravel_index(saliency_map.argmax(), mask.shape)
        hits.append(float(distance_transform_edt(~mask)[place] <= tolerance))
    return np.array(hits)


def energy_in_mask(maps: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """The share of the map's positive values that is on the object, in [0, 1] (Wang 2020).

    The energy-based pointing game of https://arxiv.org/abs/1910.01279, section 4.3.
    """
    energy = np.maximum(maps, 0).astype(np.float64)
    with np.errstate(invalid="ignore"):
        shares = (energy * masks).sum(axis=(1, 2)) / energy.sum(axis=(1, 2))
    nothing = [_tells_nothing(*pair) for pair in zip(masks, maps, strict=True)]
    return np.where(nothing, np.nan, shares)


def rank_accuracy(maps: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """The share of the K strongest pixels that is on the object of K pixels (Arras 2022).

    Relevance rank accuracy of https://arxiv.org/abs/2003.07258, eq. 2.
    """
    pairs = zip(maps, masks, strict=True)
    return np.array([_share_on_mask(*pair, count=pair[1].sum()) for pair in pairs])


def top_k(
    maps: np.ndarray,
    masks: np.ndarray,
    *,
    k: Annotated[
        int, "strongest pixels; 0: a fiftieth of all, 1004 of 224 x 224", NOT_NEGATIVE
    ] = 0,
) -> np.ndarray:
    """The share of the k strongest pixels that is on the object, in [0, 1] (Theiner 2022).

    Top-k intersection of https://arxiv.org/abs/2104.14995, as Quantus has it; its k is 1000. Raises
    ValueError for a k above the number of pixels.
    """
    pixels = masks[0].size
    if not 0 <= k <= pixels:
        raise ValueError(f"TOP_K: k is at most {pixels}, the pixels of the mask, got {k}")
    count = k or max(1, round(pixels / TOP_PART))
    return np.array([_share_on_mask(*pair, count) for pair in zip(maps, masks, strict=True)])


def auc_in_mask(maps: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """The area under the ROC curve of the object's pixels against all others, in [0, 1].

    The chance that a pixel on the object is stronger than one beside it; 0.5 for a constant map.
    """
    areas = []
    for saliency_map, mask in zip(maps, masks, strict=True):
        nothing = _tells_nothing(mask, saliency_map)
        area = np.nan if nothing else area_under_roc(saliency_map[mask], saliency_map[~mask])
        areas.append(area)
    return np.array(areas)


def iou(
    maps: np.ndarray,
    masks: np.ndarray,
    *,
    threshold: Annotated[
        float, "what counts as shown, as a part of the map's maximum", Bounds(above=0, most=1)
    ] = THRESHOLD,
) -> np.ndarray:
    """Intersection over union of the object and where the map is strong, in [0, 1] (Jaccard).

    NaN for a map without a positive value.
    """
    values = []
    for saliency_map, mask in zip(maps, masks, strict=True):
        if _tells_nothing(mask, saliency_map) or saliency_map.max() <= 0:
            values.append(np.nan)
            continue
        shown = saliency_map >= threshold * saliency_map.max()
        values.append((shown & mask).sum() / (shown | mask).sum())
    return np.array(values)


def _share_on_mask(saliency_map: np.ndarray, mask: np.ndarray, count: int) -> float:
    """The share of the map's `count` strongest pixels that is on the mask."""
    if _tells_nothing(mask, saliency_map):
        return np.nan
    weakest = np.partition(saliency_map, -count, axis=None)[-count]  # of those that count
    stronger, tied = saliency_map > weakest, saliency_map == weakest
    from_tied = (count - stronger.sum()) * mask[tied].mean()
    return float((mask[stronger].sum() + from_tied) / count)


def _tells_nothing(mask: np.ndarray, saliency_map: np.ndarray) -> bool:
    return bool(mask.all() or not mask.any() or not np.isfinite(saliency_map).all())
