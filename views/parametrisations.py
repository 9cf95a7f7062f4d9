"""What an ascent moves: the pixels themselves, or their frequencies.

A parametrisation says how numbers (H, W, 3) become an image (H, W, 3) in [0, 255].
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

# Principal axes of the colours (as logits of [0, 1]) of the sample images in data/, each with its
# deviation as a part of the first's: brightness, red against blue, green against both.
COLOUR_AXES = np.array(
    [[0.561, 0.594, 0.577], [0.762, -0.098, -0.640], [0.324, -0.799, 0.507]], np.float32
) * np.array([[1.0], [0.248], [0.136]], np.float32)


class Parametrisation(NamedTuple):
    """How an ascent starts, what image its numbers stand for, and how far it goes in a step."""

    start: Callable  # (generator, (H, W)) -> (H, W, 3)
    paint: Callable  # tensor (H, W, 3) -> tensor (H, W, 3) in [0, 255]
    project: Callable  # array -> array: back to where it may be, after a step
    rate: float


def frequencies(size: tuple[int, int]) -> np.ndarray:
    """(H, W, 1): 1 / |frequency|, as natural images have it, with mean square 1."""
    down, right = (np.fft.fftfreq(side) for side in size)
    distance = np.hypot(down[:, np.newaxis], right)
    spectrum = 1 / np.maximum(distance, 1 / max(size))
    return (spectrum / np.sqrt(np.mean(spectrum**2))).astype(np.float32)[..., np.newaxis]


def painted_frequencies(coefficients):
    """The image whose Hartley coefficients these are, times 1/f, along the axes of colour.

    Hartley's transform is Fourier's for real numbers: its real less its imaginary part. A sigmoid
    brings the image to [0, 255].
    """
    import tensorflow as tf

    height, width, _ = coefficients.shape
    scaled = tf.transpose(coefficients * frequencies((height, width)), (2, 0, 1))
    waves = tf.signal.fft2d(tf.complex(scaled, tf.zeros_like(scaled))) / np.sqrt(height * width)
    values = tf.transpose(tf.math.real(waves) - tf.math.imag(waves), (1, 2, 0))
    return 255 * tf.sigmoid(tf.tensordot(values, COLOUR_AXES, 1))


PARAMETRISATIONS = {
    "pixels": Parametrisation(
        lambda rng, size: rng.normal(127.5, 10, (*size, 3)),
        lambda pixels: pixels,
        lambda pixels: np.clip(pixels, 0, 255),
        rate=4.0,
    ),
    "fourier": Parametrisation(
        lambda rng, size: rng.normal(0, 0.1, (*size, 3)),
        painted_frequencies,
        lambda coefficients: coefficients,
        rate=0.025,
    ),
}
