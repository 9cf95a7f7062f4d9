"""Guided backpropagation (Springenberg 2015, https://arxiv.org/abs/1412.6806, section 3.4)."""

import numpy as np

from engines.pixel_gradients import note_colours, relu_gradients, strongest


def guided_backprop(classifier, images: np.ndarray, class_indices: np.ndarray) -> np.ndarray:
    """Guided backpropagation: (N, H, W), where pixels make features that speak for the class.

    The largest absolute value over the channels of dS_c/dx, in which every ReLU lets the gradient
    pass only where it is open and the gradient positive. Sharp, and known to depend little on the
    class (Adebayo 2018). Raises ValueError where the classifier has no ReLU.
    """
    gradients = relu_gradients(classifier, images, class_indices, "guided")
    note_colours(classifier, gradients)
    return strongest(gradients)
