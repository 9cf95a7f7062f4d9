"""SmoothGrad (Smilkov 2017, https://arxiv.org/abs/1706.03825)."""

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from classifier.network.forward import CLASSES_AT_ONCE, GRADIENT_BATCH
from engines.perturbation import batch_sizes, by_image
from engines.pixel_gradients import mean_gradients, strongest, summed_gradients
from registry import COUNT, NOT_NEGATIVE, SEED


def smoothgrad(
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    *,
    samples: Annotated[int, "how many noisy copies of the image", COUNT] = 25,
    noise: Annotated[
        float, "its standard deviation, in parts of the input's range", NOT_NEGATIVE
    ] = 0.15,
    seed: Annotated[int, "of the noise", SEED] = 0,
) -> np.ndarray:
    """SmoothGrad: (N, H, W), saliency of the gradient's mean over noisy copies.

    The mean is taken of dS_c/dx (equation in section 2.2), then the largest absolute value over
    the channels. Raises ValueError for options out of range.
    """

    def explain(image: np.ndarray, classes: np.ndarray) -> np.ndarray:
        batches = random_noise(samples, classifier.input_shape, seed)
        constants = (np.float32(noise), *classes)
        return strongest(
            mean_gradients(classifier, noisy_copies, image, batches, samples, constants)
        )

    return by_image(images, class_indices, explain, CLASSES_AT_ONCE)


def random_noise(samples: int, shape: tuple[int, ...], seed: int) -> Iterator[tuple[np.ndarray]]:
    """Batches of normal noise (B, H, W, C), its standard deviation 1."""
    rng = np.random.default_rng(seed)
    for size in batch_sizes(samples, GRADIENT_BATCH):
        yield (rng.standard_normal((size, *shape), np.float32),)


def noisy_copies(forward, inputs, noise, level, *classes) -> dict:
    """The program of SmoothGrad: the gradients at x + level (max x - min x) noise, summed."""
    import tensorflow as tf

    spread = level * (tf.reduce_max(inputs) - tf.reduce_min(inputs))
    copies = inputs + spread * noise
    return summed_gradients(forward, copies, tf.ones(tf.shape(noise)[:1]), classes)
