"""Score-CAM (Wang 2020, https://arxiv.org/abs/1910.01279)."""

import numpy as np

from engines.activation_maps import Smooth, activation_maps
from engines.fills import background, note_fill
from engines.perturbation import batches_of, by_image, perturbed

FLAT = 1e-6  # a channel's span, relative to its largest value, that is rounding and no map


def scorecam(
    classifier, images: np.ndarray, class_indices: np.ndarray, *, smooth: Smooth = "none"
) -> np.ndarray:
    """Score-CAM: (N, h, w), channels weighted by the class's logit where each masks the image.

    A pass for each channel. Nothing is negative. Weights are a softmax over the channels, masks
    the channels scaled to [0, 1] and upsampled with aligned corners. Wang 2020.
    """
    return activation_maps(classifier, images, class_indices, weighted_channels, smooth)


def weighted_channels(classifier, images, class_indices, layer: str) -> np.ndarray:
    """w_kc A_k (N, h, w, K)."""

    from scipy.special import softmax

    hidden = background(classifier)
    note_fill(classifier)

    def explain(image: np.ndarray, classes: np.ndarray) -> np.ndarray:
        features = classifier.features(image[np.newaxis], layer)  # (1, h, w, K)
        channels = np.ascontiguousarray(np.moveaxis(features[0], -1, 0))  # (K, h, w)
        sizes = zip(channels.shape[1:], image.shape[:2], strict=True)
        constants = (*(aligned_upsampling(*size) for size in sizes), hidden, classes)
        batches = batches_of(channels)
        answers = perturbed(classifier, masked, image, batches, len(channels), constants)
        logits = np.concatenate([answer["logits"] for answer in answers])  # (passes, classes)
        weights = np.zeros((len(classes), len(channels)), np.float32)
        weights[:, : len(logits)] = softmax(logits.T, axis=-1)  # fewer where it was stopped early
        return features * weights[:, np.newaxis, np.newaxis]

    return by_image(images, class_indices, explain)


def aligned_upsampling(cells: int, pixels: int) -> np.ndarray:
    """(pixels, cells): bilinear, the first and the last pixel on the first and the last cell."""
    places = np.linspace(0, cells - 1, pixels)
    return np.maximum(0, 1 - np.abs(places[:, None] - np.arange(cells))).astype(np.float32)


def masked(
    forward, inputs, channels, row_upsampling, column_upsampling, background, classes
) -> dict:
    """The program: logits (B, classes) of the image under each channel (B, h, w) as a mask."""
    import tensorflow as tf

    masks = tf.matmul(row_upsampling @ channels, column_upsampling, transpose_b=True)  # (B, H, W)
    lows = tf.reduce_min(masks, axis=(1, 2), keepdims=True)
    spans = tf.reduce_max(masks, axis=(1, 2), keepdims=True) - lows
    largest = tf.reduce_max(tf.abs(masks), axis=(1, 2), keepdims=True)
    masks = tf.where(spans > FLAT * largest, tf.math.divide_no_nan(masks - lows, spans), 0.0)
    composites = background + masks[..., tf.newaxis] * (inputs - background)
    return {"logits": tf.gather(forward(composites).logits, classes, axis=1)}
