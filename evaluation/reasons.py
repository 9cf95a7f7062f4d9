"""Why a metric has no value for a map, as far as the map and the ground truth tell."""

from typing import Any

import numpy as np

from evaluation.metric import FIXATIONS, GAZE, MASK, OTHERS


def reason_for_nan(saliency_map: np.ndarray, truths: dict[str, Any]) -> str:
    """One line; `truths` are the image's by their kind, as `MetricInputs.truth_of` gives them."""
    mask = truths.get(MASK)
    if mask is not None and not mask.any():
        return "the object mask is empty: the image has no object"
    if mask is not None and mask.all():
        return "the object mask is the whole image"
    if FIXATIONS in truths and not len(truths[FIXATIONS]):
        return "no fixation is inside of the image"
    if OTHERS in truths and not len(truths[OTHERS]):
        return "no other image has a fixation"
    density = truths.get(GAZE)
    if density is not None and np.ptp(density) == 0:
        return "the gaze map is the same everywhere"
    if not np.isfinite(saliency_map).all():
        return "the map is not finite"
    if np.ptp(saliency_map) == 0:
        return "the map is the same everywhere"
    if saliency_map.max() <= 0:
        return "the map has no positive value"
    return "it is undefined for this map"
