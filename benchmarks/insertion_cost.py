"""Insertion and deletion in as many plain compiled forward passes, beside xplique's metrics."""

import math
from functools import partial

import numpy as np

from benchmarks import timing
from benchmarks.subjects import CLASSIFIERS, in_mode, plain_forward, sample_images
from evaluation import METRICS

MAPS, STEPS = 8, 112  # so many images, each in so many steps; with both ends one score more
GOAL = 0.95
ROUNDS = 5


def run() -> None:
    for name in CLASSIFIERS:
        classifier = in_mode(name, None)
        forward = plain_forward(classifier)
        images = sample_images(classifier, MAPS)
        inputs = classifier.preprocess(images)
        batch = np.tile(inputs, (32 // MAPS, 1, 1, 1))
        classes = classifier.scores(images).argmax(axis=1)
        maps = np.random.default_rng(0).random(images.shape[:3]).astype(np.float32)
        step = math.ceil(maps[0].size / STEPS)
        given = (maps, classifier, images, classes)
        passes = 2 * MAPS * (STEPS + 1)
        classifier.expect(passes)
        unit = f"{passes} plain forward passes"
        ways = {
            unit: partial(_passes, forward, batch, passes),
            "INSERTION and DELETION": lambda given=given, step=step: [
                METRICS[metric](*given, step=step) for metric in ("INSERTION", "DELETION")
            ],
            **peer(classifier, inputs, classes, maps),
        }
        timings = timing.interleaved(ways, warm_up=1, rounds=ROUNDS, seconds=0)
        goals = {"INSERTION and DELETION": GOAL}
        timing.print_ratios(f"{name}, {MAPS} maps, {STEPS} steps", timings, goals)


def _passes(forward, batch: np.ndarray, count: int) -> None:
    for start in range(0, count, len(batch)):
        forward(batch[: min(len(batch), count - start)])


def peer(classifier, inputs, classes, maps) -> dict:
    """xplique's metrics, as its documentation calls them, with as many steps."""
    import tensorflow as tf
    from xplique.metrics import Deletion, Insertion

    targets = tf.one_hot(classes, len(classifier.labels))
    metrics = [
        kind(classifier.model, inputs, targets, batch_size=32, steps=STEPS)
        for kind in (Insertion, Deletion)
    ]

    def both():
        return [metric.evaluate(maps[..., np.newaxis]) for metric in metrics]

    try:
        both()
    except Exception as error:  # a peer that fails is told of, and ours go on
        print(f"xplique fails: {type(error).__name__}: {str(error).splitlines()[0]}")
        return {}
    return {"xplique's Insertion and Deletion": both}
