"""Insertion and deletion (Petsiuk 2018, https://arxiv.org/abs/1806.07421, section 3.3).

The pixels of an image are shown, or taken away, `step` at a time, the most salient first; the
score of the class is asked after every step. The metric is the area under that curve, between 0
and 1 of the pixels, by the trapezoid rule; both ends of it are asked too. Of a clip these are the
pixels of all of its frames, in one order.
"""

import math
from typing import Annotated, Literal

import numpy as np

from engines.fills import OF_ONE_COLOUR, filled_inputs, note_fill_of_maps
from engines.perturbation import batch_for, batches_of, perturbed
from evaluation.metric import positions
from registry import NOT_NEGATIVE
from runtime import note

STEPS = 224  # where the step follows the image's size

Step = Annotated[
    int, "pixels that change at a time; 0: a 224th of them, 224 of 224 x 224", NOT_NEGATIVE
]
Hidden = Literal["blur", "black", "mean"]
Score = Annotated[Literal["probability", "logit"], "what the curve is of"]


def insertion(
    maps: np.ndarray,
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    *,
    step: Step = 0,
    start: Annotated[Hidden, "what the pixels are shown on"] = "blur",
    score: Score = "probability",
) -> np.ndarray:
    """Area under the class's score while the most salient pixels are shown first.

    Petsiuk 2018, algorithm 1. Notes each map's curve, its step and its share of tied pixels.
    """
    return _areas(inserted, maps, classifier, images, class_indices, step, start, score)


def deletion(
    maps: np.ndarray,
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    *,
    step: Step = 0,
    start: Annotated[Hidden, "what the pixels are replaced by"] = "mean",
    score: Score = "probability",
) -> np.ndarray:
    """Area under the class's score while the most salient pixels are taken away first.

    Petsiuk 2018, algorithm 1. Notes each map's curve, its step and its share of tied pixels.
    """
    return _areas(deleted, maps, classifier, images, class_indices, step, start, score)


def ranks_of(maps: np.ndarray) -> np.ndarray:
    """(N, H, W) int32, of clips (N, T, H, W): each pixel's place, 0 the most salient.

    Ties are in reading order.
    """
    order = np.argsort(-maps.reshape(len(maps), -1), axis=1, kind="stable")
    ranks = np.empty(order.shape, np.int32)
    np.put_along_axis(ranks, order, np.arange(order.shape[1], dtype=np.int32)[np.newaxis], axis=1)
    return ranks.reshape(maps.shape)


def tied_share(saliency_map: np.ndarray) -> float:
    """The share of pixels whose value another pixel has too."""
    _, counts = np.unique(saliency_map, return_counts=True)
    return float(counts[counts > 1].sum() / saliency_map.size)


def curves(
    program,
    ranks: np.ndarray,
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    step: int,
    start: str,
    score: str,
) -> tuple[np.ndarray, np.ndarray]:
    """Shares of pixels (S,), and the class's score after that share has changed (N, S).

    `program` is `inserted` or `deleted`. All maps' steps share batches. Scores that Ctrl-C left
    out are NaN.
    """
    pixels = ranks[0].size
    counts = np.minimum(np.arange(math.ceil(pixels / step) + 1) * step, pixels).astype(np.int32)
    pairs = np.stack([np.repeat(np.arange(len(ranks)), len(counts)), np.tile(counts, len(ranks))])
    hidden = filled_inputs(classifier, images, start)
    classes = np.asarray(class_indices, np.int32)
    batch = batch_for(classifier)
    batches = batches_of(pairs.T.astype(np.int32), batch)
    constants = (ranks, hidden, classes)
    answers = perturbed(
        classifier, program, images, batches, len(pairs.T), constants, batch_size=batch
    )
    scores = np.concatenate([answer[score] for answer in answers])
    scores = np.pad(scores.astype(float), (0, len(pairs.T) - len(scores)), constant_values=np.nan)
    return counts / pixels, scores.reshape(len(ranks), len(counts))


def inserted(forward, inputs, pairs, ranks, hidden, classes) -> dict:
    """The program of INSERTION: for pairs (image, count), `count` pixels shown on what hides."""
    return _mixed(forward, pairs, ranks, inputs, hidden, classes)


def deleted(forward, inputs, pairs, ranks, hidden, classes) -> dict:
    """The program of DELETION: for pairs (image, count), `count` pixels taken away."""
    return _mixed(forward, pairs, ranks, hidden, inputs, classes)


def _mixed(forward, pairs, ranks, first, rest, classes) -> dict:
    """The class's score and logit with the `count` first-ranked pixels of `first`, else `rest`."""
    import tensorflow as tf

    numbers, counts = pairs[:, 0], pairs[:, 1]
    ranks = tf.gather(ranks, numbers)
    chosen = ranks < tf.reshape(counts, (-1, *[1] * (len(ranks.shape) - 1)))
    shown = tf.where(chosen[..., tf.newaxis], tf.gather(first, numbers), tf.gather(rest, numbers))
    outputs = forward(shown)
    classes = tf.gather(classes, numbers)
    return {
        "probability": tf.gather(outputs.scores, classes, axis=1, batch_dims=1),
        "logit": tf.gather(outputs.logits, classes, axis=1, batch_dims=1),
    }


def _areas(program, maps, classifier, images, class_indices, step, start, score) -> np.ndarray:
    step = step or max(1, round(maps[0].size / STEPS))
    shares, scores = curves(
        program, ranks_of(maps), classifier, images, class_indices, step, start, score
    )
    note(curve=[[shares.tolist(), row.tolist()] for row in scores])
    if start in OF_ONE_COLOUR:
        note_fill_of_maps(classifier, len(maps), start, f", {step} pixels a step")
    else:
        note(caption=[f"{step} pixels a step."] * len(maps))
    note(step=[step] * len(maps))
    note(tied=[tied_share(saliency_map) for saliency_map in maps])
    meaningful = np.isfinite(maps).all(axis=positions(maps))
    return np.where(meaningful, np.trapezoid(scores, shares, axis=1), np.nan)
