"""Two ways from gradients to steps."""

from collections.abc import Callable

import numpy as np

MOMENTUM = 0.9


def adam() -> Callable[[np.ndarray], np.ndarray]:
    """A function gradient -> step (Kingma 2015, https://arxiv.org/abs/1412.6980, algorithm 1)."""
    mean, square, count = 0.0, 0.0, 0

    def step(gradient: np.ndarray) -> np.ndarray:
        nonlocal mean, square, count
        count += 1
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        spread = np.sqrt(square / (1 - 0.999**count))
        return mean / (1 - 0.9**count) / (spread + 1e-12)

    return step


def sgd() -> Callable[[np.ndarray], np.ndarray]:
    """A function gradient -> step: with momentum, each gradient divided by its root mean square.

    So that a rate means the same for every classifier.
    """
    velocity = 0.0

    def step(gradient: np.ndarray) -> np.ndarray:
        nonlocal velocity
        size = np.sqrt(np.mean(gradient**2)) or 1
        velocity = MOMENTUM * velocity + (1 - MOMENTUM) * gradient / size
        return velocity

    return step


OPTIMISERS = {"adam": adam, "sgd": sgd}
