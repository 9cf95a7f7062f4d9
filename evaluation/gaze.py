"""Maps against where people looked: gaze maps, compared pixel by pixel, and fixations.

Definitions follow pysaliency and the MIT/Tuebingen saliency benchmark (Kuemmerer 2018,
https://arxiv.org/abs/1704.08615; Bylinskii 2019, https://arxiv.org/abs/1604.03605).
"""

from typing import Annotated

import numpy as np

from engines.statistics import area_under_roc, correlations
from evaluation.fixations import DEGREES, PIXELS_PER_DEGREE, inside, pixels, wooding_map
from evaluation.metric import unit
from registry import SHARE, Bounds

SMALLEST = 1e-20  # added to maps before they are made densities, against log 0
WINDOW_SIGMA = 1.5  # pixels, of SSIM's Gaussian window (Wang 2004)


def pcc(maps: np.ndarray, densities: np.ndarray) -> np.ndarray:
    """Pearson's correlation with the gaze map, in [-1, 1]; NaN where one of them is constant."""
    return correlations(maps, densities)


def ssim(maps: np.ndarray, densities: np.ndarray) -> np.ndarray:
    """Structural similarity with the gaze map, both in [0, 1] (Wang 2004); at most 1.

    Gaussian window of sigma 1.5, data range 1.
    """
    from skimage.metrics import structural_similarity

    pairs = zip(unit(maps), unit(densities), strict=True)
    return np.array(
        [
            structural_similarity(
                *pair,
                data_range=1,
                gaussian_weights=True,
                sigma=WINDOW_SIGMA,
                use_sample_covariance=False,
            )
            for pair in pairs
        ]
    )


def sim(maps: np.ndarray, densities: np.ndarray) -> np.ndarray:
    """Histogram intersection with the gaze map, both summing to 1; in [0, 1]."""
    return np.minimum(as_densities(maps), as_densities(densities)).sum(axis=(1, 2))


def kl(maps: np.ndarray, densities: np.ndarray) -> np.ndarray:
    """Kullback-Leibler divergence of the gaze map from the map, in nats; 0 for the same map."""
    guessed, true = (as_densities(some, SMALLEST) for some in (maps, densities))
    return (true * np.log(true / guessed)).sum(axis=(1, 2))


def mae(maps: np.ndarray, densities: np.ndarray) -> np.ndarray:
    """Mean absolute difference from the gaze map, both in [0, 1]."""
    return np.abs(unit(maps) - unit(densities)).mean(axis=(1, 2))


def mse(maps: np.ndarray, densities: np.ndarray) -> np.ndarray:
    """Mean squared difference from the gaze map, both in [0, 1]."""
    return ((unit(maps) - unit(densities)) ** 2).mean(axis=(1, 2))


def nss(maps: np.ndarray, fixations: list[np.ndarray]) -> np.ndarray:
    """Normalised scanpath saliency: the mean at fixations of the standardised map."""
    return np.array(
        [_mean(values_at(*pair)) for pair in zip(_standardised(maps), fixations, strict=True)]
    )


def auc_judd(maps: np.ndarray, fixations: list[np.ndarray]) -> np.ndarray:
    """Area under the ROC curve of fixated against all other pixels (Judd 2009), in [0, 1].

    Thresholds are the map's values at fixations.
    """
    return np.array([_judd(*pair) for pair in zip(maps.astype(np.float64), fixations, strict=True)])


def auc_shuffled(
    maps: np.ndarray, fixations: list[np.ndarray], other_fixations: list[np.ndarray]
) -> np.ndarray:
    """Area under the ROC curve of fixated pixels against those fixated in other images.

    A map that only knows that people look at the centre gets 0.5 (Zhang 2008).
    """
    areas = []
    for saliency_map, places, others in zip(maps, fixations, other_fixations, strict=True):
        pair = (values_at(saliency_map, places), values_at(saliency_map, others))
        areas.append(area_under_roc(*pair))
    return np.array(areas)


def information_gain(
    maps: np.ndarray,
    fixations: list[np.ndarray],
    other_fixations: list[np.ndarray],
    *,
    degrees: Annotated[
        float, "sigma of the baseline's Gaussians, in degrees", Bounds(above=0)
    ] = DEGREES,
    pixels_per_degree: Annotated[float, "of visual angle", Bounds(above=0)] = PIXELS_PER_DEGREE,
    uniform: Annotated[float, "share of an even density that both are mixed with", SHARE] = 0.01,
) -> np.ndarray:
    """Bits per fixation by which the map foretells it better than other images' fixations do.

    Kuemmerer 2015, https://doi.org/10.1073/pnas.1510393112, eq. 1.
    """
    gains = []
    for density, places, others in zip(as_densities(maps), fixations, other_fixations, strict=True):
        baseline = wooding_map(others, density.shape, degrees, pixels_per_degree)
        pair = (density, as_densities(baseline[np.newaxis])[0])
        model, known = ((1 - uniform) * one + uniform / one.size for one in pair)
        gains.append(_mean(np.log2(values_at(model, places) / values_at(known, places))))
    return np.array(gains)


def as_densities(maps: np.ndarray, smallest: float = 0.0) -> np.ndarray:
    """(N, H, W) that sum to 1: a map with negatives is lifted to 0, `smallest` added to all."""
    maps = maps.astype(np.float64)
    maps = maps - np.minimum(maps.min(axis=(1, 2), keepdims=True), 0) + smallest
    with np.errstate(invalid="ignore"):
        return maps / maps.sum(axis=(1, 2), keepdims=True)


def values_at(saliency_map: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The values of a map (H, W) at places (n, 2), x and y in pixels; those outside left out."""
    return saliency_map[pixels(inside(places, saliency_map.shape))]


def _standardised(maps: np.ndarray) -> np.ndarray:
    """Each map with mean 0 and population deviation 1; NaN for a constant one."""
    maps = maps.astype(np.float64)
    centred = maps - maps.mean(axis=(1, 2), keepdims=True)
    constant = np.ptp(maps, axis=(1, 2), keepdims=True) == 0
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(constant, np.nan, centred / maps.std(axis=(1, 2), keepdims=True))


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else np.nan


def _judd(saliency_map: np.ndarray, places: np.ndarray) -> float:
    positives = np.sort(values_at(saliency_map, places))
    others = np.ones(saliency_map.shape, bool)
    others[pixels(inside(places, saliency_map.shape))] = False
    negatives = np.sort(saliency_map[others])
    if not len(positives) or not len(negatives) or not np.isfinite(saliency_map).all():
        return np.nan
    thresholds = np.concatenate([[np.inf], positives[::-1], [-np.inf]])
    hits, alarms = (
        1 - np.searchsorted(values, thresholds) / len(values) for values in (positives, negatives)
    )
    return float(np.trapezoid(hits, alarms))
