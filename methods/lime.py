"""LIME (Ribeiro 2016, https://arxiv.org/abs/1602.04938) on superpixels.

Superpixels are switched on and off at random; a ridge regression predicts the class's probability
from the switches, each sample weighted by its likeness to the whole image:

    d = 1 - cos(z, 1),   weight = sqrt(exp(-d^2 / 0.25^2)),   coefficients = ridge(z, p_c; alpha 1)
"""

from functools import partial
from typing import Annotated

import numpy as np

from engines.perturbation import noted_by_image
from methods.superpixels import (
    Hide,
    Segmentation,
    hidden_image,
    sandwich_errors,
    superpixel_maps,
    superpixels,
    switched_scores,
)
from registry import COUNT, SEED, Bounds
from runtime import note

KERNEL_WIDTH = 0.25
RIDGE_ALPHA = 1.0
PRESETS = {
    "lab": {
        "samples": 2000,
        "hide": "black",
        "shown": 15,
        "positive_only": True,
        "hide_rest": True,
    },
    "package": {"segmentation": "quickshift", "samples": 1000, "hide": "mean"},
}


def lime(
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    *,
    segmentation: Segmentation = "quickshift",
    samples: Annotated[int, "how many times superpixels are switched", Bounds(least=2)] = 1000,
    hide: Hide = "mean",
    seed: Annotated[int, "of the switching", SEED] = 0,
    shown: Annotated[int, "how many superpixels --representation superpixels shows", COUNT] = 10,
    positive_only: Annotated[bool, "whether it shows only those that speak for the class"] = False,
    hide_rest: Annotated[bool, "whether it hides the others"] = False,
) -> np.ndarray:
    """LIME: (N, H, W), each superpixel's coefficient in a local linear model; signed, black-box.

    Ribeiro 2016. Notes R^2 of the fit (`fit`), one for each class, and each coefficient's standard
    error. Raises ImageError for an image without superpixels.
    """

    def explain(image: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, dict]:
        segments = superpixels(image, segmentation, seed)
        hidden = hidden_image(image, segments, hide)
        switches = random_switches(samples, int(segments.max()) + 1, seed)
        scores = switched_scores(classifier, image, segments, hidden, switches, classes)
        return superpixel_maps(scores, segments, partial(fitted, switches[: len(scores)]))

    return noted_by_image(images, class_indices, explain)


def random_switches(samples: int, segments: int, seed: int) -> np.ndarray:
    """(samples, S) of zeros and ones; the first sample is the whole image."""
    switches = np.random.default_rng(seed).integers(0, 2, (samples, segments), np.uint8)
    switches[0] = 1
    return switches


def fitted(switches: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and their standard errors, both (classes, S), of the local model."""
    coefficients, intercepts, fit = local_model(switches, scores)
    note(fit=fit.tolist())
    weights = likeness(switches)
    centred = switches - np.average(switches, axis=0, weights=weights)
    residuals = scores - switches @ coefficients.T - intercepts
    return coefficients, sandwich_errors(centred, weights, residuals, RIDGE_ALPHA, group=1)


def likeness(switches: np.ndarray) -> np.ndarray:
    """(samples,): each sample's weight, by the cosine of its switches and the whole image's."""
    distances = 1 - np.sqrt(np.mean(switches, axis=1, dtype=np.float64))
    return np.sqrt(np.exp(-(distances**2) / KERNEL_WIDTH**2))


def local_model(
    switches: np.ndarray, scores: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coefficients (classes, S), intercepts (classes,) and weighted R^2 (classes,) of the fit."""
    from sklearn.linear_model import Ridge

    switches, weights = np.asarray(switches, np.float64), likeness(switches)
    scores = np.asarray(scores, np.float64)
    model = Ridge(alpha=RIDGE_ALPHA).fit(switches, scores, sample_weight=weights)
    rest = weights @ (scores - model.predict(switches).reshape(scores.shape)) ** 2
    whole = weights @ (scores - np.average(scores, axis=0, weights=weights)) ** 2
    fit = 1 - rest / np.maximum(whole, np.finfo(float).tiny)
    return np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_), fit
