"""Occlusion, "muting pixels" (Zeiler 2014, https://arxiv.org/abs/1311.2901, section 3.2)."""

from itertools import product
from typing import Annotated, Literal

import numpy as np

from engines.fills import background, note_fill
from engines.perturbation import batches_of, by_image, perturbed


def occlusion(
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    *,
    patch: Annotated[int, "side of the patch, pixels"] = 32,
    stride: Annotated[int, "from one patch to the next, pixels"] = 16,
    fill: Annotated[
        Literal["mean", "black", "white"],
        "what covers; mean: the colour that is 0 once preprocessed",
    ] = "mean",
    score: Annotated[Literal["logit", "probability"], "whose drop is shown"] = "logit",
) -> np.ndarray:
    """Occlusion: (N, H, W), how much the class loses where a patch covers it; signed, black-box.

    Each pixel has the mean drop of the patches that cover it. Raises ValueError where the patches
    would leave pixels uncovered.
    """
    if not 1 <= stride <= patch:
        raise ValueError(f"OCCLUSION: 1 <= stride <= patch, got stride={stride}, patch={patch}")

    note_fill(classifier, fill)

    def explain(image: np.ndarray, classes: np.ndarray) -> np.ndarray:
        height, width = image.shape[:2]
        corners = np.array(
            list(product(_starts(height, patch, stride), _starts(width, patch, stride)))
        )
        covered = np.concatenate([np.full((1, 2), -patch), corners])  # the first covers nothing
        answers = perturbed(
            classifier,
            covered_patches,
            image,
            batches_of(covered.astype(np.int32)),
            len(covered),
            (np.int32(patch), background(classifier, fill), classes),
        )
        name = {"logit": "logits", "probability": "scores"}[score]
        values = np.concatenate([answer[name] for answer in answers])  # (1 + patches, classes)
        return _mean_drop(values[0] - values[1:], corners, patch, (height, width))

    return by_image(images, class_indices, explain)


def covered_patches(forward, inputs, corners, patch, filling, classes) -> dict:
    """The program of occlusion: scores and logits (B, classes) with a patch at each corner."""
    import tensorflow as tf

    rows = tf.range(tf.shape(inputs)[1]) - corners[:, :1]  # (B, H), counted from the patch
    columns = tf.range(tf.shape(inputs)[2]) - corners[:, 1:]
    in_rows = (rows >= 0) & (rows < patch)
    in_columns = (columns >= 0) & (columns < patch)
    hidden = in_rows[:, :, tf.newaxis] & in_columns[:, tf.newaxis]
    outputs = forward(tf.where(hidden[..., tf.newaxis], filling, inputs))
    return {
        "logits": tf.gather(outputs.logits, classes, axis=1),
        "scores": tf.gather(outputs.scores, classes, axis=1),
    }


def _starts(side: int, patch: int, stride: int) -> range:
    """Where patches start along a side: every stride, the last one reaching the end."""
    return range(0, max(side - patch + stride, 1), stride)


def _mean_drop(drops, corners, patch: int, size: tuple[int, int]) -> np.ndarray:
    """(classes, H, W) from drops (patches, classes)."""
    total = np.zeros((drops.shape[1], *size))
    count = np.zeros(size)
    for (top, left), drop in zip(corners[: len(drops)], drops, strict=True):
        total[:, top : top + patch, left : left + patch] += drop[:, None, None]
        count[top : top + patch, left : left + patch] += 1
    return total / np.maximum(count, 1)
