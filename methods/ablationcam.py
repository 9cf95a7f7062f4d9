"""Ablation-CAM (Desai 2020, https://doi.org/10.1109/WACV45572.2020.9093360)."""

import numpy as np

from classifier.network.forward import BATCH
from engines.activation_maps import Smooth, activation_maps
from engines.perturbation import ROUNDING, batches_of, by_image, perturbed

FEATURES_AT_ONCE = 2**25  # bytes
NONE = -1  # the channel that is ablated in the first pass


def ablationcam(
    classifier, images: np.ndarray, class_indices: np.ndarray, *, smooth: Smooth = "none"
) -> np.ndarray:
    """Ablation-CAM: (N, h, w), channels weighted by what the class loses without each of them.

    A pass through the head alone for each channel, set to 0. Nothing is negative. Desai 2020,
    as pytorch-grad-cam: weights are parts of the logit, so that their sign turns where it is
    negative.
    """
    return activation_maps(classifier, images, class_indices, weighted_channels, smooth)


def weighted_channels(classifier, images, class_indices, layer: str) -> np.ndarray:
    """w_kc A_k (N, h, w, K), w_kc = (S_c - S_c without channel k) / S_c."""

    def explain(image: np.ndarray, classes: np.ndarray) -> np.ndarray:
        features = classifier.features(image[np.newaxis], layer)  # (1, h, w, K)
        channels = np.arange(NONE, features.shape[-1], dtype=np.int32)
        size = batch_size(classifier, features, layer)
        answers = perturbed(
            classifier,
            ablated,
            image,
            batches_of(channels, size),
            len(channels),
            (features, classes),
            layer,
            size,
        )
        logits = np.concatenate([answer["logits"] for answer in answers])  # (passes, classes)
        weights = np.zeros((len(classes), features.shape[-1]), np.float32)
        losses = np.where(logits[0] == 0, 0, logits[0] - logits[1:])
        losses[np.abs(losses) <= ROUNDING * np.abs(logits).max(axis=0)] = 0
        losses /= np.where(logits[0] == 0, 1, logits[0])
        weights[:, : len(losses)] = losses.T  # fewer where it was stopped early
        return features * weights[:, np.newaxis, np.newaxis]

    return by_image(images, class_indices, explain)


def batch_size(classifier, features: np.ndarray, layer: str) -> int:
    """So many channels at once: more where only the head follows the features (1, h, w, K).

    The head is soon done, and most of a small batch is calling it.
    """
    if layer != classifier.target_layer:
        return BATCH
    return max(BATCH, min(4 * BATCH, FEATURES_AT_ONCE // features.nbytes))


def ablated(forward, inputs, channels, features, classes) -> dict:
    """The program: logits (B, classes) without each channel of the features (1, h, w, K)."""
    import tensorflow as tf

    kept = 1 - tf.one_hot(channels, tf.shape(features)[-1])  # (B, K)
    without = features * kept[:, tf.newaxis, tf.newaxis]
    repeated = tf.repeat(inputs, tf.shape(channels)[0], axis=0)
    return {"logits": tf.gather(forward(repeated, features=without).logits, classes, axis=1)}
