"""ROAD, remove and debias (Rong 2022, https://arxiv.org/abs/2202.00449).

Pixels are not hidden by a constant, whose shape alone gives a class away, but by what their
neighbours would have there: the solution of a linear system, plus a little noise. Of a clip that is
done frame by frame: the same share of each is removed, so that there are always neighbours.
"""

from typing import Annotated

import numpy as np

from registry import NOT_NEGATIVE, SEED

PERCENTILES = range(10, 100, 10)  # of the pixels, removed
WEIGHTS = {  # of a pixel's neighbours: direct ones 1/6, diagonal ones 1/12 (section 3.3)
    (row, column): 1 / 6 if 0 in (row, column) else 1 / 12
    for row in (-1, 0, 1)
    for column in (-1, 0, 1)
    if (row, column) != (0, 0)
}


def road(
    maps: np.ndarray,
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    *,
    noise: Annotated[
        float, "deviation of the noise, on the preprocessed scale", NOT_NEGATIVE
    ] = 0.01,
    seed: Annotated[int, "of the noise", SEED] = 0,
) -> np.ndarray:
    """How much more the class keeps when the least than when the most salient pixels go, halved.

    (LeRF - MoRF) / 2 of its probability, the mean over removing 10, 20, ... 90 % of the pixels; of
    a clip, of each frame's pixels.
    """
    inputs = classifier.preprocess(images)
    values = []
    for saliency_map, image, index in zip(maps, inputs, class_indices, strict=True):
        if not np.isfinite(saliency_map).all():
            values.append(np.nan)
            continue
        rng = np.random.default_rng(seed)
        frames = zip(  # of an image one
            saliency_map.reshape(-1, *saliency_map.shape[-2:]),
            image.reshape(-1, *image.shape[-3:]),
            strict=True,
        )
        imputed = np.stack([_removed(*frame, noise, rng) for frame in frames], axis=1)
        imputed = imputed.reshape(-1, *image.shape)
        most, least = classifier.scores_of_inputs(imputed)["scores"][:, index].reshape(2, -1)
        values.append(float((least.astype(np.float64) - most).mean() / 2))
    return np.array(values)


def _removed(saliency_map: np.ndarray, image: np.ndarray, noise: float, rng) -> np.ndarray:
    """(18, H, W, C): the image without its most salient pixels by percentiles, then the least."""
    order = np.argsort(-saliency_map, axis=None, kind="stable")
    counts = [round(order.size * percentile / 100) for percentile in PERCENTILES]
    removed = [order[:count] for count in counts] + [order[::-1][:count] for count in counts]
    return np.stack([_imputed(image, places, noise, rng) for places in removed])


def _imputed(image: np.ndarray, places: np.ndarray, noise: float, rng) -> np.ndarray:
    """The image (H, W, C) with noisy linear imputation at flat `places`."""
    filled = image.reshape(-1, image.shape[-1]).copy()
    missing = np.zeros(image.shape[:2], bool)
    missing.ravel()[places] = True
    solved = linear_imputation(image, missing)
    filled[missing.ravel()] = solved + noise * rng.standard_normal(solved.shape)
    return filled.reshape(image.shape).astype(np.float32)


def linear_imputation(image: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """(n, C): the values at the n `missing` pixels (H, W), each its neighbours' weighted mean.

    Neighbours outside of the image do not count.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.linalg import splu

    height, width = missing.shape
    rows, columns = np.nonzero(missing)
    numbers = np.full(missing.shape, -1)
    numbers[rows, columns] = numbering = np.arange(len(rows))
    total = np.zeros(len(rows))
    known = np.zeros((len(rows), image.shape[-1]))
    entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for (down, right), weight in WEIGHTS.items():
        inside = (rows + down >= 0) & (rows + down < height)
        inside &= (columns + right >= 0) & (columns + right < width)
        total[inside] += weight
        there = (rows[inside] + down, columns[inside] + right)
        unknown = missing[there]
        known[numbering[inside][~unknown]] += weight * image[there][~unknown]
        sources = numbering[inside][unknown]
        entries.append((sources, numbers[there][unknown], np.full(len(sources), -weight)))
    entries.append((numbering, numbering, total))
    i, j, values = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    system = coo_array((values, (i, j)), shape=(len(numbering), len(numbering))).tocsc()
    return splu(system, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}).solve(known)
