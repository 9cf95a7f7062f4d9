"""Integrated gradients (Sundararajan 2017, https://arxiv.org/abs/1703.01365).

    IG = (x - x') . integral over a from 0 to 1 of dS_c/dx at x' + a (x - x')      (section 3)

The integral is taken at Gauss-Legendre nodes, which needs fewer of them than equal steps do.
"""

from typing import Annotated, Literal

import numpy as np

from classifier.network.forward import CLASSES_AT_ONCE, GRADIENT_BATCH
from engines.fills import background, colour_of
from engines.perturbation import batch_sizes, by_image
from engines.pixel_gradients import mean_gradients, summed_gradients
from registry import COUNT
from runtime import note


def integrated_gradients(
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    *,
    steps: Annotated[int, "how many points of the path from the baseline to the image", COUNT] = 50,
    baseline: Annotated[
        Literal["black", "mean"],
        "where the path begins; mean: the colour that is 0 once preprocessed",
    ] = "black",
) -> np.ndarray:
    """Integrated gradients: (N, H, W), each pixel's share in S_c(x) - S_c(baseline); signed.

    The sum over the channels. Notes the logits' difference, and the completeness gap: the map's
    sum less that difference, one for each class. Raises ValueError for no steps.
    """
    note(fill_rgb=colour_of(classifier, baseline))

    def explain(image: np.ndarray, classes: np.ndarray) -> np.ndarray:
        start, end = background(classifier, baseline), classifier.preprocess(image[np.newaxis])
        batches = path_nodes(steps)
        constants = (start, *classes)
        slopes = mean_gradients(classifier, path_points, image, batches, steps, constants)
        maps = ((end - start) * slopes).sum(axis=-1)
        logits = classifier.scores_of_inputs(np.concatenate([start, end]))["logits"]
        differences = (logits[1] - logits[0])[classes]
        gaps = maps.sum(axis=(1, 2)) - differences
        note(logit_difference=differences.tolist(), completeness_gap=gaps.tolist())
        return maps

    return by_image(images, class_indices, explain, CLASSES_AT_ONCE)


def path_nodes(steps: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Batches of Gauss-Legendre nodes on [0, 1] and their weights, which sum to 1.

    Each batch goes all the way from 0 to 1, so that also the first few are a map.
    """
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    nodes, weights = (0.5 + 0.5 * nodes).astype(np.float32), (0.5 * weights).astype(np.float32)
    count = len(batch_sizes(steps, GRADIENT_BATCH))
    return [(nodes[first::count], weights[first::count]) for first in range(count)]


def path_points(forward, inputs, nodes, weights, start, *classes) -> dict:
    """The program of integrated gradients: those at start + a (x - start), summed by weight."""
    import tensorflow as tf

    copies = start + tf.reshape(nodes, (-1, 1, 1, 1)) * (inputs - start)
    return summed_gradients(forward, copies, weights, classes)
