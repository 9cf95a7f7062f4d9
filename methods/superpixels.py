"""Superpixels switched on and off: what LIME and KernelSHAP share."""

from typing import Annotated, Any, Literal

import numpy as np

from engines.fills import FILLS, segment_means
from engines.perturbation import batches_of, perturbed
from images import ImageError
from runtime import note

# Options that both have.
Segmentation = Annotated[Literal["quickshift", "slic", "felzenszwalb"], "how superpixels are found"]
Hide = Annotated[Literal["mean", "black"], "what a hidden superpixel shows"]

MOST_SEGMENTS = 2000  # beyond it a linear model of them says nothing

SEGMENTATIONS: dict[str, dict[str, Any]] = {
    "quickshift": {"kernel_size": 4, "max_dist": 200, "ratio": 0.2},  # the lime package's
    "slic": {"n_segments": 50, "compactness": 10, "start_label": 0},
    "felzenszwalb": {"scale": 100, "sigma": 0.5, "min_size": 50},
}


def superpixels(image: np.ndarray, name: str, seed: int) -> np.ndarray:
    """(H, W) int32 segments 0 .. S - 1 of an image (H, W, 3) in [0, 255], by scikit-image.

    Raises ImageError where there is one segment only, or too many.
    """
    from skimage import segmentation

    options = dict(SEGMENTATIONS[name])
    if name == "quickshift":
        options["rng"] = seed
    labels = getattr(segmentation, name)(np.asarray(image, np.float64) / 255, **options)
    segments = np.unique(labels, return_inverse=True)[1].reshape(labels.shape).astype(np.int32)
    count = int(segments.max()) + 1
    if not 2 <= count <= MOST_SEGMENTS:
        raise ImageError(f"{name} finds {count} superpixels in this image; take segmentation=slic")
    note(superpixels=count)
    return segments


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

    n is less than the number of samples where it was stopped early.
    """
    segments = segments.astype(np.int32)
    constants = (segments, classifier.preprocess(hidden[np.newaxis]), classes)
    answers = perturbed(classifier, switched, image, batches_of(switches), len(switches), constants)
    return np.concatenate([answer["scores"] for answer in answers])


def switched(forward, inputs, switches, segments, hidden, classes) -> dict:
    """The program: scores (B, classes) where each pixel looks up whether its superpixel is on."""
    import tensorflow as tf

    switches = tf.cast(switches, tf.float32)
    on = tf.gather(switches, segments, axis=1)[..., tf.newaxis] > 0.5  # (B, H, W, 1)
    return {"scores": tf.gather(forward(tf.where(on, inputs, hidden)).scores, classes, axis=1)}


def spread(values: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """(classes, S) -> (classes, H, W): each superpixel's value at all of its pixels."""
    return values[:, segments]
