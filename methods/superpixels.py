"""Superpixels switched on and off: what LIME and KernelSHAP share."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np

from engines.fills import FILLS, segment_means
from engines.perturbation import batches_of, perturbed, score_range
from images import ImageError, resized
from runtime import note

# Options that both have.
Segmentation = Annotated[
    Literal["quickshift", "slic", "felzenszwalb"],
    "how superpixels are found, in an image below 224 pixels as if it were enlarged to that",
]
Hide = Annotated[Literal["mean", "black"], "what a hidden superpixel shows"]

SIDE = 224  # pixels: for such images the segmentations' options are made
SMALLEST_REST = 1e-6  # of a sample's weight in the fit: one that alone decides a coefficient
MOST_SEGMENTS = 2000  # beyond it a linear model of them says nothing

SEGMENTATIONS: dict[str, dict[str, Any]] = {
    "quickshift": {"kernel_size": 4, "max_dist": 200, "ratio": 0.2},  # the lime package's
    "slic": {"n_segments": 50, "compactness": 10, "start_label": 0},
    "felzenszwalb": {"scale": 100, "sigma": 0.5, "min_size": 50},
}


def superpixels(image: np.ndarray, name: str, seed: int) -> np.ndarray:
    """(H, W) int32 segments 0 .. S - 1 of an image (H, W, 3) in [0, 255], by scikit-image.

    One whose shorter side has fewer than 224 pixels is enlarged to that, and each pixel gets the
    segment at its middle: the options' sizes are in pixels, and would leave a segment or two.
    Raises ImageError where there is one segment only, or too many, or one colour.
    """
    if (image == image[:1, :1]).all():  # where quickshift's segments are made of ties
        raise ImageError("the image has one colour, so no superpixels to switch on and off")
    from skimage import segmentation

    options = dict(SEGMENTATIONS[name])
    if name == "quickshift":
        options["rng"] = seed
    size = image.shape[:2]
    large = tuple(round(side * max(1, SIDE / min(size))) for side in size)
    enlarged = np.asarray(resized(np.asarray(image, np.float32), large), np.float64)
    labels = getattr(segmentation, name)(enlarged / 255, **options)
    middles = (((2 * np.arange(n) + 1) * m // (2 * n)) for n, m in zip(size, large, strict=True))
    labels = labels[np.ix_(*middles)]
    segments = np.unique(labels, return_inverse=True)[1].reshape(labels.shape).astype(np.int32)
    count = int(segments.max()) + 1
    if not 2 <= count <= MOST_SEGMENTS:
        raise ImageError(_why_not(name, count))
    note(superpixels=count)
    return segments


def _why_not(name: str, count: int) -> str:
    """Why an image with so many superpixels is not explained by them, and what would do."""
    others = " or ".join(f"segmentation={other}" for other in SEGMENTATIONS if other != name)
    return (
        f"{name} finds {count} superpixel{'' if count == 1 else 's'} in this image, and 2 to "
        f"{MOST_SEGMENTS} are needed: try {others}"
    )


def hidden_image(image: np.ndarray, segments: np.ndarray, hide: str) -> np.ndarray:
    """(H, W, 3): what stands where a superpixel is hidden, its own mean colour or black."""
    return segment_means(image, segments) if hide == "mean" else FILLS[hide](image)


def switched_scores(
    classifier,
    image: np.ndarray,
    segments: np.ndarray,
    hidden: np.ndarray,
    switches: np.ndarray,
    classes: np.ndarray,
) -> np.ndarray:
    """Scores (n, classes) of the image with superpixels switched on and off (samples, S).

    n is less than the number of samples where it was stopped early. Raises ImageError where no
    class has scores that are all finite.
    """
    segments = segments.astype(np.int32)
    constants = (segments, classifier.preprocess(hidden[np.newaxis]), classes)
    answers = perturbed(classifier, switched, image, batches_of(switches), len(switches), constants)
    scores = np.concatenate([answer["scores"] for answer in answers])
    if not np.isfinite(scores).all(axis=0).any():
        raise ImageError("the classifier's own scores of this image are not finite")
    return scores


def switched(forward, inputs, switches, segments, hidden, classes) -> dict:
    """The program: scores (B, classes) where each pixel looks up whether its superpixel is on."""
    import tensorflow as tf

    switches = tf.cast(switches, tf.float32)
    on = tf.gather(switches, segments, axis=1)[..., tf.newaxis] > 0.5  # (B, H, W, 1)
    return {"scores": tf.gather(forward(tf.where(on, inputs, hidden)).scores, classes, axis=1)}


def superpixel_maps(
    scores: np.ndarray, segments: np.ndarray, fit: Callable[[np.ndarray], tuple]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Maps (classes, H, W) and notes of scores (n, classes); NaN of classes whose are not finite.

    `fit` gives of the others' scores (n, k) the values and standard errors, both (k, S).
    """
    finite = np.isfinite(scores).all(axis=0)
    values, errors = np.full((2, len(finite), int(segments.max()) + 1), np.nan)
    values[finite], errors[finite] = fit(scores[:, finite])
    notes = {"standard_error": spread(errors, segments), "score_range": score_range(scores)}
    return spread(values, segments), notes


def sandwich_errors(
    design: np.ndarray, weights: np.ndarray, residuals: np.ndarray, penalty: float, group: int
) -> np.ndarray:
    """(classes, S): how far the coefficients of a weighted ridge regression vary with its samples.

    Of a design (n, S) and residuals (n, classes). The sandwich estimate of White 1980
    (https://doi.org/10.2307/1912934), residuals made as large as they were before the fit took its
    share (HC2 of MacKinnon 1985). Samples are drawn in groups of `group` neighbours; 2: opposites.
    """
    normal = design.T @ (weights[:, np.newaxis] * design) + penalty * np.eye(design.shape[1])
    influence = np.linalg.pinv(normal) @ (design * weights[:, np.newaxis]).T  # (S, n)
    left_out = np.maximum(1 - group * (design * influence.T).sum(axis=1), SMALLEST_REST)
    moves = (
        influence[np.newaxis] * (residuals.T / np.sqrt(left_out))[:, np.newaxis]
    )  # (classes, S, n)
    whole = moves.shape[-1] // group * group
    together = moves[..., :whole].reshape(*moves.shape[:2], -1, group).sum(axis=-1)
    alone = (moves[..., whole:] ** 2).sum(axis=-1)
    return np.sqrt((together**2).sum(axis=-1) + alone)


def spread(values: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """(classes, S) -> (classes, H, W): each superpixel's value at all of its pixels."""
    return values[:, segments]
