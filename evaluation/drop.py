"""What is left of the class when the image is multiplied by its map (Chattopadhay 2018).

Grad-CAM++, https://arxiv.org/abs/1710.11063, section 4.1. The map is in [0, 1]; where it
is 0 stands the classifier's mean colour, which is 0 once it is preprocessed. Each value here is one
image's, and a table's mean is the paper's.
"""

import numpy as np

from engines.fills import background, note_fill_of_maps
from evaluation.metric import positions, unit


def average_drop(maps, classifier, images: np.ndarray, class_indices: np.ndarray) -> np.ndarray:
    """The part of the class's probability that is lost, in [0, 1]; 0 where it rises."""
    before, after = _probabilities(maps, classifier, images, class_indices)
    return np.maximum(before - after, 0) / before


def average_gain(maps, classifier, images: np.ndarray, class_indices: np.ndarray) -> np.ndarray:
    """The part of what was missing to certainty that is won, in [0, 1]; 0 where nothing is.

    Zhang 2024 (Opti-CAM), https://arxiv.org/abs/2301.07002, eq. 16.
    """
    before, after = _probabilities(maps, classifier, images, class_indices)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.maximum(after - before, 0) / (1 - before)


def increase(maps, classifier, images: np.ndarray, class_indices: np.ndarray) -> np.ndarray:
    """1 where the class's probability rises, else 0."""
    before, after = _probabilities(maps, classifier, images, class_indices)
    return np.where(np.isfinite(after), after > before, np.nan)


def _probabilities(maps, classifier, images, class_indices) -> tuple[np.ndarray, np.ndarray]:
    """The class's probability (N,) of the image and of image times map; NaN without a map."""
    inputs = classifier.preprocess(images)
    masks, hidden = unit(maps)[..., np.newaxis], background(classifier)
    explained = (hidden + (inputs - hidden) * np.nan_to_num(masks)).astype(np.float32)
    note_fill_of_maps(classifier, len(maps))
    chosen = (np.arange(len(inputs)), np.asarray(class_indices))
    before, after = (
        classifier.scores_of_inputs(batch)["scores"][chosen].astype(np.float64)
        for batch in (inputs, explained)
    )
    meaningful = np.isfinite(masks).all(axis=positions(masks)) & (
        before > 0
    )  # contrasts can be below
    return before, np.where(meaningful, after, np.nan)
