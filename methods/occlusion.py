"""Occlusion, "muting pixels" (Zeiler 2014, https://arxiv.org/abs/1311.2901, section 3.2)."""

from itertools import product
from typing import Annotated, Literal

import numpy as np

from engines.fills import background, note_fill
from engines.perturbation import batch_for, batches_of, noted_by_image, perturbed, score_range
from registry import NOT_NEGATIVE
from runtime import note

PATCHES_IN_SIDE = 7  # where the patch follows the image's size


def occlusion(
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    *,
    patch: Annotated[
        int,
        "side of the patch, pixels; 0: a seventh of the shorter side, 32 of 224",
        NOT_NEGATIVE,
    ] = 0,
    stride: Annotated[
        int, "from one patch to the next, pixels; 0: half the patch", NOT_NEGATIVE
    ] = 0,
    fill: Annotated[
        Literal["mean", "black", "white"],
        "what covers; mean: the colour that is 0 once preprocessed",
    ] = "mean",
    score: Annotated[Literal["logit", "probability"], "whose drop is shown"] = "logit",
    frames: Annotated[
        int, "of clips: length of the patch; 0: a quarter of the clip", NOT_NEGATIVE
    ] = 0,
    frame_stride: Annotated[
        int, "of clips: from one patch to the next, frames; 0: half its length", NOT_NEGATIVE
    ] = 0,
) -> np.ndarray:
    """Occlusion: (N, H, W), how much the class loses where a patch covers it; signed, black-box.

    Each pixel has the mean drop of the patches that cover it. Of clips it is (N, T, H, W), the
    patch being a block of frames, rows and columns. Raises ValueError where the patches would leave
    pixels uncovered. Notes the patch and the stride along each axis.
    """
    sides, strides = _sides_and_strides(classifier, patch, stride, frames, frame_stride)
    note(patch=list(sides), stride=list(strides))
    words = (" x ".join(map(str, lengths)) for lengths in (sides, strides))
    note_fill(classifier, fill, ", patch {}, stride {}".format(*words))
    corners = patch_corners(classifier.input_shape[:-1], sides, strides)

    def explain(image: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, dict]:
        values = _values(classifier, image, classes, corners, sides, fill, score)
        drops = _mean_drop(values[0] - values[1:], corners, sides, image.shape[:-1])
        return drops, {"score_range": score_range(values)}

    return noted_by_image(images, class_indices, explain)


def _values(
    classifier,
    image: np.ndarray,
    classes: np.ndarray,
    corners: np.ndarray,
    sides: tuple[int, ...],
    fill: str,
    score: str,
) -> np.ndarray:
    """(1 + patches, classes): what is asked of the image, whole and with each patch covered."""
    nowhere = np.full((1, len(sides)), -max(sides))  # the first covers nothing
    covered = np.concatenate([nowhere, corners]).astype(np.int32)
    batch = batch_for(classifier)
    answers = perturbed(
        classifier,
        covered_patches,
        image,
        batches_of(covered, batch),
        len(covered),
        (np.array(sides, np.int32), background(classifier, fill), classes),
        batch_size=batch,
    )
    name = {"logit": "logits", "probability": "scores"}[score]
    return np.concatenate([answer[name] for answer in answers])


def _sides_and_strides(
    classifier, patch: int, stride: int, frames: int, frame_stride: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The patch and its steps along each axis, of clips along time before, where 0 is given too.

    Raises ValueError where they would leave pixels uncovered.
    """
    patch = patch or max(1, round(min(classifier.input_size) / PATCHES_IN_SIDE))
    stride = stride or max(1, patch // 2)
    sides, strides = (patch, patch), (stride, stride)
    if classifier.frames:
        frames = frames or max(1, classifier.frames // 4)
        sides, strides = (frames, *sides), (frame_stride or max(1, frames // 2), *strides)
    if not all(1 <= step <= side for side, step in zip(sides, strides, strict=True)):
        raise ValueError(
            f"OCCLUSION: 1 <= stride <= patch, and of clips 1 <= frame_stride <= frames; got "
            f"{stride=}, {patch=}, {frame_stride=}, {frames=}"
        )
    return sides, strides


def covered_patches(forward, inputs, corners, sides, filling, classes) -> dict:
    """The program of occlusion: scores and logits (B, classes) with a patch at each corner.

    Corners (B, axes) and sides (axes,) are along rows and columns, of clips along time before.
    """
    import tensorflow as tf

    axes = len(inputs.shape) - 2
    hidden = True
    for axis in range(axes):
        places = tf.range(tf.shape(inputs)[1 + axis]) - corners[:, axis : axis + 1]  # in the patch
        inside = (places >= 0) & (places < sides[axis])  # (B, H)
        along = [-1 if other == axis else 1 for other in range(axes)]
        hidden = hidden & tf.reshape(inside, (tf.shape(corners)[0], *along, 1))
    outputs = forward(tf.where(hidden, filling, inputs))
    return {
        "logits": tf.gather(outputs.logits, classes, axis=1),
        "scores": tf.gather(outputs.scores, classes, axis=1),
    }


def patch_corners(
    size: tuple[int, ...], sides: tuple[int, ...], strides: tuple[int, ...]
) -> np.ndarray:
    """(patches, axes): where patches begin, every stride, the last one reaching the end."""
    starts = (
        range(0, max(whole - side + stride, 1), stride)
        for whole, side, stride in zip(size, sides, strides, strict=True)
    )
    return np.array(list(product(*starts)))


def _mean_drop(
    drops: np.ndarray, corners: np.ndarray, sides: tuple[int, ...], size: tuple[int, ...]
) -> np.ndarray:
    """(classes, H, W) from drops (patches, classes)."""
    total = np.zeros((drops.shape[1], *size))
    count = np.zeros(size)
    for corner, drop in zip(corners[: len(drops)], drops, strict=True):
        patch = tuple(slice(at, at + side) for at, side in zip(corner, sides, strict=True))
        total[:, *patch] += drop.reshape(-1, *[1] * len(size))
        count[patch] += 1
    return total / np.maximum(count, 1)
