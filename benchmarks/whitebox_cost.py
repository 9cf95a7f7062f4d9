"""Methods that look inside, in plain compiled forward passes, beside the least that they need.

`COSTS` has a row for each whose cost does not depend on the layer's K channels; Score-CAM is
measured in K forward passes, Ablation-CAM in K passes through the head alone.
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from benchmarks.subjects import CLASSIFIERS, in_mode, plain_forward, sample_image, sample_images
from benchmarks.timing import interleaved, print_ratios
from methods import METHODS


class Cost(NamedTuple):
    """Of one map, in plain forward passes."""

    least: float  # no way around it
    goal: float


COSTS = {
    "GRADCAM": Cost(1, 1.02),
    "CAM": Cost(1, 1.02),
    "GRADCAM++": Cost(1, 1.02),
    "HIRESCAM": Cost(1, 1.02),
    "XGRADCAM": Cost(1, 1.02),
    "LAYERCAM": Cost(1, 1.02),
    "EIGENCAM": Cost(1, 1.02),
    "FEM": Cost(1, 1.02),
}
SCORECAM_GOAL, ABLATIONCAM_GOAL = 0.95, 1.1


def run() -> None:
    for name in CLASSIFIERS:
        for batch in (1, 32):
            print_costs(name, batch)
        print_classes(name)
        print_scorecam(name)
        print_ablationcam(name)


def print_costs(name: str, batch: int) -> None:
    """Every row of `COSTS` on the same images."""
    classifier = in_mode(name, "compiled")
    images, classes = sample_images(classifier, batch), np.arange(batch)
    ways = {"plain forward pass": partial(plain_forward(classifier), classifier.preprocess(images))}
    goals = {}
    for method, cost in COSTS.items():
        words = f"{method}, least {cost.least:g}"
        ways[words] = partial(METHODS[method], classifier, images, classes)
        goals[words] = cost.goal
    print_ratios(f"{name}, batch {batch}", interleaved(ways, seconds=2), goals)


def print_classes(name: str, classes: int = 10) -> None:
    """Several classes of one image, in passes over that one image."""
    classifier = in_mode(name, "compiled")
    image = sample_images(classifier, 1)
    same, indices = np.repeat(image, classes, axis=0), np.arange(classes)
    ways = {
        "plain forward pass": partial(plain_forward(classifier), classifier.preprocess(image)),
        f"GRADCAM, {classes} classes, least 1": partial(
            METHODS["GRADCAM"], classifier, same, indices
        ),
    }
    print_ratios(f"{name}, one image", interleaved(ways, seconds=2))


def print_scorecam(name: str) -> None:
    """Score-CAM beside as many plain forward passes as the layer has channels."""
    classifier, forward = in_mode(name, None), plain_forward(in_mode(name, None))
    image = sample_image(classifier)
    batch = classifier.preprocess(sample_images(classifier, 32))
    channels = classifier.features(image).shape[-1]
    words = f"SCORECAM, least {channels} on the folded model"
    ways = {
        f"{channels} plain forward passes": partial(repeated, forward, batch, channels),
        words: partial(METHODS["SCORECAM"], classifier, image, np.array([0])),
    }
    timings = interleaved(ways, warm_up=1, rounds=2, seconds=0)
    print_ratios(f"{name}, Score-CAM", timings, {words: SCORECAM_GOAL})


def print_ablationcam(name: str) -> None:
    """Ablation-CAM beside one pass and as many passes through a model of the head."""
    import keras
    import tensorflow as tf

    classifier = in_mode(name, "compiled")
    image = sample_image(classifier)
    features = np.repeat(classifier.features(image), 32, axis=0)
    channels = features.shape[-1]
    layer = classifier.model.get_layer(classifier.layer)
    head = tf.function(keras.Model(layer.output, classifier.model.output))
    forward, inputs = plain_forward(classifier), classifier.preprocess(image)
    words = "ABLATIONCAM, least 1"
    ways = {
        f"1 pass, {channels} of the head": lambda: (
            forward(inputs),
            repeated(lambda rows: head(rows).numpy(), features, channels),
        ),
        words: partial(METHODS["ABLATIONCAM"], classifier, image, np.array([0])),
    }
    print_ratios(f"{name}, Ablation-CAM", interleaved(ways, seconds=2), {words: ABLATIONCAM_GOAL})


def repeated(forward, batch: np.ndarray, count: int) -> None:
    """`count` passes, a batch at a time."""
    for start in range(0, count, len(batch)):
        forward(batch[: min(len(batch), count - start)])
