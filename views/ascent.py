"""Gradient ascent on an image: the engine of class impressions, inversions and filters.

What is climbed is `objective(outputs, goal) -> (B,)` of a pass (see `classifier.network.forward`),
less the total variation of the image times `smoothness`. Image, random transforms, preprocessing
and network are one program to the network, compiled once; the transforms come into it as numbers.
The image is moved in RGB in [0, 255] and preprocessed in the graph, for which preprocessing has
to be affine in the colours, as that of every application of Keras is.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from runtime import note, noting, progress
from views.optimisers import OPTIMISERS
from views.parametrisations import PARAMETRISATIONS
from views.transforms import UNCHANGED, random_transforms, transformed

FRAMES = 32  # images kept of the way, at most


class Climb(NamedTuple):
    """How an ascent goes about it."""

    objective: Callable
    steps: int
    seed: int
    parametrisation: str = "pixels"
    optimiser: str = "adam"
    smoothness: float = 0.0  # of the total variation
    robust: bool = False  # whether every step sees the image turned, scaled, shifted and tinted
    layer: str | None = None  # that `objective` records


def ascend(classifier, climb: Climb, goal: np.ndarray) -> np.ndarray:
    """Frames (F, H, W, 3) uint8 of the way from noise, F at most 32; the last is where it ends.

    Steps become shorter on the way. Where nothing responds to the image, they go towards more
    contrast: ReLUs that are all shut have no slope. Ends early on Ctrl-C, where all further frames
    are the last. Raises ValueError where preprocessing is not affine.
    """
    rng = np.random.default_rng(climb.seed)
    parametrisation = PARAMETRISATIONS[climb.parametrisation]
    numbers = parametrisation.start(rng, classifier.input_size).astype(np.float32)
    constants = (*classifier.colour_transform(), np.float32(climb.smoothness), goal)
    program = climbing(climb.objective, climb.parametrisation, classifier.input_size)
    step = OPTIMISERS[climb.optimiser]()
    kept = set(np.linspace(0, climb.steps - 1, FRAMES - 1).round().astype(int).tolist())
    frames = []
    for number in progress(range(climb.steps), climb.steps):
        moved = random_transforms(rng) if climb.robust else UNCHANGED
        arrays = (numbers, *moved, *constants)
        answer = classifier.run(program, arrays, climb.steps, layer=climb.layer)
        if number in kept:
            frames.append(_in_bytes(answer["image"]))
        uphill = answer["gradient"] if answer["height"] else numbers - numbers.mean()
        rate = parametrisation.rate * (1 - number / climb.steps)
        numbers = parametrisation.project(numbers + np.float32(rate) * step(uphill))
    frames.append(_in_bytes(np.asarray(parametrisation.paint(_tensor(numbers)))))
    frames += frames[-1:] * (len(kept) + 1 - len(frames))
    return np.stack(frames)


def ascents(classifier, climb: Climb, goals: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """The frames of the ascent to each goal; none follows one that Ctrl-C has ended."""
    for goal in goals:
        with noting() as notes:
            frames = ascend(classifier, climb, goal)
        note(**notes)
        yield frames
        if notes.get("stopped_early"):
            return


@cache  # a program belongs to its program
def climbing(objective: Callable, parametrisation: str, size: tuple[int, int]) -> Callable:
    """The program of one step: the image (H, W, 3), the gradient (H, W, 3) by its numbers, and
    the height () that it climbs, without the variation.

    `numbers` are those of the parametrisation; `matrix` and `offset` are the preprocessing.
    """
    paint = PARAMETRISATIONS[parametrisation].paint

    def step(forward, numbers, places, tints, matrix, offset, smoothness, goal) -> dict:
        import tensorflow as tf

        numbers = tf.ensure_shape(_tensor(numbers), (*size, 3))
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(numbers)
            image = paint(numbers)
            rgb = transformed(image, places, tints)
            outputs = forward(tf.tensordot(rgb, matrix, 1) + offset)
            height = tf.reduce_mean(objective(outputs, goal))
            climbed = height - smoothness * total_variation(image)
        gradient = tape.gradient(climbed, numbers)
        return {"image": image, "gradient": gradient, "height": height}

    return step


def total_variation(image):
    """The mean over pixels and colours of squared differences to the pixels below and right.

    Of (H, W, 3) in [0, 255], in parts of 255 (Mahendran 2015, eq. 5, with beta = 2).
    """
    import tensorflow as tf

    values = image / 255
    down, right = values[1:] - values[:-1], values[:, 1:] - values[:, :-1]
    return tf.reduce_mean(down**2) + tf.reduce_mean(right**2)


def _tensor(numbers):
    import tensorflow as tf

    return tf.convert_to_tensor(numbers, tf.float32)


def _in_bytes(image: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(image, 0, 255)).astype(np.uint8)
