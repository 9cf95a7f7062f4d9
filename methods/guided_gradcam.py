"""Guided Grad-CAM (Selvaraju 2017, https://arxiv.org/abs/1610.02391, section 3.2)."""

import numpy as np

from engines.pixel_gradients import note_colours, relu_gradients, strongest
from gradcam import gradcam
from representations import upsampled


def guided_gradcam(classifier, images: np.ndarray, class_indices: np.ndarray) -> np.ndarray:
    """Guided Grad-CAM: (N, H, W), guided backpropagation where Grad-CAM lights up.

    Their product, Grad-CAM upsampled bilinearly to the pixels. Raises ValueError where the
    classifier has no ReLU.
    """
    gradients = relu_gradients(classifier, images, class_indices, "guided")
    cams = gradcam(classifier, images, class_indices)  # (N, h, w)
    cams = np.stack([upsampled(cam, images.shape[1:3]) for cam in cams])
    products = gradients * cams[..., np.newaxis]
    note_colours(classifier, products)
    return strongest(products)
