"""The one way through a plan: subjects in, answers out, each stored and done once.

A subject is an image or clip, a class, or the classifier itself. What is asked of it are methods
with their metrics, changes of the image, and views. What a store holds already is not done again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path

from classifier import Classifier
from pipeline.dataset.change_units import ChangeUnits
from pipeline.dataset.explanation_units import ExplanationUnits
from pipeline.dataset.ground_truth import GroundTruthIndex
from pipeline.dataset.loading import Loaded, Loader
from pipeline.dataset.rows import Source
from pipeline.dataset.store import Index, Store
from pipeline.dataset.view_units import ViewUnits
from pipeline.explaining.attempt import PAIRS_AT_ONCE
from pipeline.explaining.changes import ChangedExplanation
from pipeline.explaining.explanation import Explanation
from pipeline.explaining.request import Failure
from pipeline.explaining.view_image import ViewImage
from pipeline.plan import Plan
from runtime import prefetch

BATCH_BYTES = 2**26  # of images whose pixels are kept: a photo of 24 megapixels is its own batch


@dataclass
class Outcome:
    """What became of a subject, by all classifiers."""

    path: Path | None = None  # None where the subject is no image
    explanations: list[Explanation] = field(default_factory=list)
    changed: list[ChangedExplanation] = field(default_factory=list)
    views: list[ViewImage] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    is_stored: bool = False  # whether the store had all that is asked of it
    classes: dict[int, list[int]] = field(default_factory=dict)  # classifier -> whose views to make

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known of it."""
        return not (self.explanations or self.views or self.failures)


class Runner:
    """Carries a plan's work out, a batch of images at a time, and stores what it finds."""

    def __init__(
        self,
        plan: Plan,
        classifiers: Sequence[Classifier],
        truths: GroundTruthIndex,
        draws: bool = True,
    ):
        """Without `draws` only what the store has not is done and handed on."""
        self.plan, self.classifiers, self.truths, self.draws = plan, classifiers, truths, draws
        self.stopped = False  # by Ctrl-C, which is known when a batch has its outcomes
        self.store, self.index = Store(plan.display.output_dir), Index(plan.display.output_dir)
        self.explanations = [
            ExplanationUnits(plan, classifier, number, truths, self.index, self.store)
            for number, classifier in enumerate(classifiers)
        ]
        self.changes = [
            ChangeUnits(plan, units.classifier, units.keys, self.index, self.store)
            for units in self.explanations
        ]
        self._said: set[tuple[int, str]] = set()  # misfits: number of the classifier, method
        self.views = [ViewUnits(plan, c, self.index, self.store) for c in classifiers]
        self._loader = Loader(
            classifiers, self.index, self._needs_nothing, self._needs_pixels, plan.images
        )

    @property
    def keys(self) -> list[dict[str, str]]:
        """What tells this plan's explanations from others in the store, without the image."""
        return [key for units in self.explanations for key in units.keys.values()]

    def outcomes(self, images: Iterable[Path]) -> Iterator[Outcome]:
        """What becomes of each image, in their order; ends after what was there on Ctrl-C.

        Raises StoreError, and FileNotFoundError where the images' folder is gone.
        """
        size = self.images_at_once
        weight = attrgetter("size") if self._needs_pixels else None  # else they are small
        ahead = prefetch(self._loader.load, images, size, weight)
        for loaded in _batches(ahead, size):
            outcomes = self._batch(loaded)
            yield from self._misfits()
            yield from outcomes
            if self.stopped:
                return

    def _misfits(self) -> Iterator[Outcome]:
        """An outcome of no subject for methods that were found not to fit a classifier.

        Raises ValueError where there is nothing else to be done.
        """
        reasons = {
            (number, name): reason
            for number, units in enumerate(self.explanations)
            for name, reason in units.misfits.items()
            if (number, name) not in self._said
        }
        if not reasons:
            return
        if not self.plan.views and not any(units.keys for units in self.explanations):
            raise ValueError(next(iter(reasons.values())))
        self._said |= reasons.keys()
        names = [classifier.name for classifier in self.classifiers]
        failures = [
            Failure(f"{name}, {names[number]}", reason)
            for (number, name), reason in reasons.items()
        ]
        yield Outcome(failures=failures)

    def pending(self, images: Iterable[Path]) -> list[Path]:
        """The images that are not known to be done, as far as can be told without reading."""
        return [path for path in images if not self._known_done(path)]

    def views_of_classifier(self, number: int) -> Outcome:
        """The views of the classifier of that number that are of nothing else."""
        return self._view_outcome(*self.views[number].views_of_nothing(self.draws))

    def views_of_class(self, number: int, class_index: int) -> Outcome:
        """The views of one class of the classifier of that number."""
        return self._view_outcome(*self.views[number].views_of_class(class_index, self.draws))

    def fixed_classes(self) -> list[tuple[int, int]]:
        """(number of the classifier, class) of views of classes that no image decides."""
        return [
            (number, index)
            for number, units in enumerate(self.views)
            if units.of_classes
            for index in self.plan.targets.fixed_indices(units.classifier)
        ]

    @property
    def needs_images(self) -> bool:
        """Whether anything is asked of images, or of the classes that they decide."""
        of_images = any(units.of_images for units in self.views)
        return bool(self.plan.methods) or of_images or self._images_decide_classes

    @property
    def _images_decide_classes(self) -> bool:
        return any(
            units.of_classes
            and any(part.needs_image for part in self.plan.targets.parts(units.classifier))
            for units in self.views
        )

    def _known_done(self, path: Path) -> bool:
        try:
            source = self._loader.known(path)
        except (OSError, ValueError):
            return False
        return bool(source.hash) and self._is_done(source)

    def _is_done(self, source: Source) -> bool:
        """Whether the store has all that is asked of an image."""
        units = (*self.explanations, *self.changes, *self.views)
        return all(some.is_done(source) for some in units) and not self._images_decide_classes

    def _needs_nothing(self, source: Source) -> bool:
        """Whether an image need not be read: it is done, and not to be drawn either."""
        draws = self.draws and (self.plan.display.draws or self.plan.views)
        return not draws and self._is_done(source)

    @property
    def images_at_once(self) -> int:
        """So many images are a batch: fewer of many classes whose maps are of pixels."""
        if self.classifiers[0].frames:
            return 1
        if not any(method.entry.by_pixels for method in self.plan.methods):
            return self.plan.images_at_once
        classes = max(self.plan.targets.most(classifier) for classifier in self.classifiers)
        return max(1, min(self.plan.images_at_once, PAIRS_AT_ONCE // classes))

    @property
    def _needs_pixels(self) -> bool:
        """Whether more of an image is needed than a classifier's input, and its size."""
        draws = self.draws and self.plan.display.draws
        return bool(draws or self.plan.views or self.plan.experiments.passes)

    def _batch(self, batch: Sequence[Loaded]) -> list[Outcome]:
        """The outcomes of a batch, by all classifiers; its rows go to the store.

        When it was stopped, there are none of images of which nothing is known.
        """
        outcomes = [Outcome(loaded.source.path) for loaded in batch]
        for loaded, outcome in zip(batch, outcomes, strict=True):
            outcome.is_stored = loaded.error is None and self._is_done(loaded.source)
            if loaded.error is not None:
                outcome.failures.append(Failure("", loaded.error))
                for units in self.explanations:
                    units.failed(loaded.source, loaded.error)
        for number, units in enumerate(self.explanations):
            pairs = [p for p in zip(batch, outcomes, strict=True) if p[0].inputs]
            if self.stopped or not pairs:
                break
            answers = units.answers([loaded for loaded, _ in pairs])
            self.stopped |= units.stopped
            for (loaded, outcome), answer in zip(pairs, answers, strict=True):
                outcome.explanations += answer.explanations
                outcome.failures += answer.failures
                if not self.stopped and not answer.failed_whole:
                    self._beyond_explaining(number, loaded, outcome, answer.explanations)
        return [one for one in outcomes if not (self.stopped and one.is_empty)]

    def _beyond_explaining(
        self, number: int, loaded: Loaded, outcome: Outcome, explanations: list[Explanation]
    ) -> None:
        """Changes and views of one image, by one classifier."""
        try:
            if self.changes[number].changes:
                changed, failures = self.changes[number].explained_again(
                    loaded.source, explanations, self.draws
                )
                outcome.changed += changed
                outcome.failures += failures
            request = loaded.request(number, ())
            views, failures = self.views[number].views_of_image(loaded.source, request, self.draws)
            outcome.views += views
            outcome.failures += failures
            self.stopped |= any(made.stopped_early for made in views)
        except KeyboardInterrupt:
            self.stopped = True
            return
        if self.views[number].of_classes:
            classifier = self.classifiers[number]
            scores = classifier.scores(request.input_image[None])[0]
            outcome.classes[number] = self.plan.targets.indices(classifier, scores)

    def _view_outcome(self, views: list[ViewImage], failures: list[Failure]) -> Outcome:
        self.stopped |= any(made.stopped_early for made in views)
        return Outcome(views=views, failures=failures)


def _batches(items: Iterable[Loaded], size: int) -> Iterator[list[Loaded]]:
    """Lists of `size` items, fewer where they are large, the last with the rest."""
    batch: list[Loaded] = []
    for item in items:
        batch.append(item)
        if len(batch) == size or sum(loaded.size for loaded in batch) > BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch
