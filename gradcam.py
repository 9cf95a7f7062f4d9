"""Grad-CAM (Selvaraju 2017, https://arxiv.org/abs/1610.02391).

Which positions of the last convolution layer speak for a class:

    a_k = mean over i, j of dS_c / dA_ijk          (eq. 1: how much channel k matters to class c)
    L   = ReLU( sum over k of a_k A_k )            (eq. 2: where the channels that matter are on)

A are the layer's features (h, w, K), S_c is the class's logit: the probability's gradient vanishes
where the classifier is sure. The lab takes ReLU before the sum over channels, so that channels
which speak against the class count for nothing; `relu="channels"` does the same.
"""

from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np

from classifier import as_classifier
from engines.activation_maps import Smooth, activation_maps
from images import resized, resized_clip
from utils import (
    get_decode_predictions_name,
    get_model_,
    get_preprocess_input_name,
    get_required_size,
)


class GradCAM:
    """Grad-CAM step by step, as in the lab; `gradcam` walks through the same steps.

    All but the last: the channels' sum, K times their mean, is that of `activation_maps`.

    Args:
        model_name: A classifier's name, or a Classifier.
        img_array: (H, W, 3) or (N, H, W, 3) RGB in [0, 255], of any size. Of a classifier of
            clips (T, H, W, 3) or (N, T, H, W, 3): all maps then have time before h and w.
    """

    def __init__(self, model_name, img_array: np.ndarray):
        self.model_name = model_name
        self.img_array = img_array
        self.classifier = as_classifier(model_name)
        self.features: np.ndarray | None = None  # A, (N, h, w, K), of the last compute_gradients
        self.activation_map: np.ndarray | None = None  # what the last step made of it

    def get_decode_predictions(self) -> Callable:
        """The function scores (N, K) -> for each row (id, name, score), best first."""
        return get_decode_predictions_name(self.classifier)

    def get_preprocess_input(self) -> Callable:
        """The function (N, H, W, 3) RGB in [0, 255] -> the classifier's input."""
        return get_preprocess_input_name(self.classifier)

    def get_model(self) -> Callable:
        """A callable images -> (features of the last layer (N, h, w, K), logits (N, classes))."""
        _, layer = get_model_(self.classifier)
        return self.classifier.layer_model(layer)

    def resize_array(self) -> np.ndarray:
        """(N, H, W, 3) float32: img_array at the classifier's input size, as a batch."""
        size = get_required_size(self.classifier)
        images = np.asarray(self.img_array)
        of_clips = self.classifier.frames is not None
        images = images[np.newaxis] if images.ndim == 3 + of_clips else images
        if images.shape[-3:-1] == size:
            return np.asarray(images, np.float32)
        return np.stack([(resized_clip if of_clips else resized)(image, size) for image in images])

    def compute_gradients(self, model: Callable, class_index) -> np.ndarray:
        """dS_c/dA (N, h, w, K), for one class or one an image; the features are kept."""
        images = self.resize_array()
        class_indices = np.broadcast_to(class_index, len(images))
        self.features, gradients = model.gradients(images, class_indices)
        return gradients

    def pool_gradients(self, gradients: np.ndarray) -> np.ndarray:
        """a_k (N, K): the mean of the gradients over positions (eq. 1)."""
        return gradients.mean(axis=tuple(range(1, gradients.ndim - 1)))

    def weight_activation_map(self, pooled: np.ndarray) -> np.ndarray:
        """A_k a_k (N, h, w, K)."""
        positions = (1,) * (self.features.ndim - 2)
        self.activation_map = self.features * pooled.reshape(len(pooled), *positions, -1)
        return self.activation_map

    def apply_relu(self) -> np.ndarray:
        """What the last step gave, negatives set to 0."""
        self.activation_map = np.maximum(self.activation_map, 0)
        return self.activation_map

    def apply_dimension_average_pooling(self) -> np.ndarray:
        """(N, h, w): what the last step gave, averaged over the channels."""
        self.activation_map = self.activation_map.mean(axis=-1)
        return self.activation_map


def gradcam(
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    *,
    relu: Annotated[
        Literal["sum", "channels"], "ReLU of the sum over channels (the paper), or of each channel"
    ] = "sum",
    smooth: Smooth = "none",
) -> np.ndarray:
    """Grad-CAM: (N, h, w), the channels weighted by their gradient, where they speak for the class.

    Units are those of the logit; nothing is negative. Selvaraju 2017, eq. 1 and 2. Of clips it is
    (N, t, h, w), by the same equations with time as a further position.
    """

    def weighted_channels(classifier, images, class_indices, layer: str) -> np.ndarray:
        cam = GradCAM(classifier, images)
        gradients = cam.compute_gradients(classifier.layer_model(layer), class_indices)
        channels = cam.weight_activation_map(cam.pool_gradients(gradients))
        if relu == "channels":
            channels = cam.apply_relu()
        if smooth == "principal":
            return channels
        mean = cam.apply_dimension_average_pooling()[..., np.newaxis]
        return channels.shape[-1] * mean  # the paper sums, the step averages

    return activation_maps(classifier, images, class_indices, weighted_channels, smooth)
