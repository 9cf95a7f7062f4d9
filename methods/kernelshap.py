"""Kernel SHAP (Lundberg 2017, https://arxiv.org/abs/1705.07874, theorem 2) on superpixels.

Shapley values are the solution of a weighted linear regression over coalitions z of superpixels,

    weight(|z|) = (S - 1) / (C(S, |z|) |z| (S - |z|)),   sum of the values = f(all) - f(none).

With few superpixels all coalitions are asked and the values are exact; otherwise coalitions are
drawn with these weights, each together with its opposite.
"""

import math
from functools import partial
from itertools import product
from typing import Annotated

import numpy as np

from engines.perturbation import noted_by_image
from images import ImageError
from methods.superpixels import (
    Hide,
    Segmentation,
    hidden_image,
    sandwich_errors,
    superpixel_maps,
    superpixels,
    switched_scores,
)
from registry import SEED, Bounds
from runtime import note


def kernelshap(
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    *,
    segmentation: Segmentation = "quickshift",
    samples: Annotated[int, "how many coalitions of superpixels are asked", Bounds(least=2)] = 1000,
    hide: Hide = "mean",
    seed: Annotated[int, "of the coalitions", SEED] = 0,
) -> np.ndarray:
    """Kernel SHAP: (N, H, W), each superpixel's share in the probability; signed, black-box.

    Lundberg 2017, theorem 2. The superpixels' values add up to the probability of the whole
    image less that of the hidden one. Notes each value's standard error, 0 where all coalitions
    were asked. Raises ImageError for an image without superpixels, or with more than the
    samples are enough for.
    """

    def explain(image: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, dict]:
        segments = superpixels(image, segmentation, seed)
        count = int(segments.max()) + 1
        if samples < min(count + 2, 2**count):
            raise ImageError(
                f"KERNELSHAP: this image's {count} superpixels need samples >= "
                f"{min(count + 2, 2**count)}, got {samples}"
            )
        hidden = hidden_image(image, segments, hide)
        switches, weights = coalitions(count, samples, seed)
        scores = switched_scores(classifier, image, segments, hidden, switches, classes)
        kept = (switches[: len(scores)], weights[: len(scores)])
        return superpixel_maps(scores, segments, partial(fitted, *kept))

    return noted_by_image(images, class_indices, explain)


def coalitions(count: int, samples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Switches (n, S), the first two none and all, and the others' weights (n,) in the fit."""
    ends = np.array([np.zeros(count), np.ones(count)], np.uint8)
    exact = 2**count <= samples
    note(exact=exact)
    if exact:
        inner = np.array(list(product((0, 1), repeat=count)), np.uint8)[1:-1]
        sizes = inner.sum(axis=1).tolist()
        weights = [(count - 1) / (math.comb(count, k) * k * (count - k)) for k in sizes]
        return np.concatenate([ends, inner]), np.array([0, 0, *weights])
    rng = np.random.default_rng(seed)
    sizes = np.arange(1, count)
    shares = 1 / (sizes * (count - sizes))
    drawn = rng.choice(sizes, (samples - 1) // 2, p=shares / shares.sum())
    inner = np.argsort(rng.random((len(drawn), count)), axis=1) < drawn[:, None]
    pairs = np.stack([inner, ~inner], axis=1).reshape(-1, count)[: samples - 2]
    weights = np.array([0, 0] + [1] * len(pairs))  # the drawing has weighted them already
    return np.concatenate([ends, pairs]).astype(np.uint8), weights


def fitted(
    switches: np.ndarray, weights: np.ndarray, scores: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Shapley values and their standard errors, both (classes, S)."""
    values = shapley_values(switches, weights, scores)
    if len(switches) == 2 ** switches.shape[1]:
        return values, np.zeros(values.shape)
    z = np.asarray(switches[2:], np.float64)
    residuals = scores[2:] - scores[:1] - z @ values.T
    freely = np.eye(z.shape[1]) - 1 / z.shape[1]  # values may vary while their sum is held
    return values, sandwich_errors(z @ freely, weights[2:], residuals, 0.0, group=2)


def shapley_values(switches: np.ndarray, weights: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """(classes, S) values of the fit, whose sum is held at f(all) - f(none)."""
    nothing, everything = np.asarray(scores[:2], np.float64)
    total = everything - nothing
    z = np.asarray(switches[2:], np.float64)
    gains = np.asarray(scores[2:], np.float64) - nothing - z[:, -1:] * total
    root = np.sqrt(weights[2:])[:, None]
    values = np.linalg.lstsq(root * (z[:, :-1] - z[:, -1:]), root * gains, rcond=None)[0]
    return np.concatenate([values, total[None] - values.sum(axis=0, keepdims=True)]).T
