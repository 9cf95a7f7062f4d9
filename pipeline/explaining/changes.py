"""Experiments on one image: it is changed, and its explanations are asked for again.

`--augment` changes it in ways that an explanation should follow; `--mask_salient` hides what an
explanation shows most, and `--keep_salient` all else.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from classifier import Classifier
from experiments import AUGMENTATIONS, agreement, hide, masked, moved_region
from figures import draw_grid
from figures.saving import as_png
from images import ImageError, resized
from pipeline.explaining.attempt import failure_of
from pipeline.explaining.drawable import drawable
from pipeline.explaining.explain import explain_batch
from pipeline.explaining.explanation import Explanation, colour_bar
from pipeline.explaining.request import Failure, FixedClasses, Request
from pipeline.plan import Experiments
from representations import upsampled

SURVIVES = 0.5  # a map is kept where its correlation with the image's own is at least that
RANDOM_PLACES = 8  # that a region is moved to at random, for comparison


class Change(Protocol):
    """A way to change an image."""

    experiment: str  # the table that it belongs to, one of EXPERIMENTS
    needs_map: bool  # whether it differs from one explanation of the image to another

    @property
    def name(self) -> str:
        """What figures and files call it."""

    @property
    def key(self) -> str:
        """What the store tells it from others by."""

    def made(self, before: Explanation, size: tuple[int, int]) -> Any:
        """Its `image` (h, w, 3) float32 in [0, 255], at about the classifier's input size."""

    def values(
        self, before: Explanation, after: Explanation, made: Any, classifier: Classifier
    ) -> dict[str, Any]:
        """What a row of the table says of it, beside what it is of."""


class ChangedExplanation(NamedTuple):
    """An explanation of an image, and of the image changed."""

    before: Explanation
    after: Explanation
    change: Change
    values: dict[str, Any]

    @property
    def table_row(self) -> dict[str, Any]:
        """A row of the experiment's table."""
        return {
            "image": str(self.before.path),
            "classifier": self.before.classifier_title,
            "method": str(self.before.method),
            "class": self.before.label,
        } | self.values

    def figure(self):
        """A matplotlib figure: image and map before and after."""
        pairs = (self.before, self.after)
        images = [image for e in pairs for image in (e.shown_image, e.represented("overlay"))]
        titles = [title for name in ("before", self.change.name) for title in (name, "its map")]
        bars = [colour_bar(None, rule) for rule in dict.fromkeys(e.rule for e in pairs)]
        return draw_grid(images, titles, len(images), colour_bars=bars)

    def _repr_png_(self) -> bytes:
        """How a notebook shows it."""
        return as_png(self.figure())


def explain_again(
    classifier: Classifier, explanation: Explanation, change: Change
) -> ChangedExplanation:
    """The explanation after its image was changed: by an `Augmentation` or a `Masking`.

    Raises ImageError where the changed image cannot be explained, or the map means nothing.
    """
    results, failures = changed_explanations([(explanation, (change,))], classifier)
    if not results:
        raise ImageError(failures[0].reason if failures else f"no map: {explanation.diagnosis}")
    return results[0]


@dataclass(frozen=True)
class Augmentation:
    """One of AUGMENTATIONS; what is random in it is drawn by seed and image."""

    name: str
    seed: int = 0
    experiment = "augmentations"
    needs_map = False

    @property
    def key(self) -> str:
        return f"augment:{self.name}:seed={self.seed}"

    def made(self, before: Explanation, size: tuple[int, int]):
        """The image, made small, as the augmentation leaves it."""
        small = resized(before.image, size_in_shape(size, before.image))
        (seed,) = seeds_of(before.image, self.seed, self.name, 1)
        return AUGMENTATIONS[self.name](small, seed)

    def values(self, before, after, made, classifier) -> dict[str, Any]:
        """Prediction and probability now, and the maps' correlation where both can be seen."""
        size = made.image.shape[:2]
        r = agreement(upsampled(before.map, size), upsampled(after.map, size), made)
        return {
            "augmentation": self.name,
            "predicted": classifier.title(after.predicted_index),
            "predicted_probability": after.top[0][2],
            "class_probability": after.probability,
            "class_kept": int(after.predicted_index == before.predicted_index),
            "correlation": r,
            "map_kept": np.nan if np.isnan(r) else int(r >= SURVIVES),
        }


@dataclass(frozen=True, kw_only=True)
class Masking:
    """The most salient share hidden, or with `keep` all but it."""

    fraction: float
    keep: bool = False
    fill: str = Experiments.fill
    shape: str = Experiments.shape
    seed: int = 0
    experiment = "masking"
    needs_map = True

    @property
    def way(self) -> str:
        """ "keep" or "mask"."""
        return "keep" if self.keep else "mask"

    @property
    def name(self) -> str:
        return f"{self.way}_{self.fraction:g}"

    @property
    def title(self) -> str:
        """What is hidden or kept, for figures."""
        return f"{self.fraction:.0%} {'kept' if self.keep else 'hidden'}"

    @property
    def key(self) -> str:
        how = f"fill={self.fill}:shape={self.shape}:seed={self.seed}"
        return f"{self.way}:{self.fraction!r}:{how}"

    def made(self, before: Explanation, size: tuple[int, int]):
        """The image at the classifier's input size, its salient part hidden or alone."""
        image = resized(before.image, size)
        return masked(image, before.map, self.fraction, self.keep, self.fill, self.shape)

    def values(self, before, after, made, classifier) -> dict[str, Any]:
        """Prediction and probability now, and what the class loses where the region is moved."""
        scores = self._scores_at_random(before, made.hidden, classifier)
        at_random = float(np.mean([classifier.score_of(s, before.class_index) for s in scores]))
        changed = np.nanargmax(scores, axis=1) != before.predicted_index
        return {
            "way": self.way,
            "fraction": self.fraction,
            "share": made.share,
            "predicted": classifier.title(after.predicted_index),
            "predicted_probability": after.top[0][2],
            "class_probability": after.probability,
            "loss": before.probability - after.probability,
            "label_changed": int(after.predicted_index != before.predicted_index),
            "random_class_probability": at_random,
            "random_loss": before.probability - at_random,
            "random_label_changed": float(np.mean(changed)),
        }

    def _scores_at_random(self, before: Explanation, hidden: np.ndarray, classifier) -> np.ndarray:
        """(RANDOM_PLACES, K): scores where the region is moved to random places."""
        image = resized(before.image, classifier.input_size)
        seeds = seeds_of(before.image, self.seed, "moved_region", RANDOM_PLACES)
        moved = [hide(image, moved_region(hidden, seed), fill=self.fill).image for seed in seeds]
        return classifier.scores(np.stack(moved))


def changed_explanations(
    missing: Sequence[tuple[Explanation, tuple[Change, ...]]], classifier: Classifier
) -> tuple[list[ChangedExplanation], list[Failure]]:
    """Explanations of one image, each with the changes after which it is asked for again.

    Changes that need no map are explained together. Raises KeyboardInterrupt where a method was
    stopped early.
    """
    groups: dict[Any, list[Explanation]] = {}
    for number, (before, changes) in enumerate(missing):
        shared = tuple(change for change in changes if not change.needs_map)
        groups.setdefault((None, shared), []).append(before)
        if not before.diagnosis:  # which is said already
            alone = tuple(change for change in changes if change.needs_map)
            groups[number, alone] = [before]
    results, failures = [], []
    for (_, changes), befores in groups.items():
        if changes:
            made, failed = _explained_again(befores, changes, classifier)
            results += made
            failures += failed
    return results, failures


def _explained_again(
    befores: list[Explanation], changes: tuple[Change, ...], classifier: Classifier
) -> tuple[list[ChangedExplanation], list[Failure]]:
    """The explanations after each change, which is the same for all of them."""
    first, size = befores[0], classifier.input_size
    made = [change.made(first, size) for change in changes]
    methods = list({str(before.method): before.method for before in befores}.values())
    batch = [
        Request(
            first.path, in_shape(changed.image, first.image), resized(changed.image, size), methods
        )
        for changed in made
    ]
    classes = FixedClasses(list(dict.fromkeys(before.class_index for before in befores)))
    answers = explain_batch(batch, classifier, classes)
    if any(e.stopped_early for answer in answers for e in answer.explanations):
        raise KeyboardInterrupt
    results, failures = [], []
    for change, changed, answer in zip(changes, made, answers, strict=True):
        for one in answer.failures:
            askers = [one.asker] if one.asker else map(str, methods)
            failures += [Failure(f"{asker}, {change.name}", one.reason) for asker in askers]
        pairs = [(b, a) for b in befores for a in answer.explanations if is_same(b, a)]
        for before, after in pairs:
            try:
                values = change.values(before, after, changed, classifier)
                results.append(ChangedExplanation(before, after, change, values))
            except Exception as error:  # the user's own code, which is asked again
                failures.append(failure_of(first.path, error, f"{before.method}, {change.name}"))
    return results, failures


def is_same(before: Explanation, after: Explanation) -> bool:
    """Whether two explanations of an image and its change are of one method and class."""
    same_class = before.class_index == after.class_index or before.class_agnostic
    return str(before.method) == str(after.method) and same_class


def in_shape(changed: np.ndarray, image: np.ndarray) -> np.ndarray:
    """(h, w, 3) float32 -> uint8 in the proportions of the image (H, W, 3), no side smaller."""
    pixels = np.rint(changed).astype(np.uint8)
    size = size_in_shape(changed.shape[:2], image)
    return drawable(np.rint(resized(pixels, size)).astype(np.uint8))


def size_in_shape(size: tuple[int, int], image: np.ndarray) -> tuple[int, int]:
    """The smallest size (H, W) in the proportions of the image, of which no side is smaller."""
    sides = list(zip(size, image.shape[:2], strict=True))
    factor = max(side / full for side, full in sides)
    return tuple(max(side, round(full * factor)) for side, full in sides)


def seeds_of(image: np.ndarray, seed: int, purpose: str, count: int) -> list[int]:
    """Seeds that are the same for the same image, whatever it is called and whoever asks."""
    entropy = (seed, zlib.crc32(np.ascontiguousarray(image)), zlib.crc32(purpose.encode()))
    return [int(number) for number in np.random.SeedSequence(entropy).generate_state(count)]


def planned_changes(experiments: Experiments) -> list[Change]:
    """The changes that a plan's experiments ask for, in the order of their figures."""
    seed = experiments.seed
    how = {"fill": experiments.fill, "shape": experiments.shape, "seed": seed}
    return [
        *(Augmentation(name, seed) for name in experiments.augmentations),
        *(Masking(fraction=fraction, keep=False, **how) for fraction in experiments.mask),
        *(Masking(fraction=fraction, keep=True, **how) for fraction in experiments.keep),
    ]
