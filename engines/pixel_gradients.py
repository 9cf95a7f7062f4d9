"""What methods share that look at the gradient by the image's pixels."""

from collections.abc import Callable, Iterable

import numpy as np

from classifier.network.forward import GRADIENT_BATCH, input_gradients
from engines.perturbation import perturbed
from runtime import note, tally


def strongest(gradients: np.ndarray) -> np.ndarray:
    """(N, H, W, C) -> (N, H, W): the largest absolute value of each pixel's channels."""
    largest = np.abs(gradients[..., 0])
    for channel in range(1, gradients.shape[-1]):  # many times faster than max(axis=-1)
        np.maximum(largest, np.abs(gradients[..., channel]), out=largest)
    return largest


def note_colours(classifier, gradients: np.ndarray) -> None:
    """Hands gradients (N, H, W, C) on to the representation `colour`."""
    note(gradients=classifier.in_rgb(gradients))


def relu_gradients(classifier, images: np.ndarray, class_indices, rule: str) -> np.ndarray:
    """dS_c/dx (N, H, W, C) by a rule of ReLUs; notes the other activations that there are.

    Raises ValueError where the classifier has no ReLU.
    """
    gradients = classifier.input_gradients(images, class_indices, rule)
    tally(passes=1)
    if others := classifier.activations_without_rule:
        note(activations_without_rule=others)
    return gradients


def mean_gradients(
    classifier,
    program: Callable,
    image: np.ndarray,
    batches: Iterable[tuple[np.ndarray, ...]],
    count: int,
    constants: tuple[np.ndarray, ...],
) -> np.ndarray:
    """(classes, H, W, C): the weighted mean of dS_c/dx over `count` copies of an image (H, W, 3).

    `program` makes the copies and gives their `summed_gradients`; batches have GRADIENT_BATCH
    rows. On Ctrl-C it is the mean of those done. Raises ValueError where there is no network.
    """
    classifier.need_layers()
    total, weight = 0.0, 0.0
    answers = perturbed(
        classifier, program, image, batches, count, constants, batch_size=GRADIENT_BATCH
    )
    for answer in answers:
        total = total + answer["gradients"].astype(np.float64)
        weight += float(answer["weight"])
    return total / weight


def summed_gradients(forward, copies, weights, classes) -> dict:
    """Sum over the copies (B, H, W, C) of weights (B,) dS_c/dx, (classes, H, W, C); and of weights.

    For programs: it stays in the graph.
    """
    import tensorflow as tf

    gradients = input_gradients(forward, copies, *classes)["gradients"]
    return {
        "gradients": tf.tensordot(weights, gradients, 1),
        "weight": tf.reduce_sum(weights),
    }
