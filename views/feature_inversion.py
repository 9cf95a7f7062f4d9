"""Feature inversion (Mahendran 2015, https://arxiv.org/abs/1412.0035)."""

from typing import Annotated, Literal

import numpy as np

from images import ImageError
from registry import COUNT, NOT_NEGATIVE, SEED
from runtime import note
from views.ascent import Climb, ascend


def feature_inversion(
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray | None,
    *,
    code: Annotated[
        Literal["pooled", "map"], "the target layer's features: their mean over positions, or all"
    ] = "pooled",
    steps: Annotated[int, "of the descent, each a pass forward and back", COUNT] = 256,
    seed: Annotated[int, "of the noise that it starts from", SEED] = 0,
    parametrisation: Annotated[
        Literal["pixels", "fourier"], "what is moved: pixels, or frequencies scaled by 1/f"
    ] = "fourier",
    optimizer: Annotated[Literal["adam", "sgd"], "how it is moved; sgd is with momentum"] = "sgd",
    smoothness: Annotated[
        float, "weight of the total variation, in parts of the loss", NOT_NEGATIVE
    ] = 10.0,
) -> list[np.ndarray]:
    """Feature inversion: for each image another, from noise, that the network sees as the same.

    The loss is |code(x) - code(image)|^2 / |code(image)|^2 (eq. 4) plus the total variation.
    Pooled features are what the last dense layer is given, where nothing but pooling is between
    them. Notes the loss at start and end, without the variation, and the frames of the way
    (N, F, H, W, 3). Raises ImageError where all features of an image are 0.
    """
    objective = OBJECTIVES[code]
    climb = Climb(
        objective, steps, seed, parametrisation, optimizer, smoothness, False, classifier.layer
    )
    frames, losses = [], []
    for image in images:
        (goal,) = classifier.features(image[np.newaxis])
        goal = goal.mean(axis=(0, 1)) if code == "pooled" else goal
        if not goal.any():
            raise ImageError(f"{classifier.name}: the features of the image are all 0")
        frames.append(ascend(classifier, climb, goal))
        ends = classifier.features(frames[-1][[0, -1]].astype(np.float32))
        ends = ends.mean(axis=(1, 2)) if code == "pooled" else ends
        squares = ((ends - goal) ** 2).reshape(2, -1).sum(axis=1)
        losses.append((squares / (goal**2).sum()).tolist())
    note(losses=losses, frames=np.stack(frames))
    return [way[-1] for way in frames]


def describe(classifier, class_index: int | None, notes: dict) -> str:
    """The loss at the start and end of one descent."""
    ((before, after),) = notes["losses"]
    return f"loss {before:.2g} \u2192 {after:.2g}"


def pooled_match(outputs, goal):
    """Minus the loss (B,) of the mean features, for a code (K,)."""
    import tensorflow as tf

    codes = tf.reduce_mean(outputs.features, axis=(1, 2))
    return -tf.reduce_sum((codes - goal) ** 2, axis=-1) / tf.reduce_sum(goal**2)


def map_match(outputs, goal):
    """Minus the loss (B,) of the features, for a code (h, w, K)."""
    import tensorflow as tf

    squares = tf.reduce_sum((outputs.features - goal) ** 2, axis=(1, 2, 3))
    return -squares / tf.reduce_sum(goal**2)


OBJECTIVES = {"pooled": pooled_match, "map": map_match}
