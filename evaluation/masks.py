"""Maps against a mask of the object: is what they show strong on it?

NaN where the mask is true everywhere or nowhere: any map would have the same value.
"""

from typing import Annotated

import numpy as np

from registry import NOT_NEGATIVE


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

    Relevance rank accuracy of https://arxiv.org/abs/2003.07258, eq. 2; ties by a stable sort.
    """
    shares = []
    for saliency_map, mask in zip(maps, masks, strict=True):
        strongest = np.argsort(-saliency_map, axis=None, kind="stable")[: mask.sum()]
        nothing = _tells_nothing(mask, saliency_map)
        shares.append(np.nan if nothing else mask.ravel()[strongest].mean())
    return np.array(shares)


def _tells_nothing(mask: np.ndarray, saliency_map: np.ndarray) -> bool:
    return bool(mask.all() or not mask.any() or not np.isfinite(saliency_map).all())
