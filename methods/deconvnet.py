"""Deconvolution (Zeiler 2014, https://arxiv.org/abs/1311.2901, section 2.1)."""

import numpy as np

from engines.pixel_gradients import note_colours, relu_gradients, strongest
from runtime import note

SAME = 1e-4  # two maps are one where they differ by less, as a part of the largest value
CAUTION = (
    "deconvolution is the same here for every image: only max pooling tells it where the "
    "image's features are, and this network has none"
)


def deconvnet(classifier, images: np.ndarray, class_indices: np.ndarray) -> np.ndarray:
    """Deconvolution: (N, H, W), the class projected back to the pixels through rectifications.

    The largest absolute value over the channels of dS_c/dx, in which every ReLU passes the
    gradient where that is positive, open or not. Max pooling goes back to the maxima, the paper's
    switches; without any the map does not depend on the image, which is noted as a caution.
    Raises ValueError where the classifier has no ReLU.
    """
    gradients = relu_gradients(classifier, images, class_indices, "deconvnet")
    note_colours(classifier, gradients)
    negative = 255 - images[:1]
    others = classifier.input_gradients(negative, class_indices[:1], "deconvnet")
    if np.abs(others - gradients[:1]).max() <= SAME * np.abs(others).max():
        note(caution=CAUTION)
    return strongest(gradients)
