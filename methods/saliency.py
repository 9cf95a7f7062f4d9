"""Saliency (Simonyan 2014, https://arxiv.org/abs/1312.6034, section 3.1)."""

import numpy as np

from engines.pixel_gradients import note_colours, strongest
from runtime import tally


def saliency(classifier, images: np.ndarray, class_indices: np.ndarray) -> np.ndarray:
    """Saliency: (N, H, W), how much the class's logit changes with a pixel, whichever way.

    The largest of abs dS_c/dx over the channels; x is the preprocessed image.
    """
    gradients = classifier.input_gradients(images, class_indices)
    tally(passes=1)
    note_colours(classifier, gradients)
    return strongest(gradients)
