"""What the page does, without the page: classifiers that visitors share, one at a time each."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from classifier import Classifier
from classifier.applications import applications
from images import ImageError, read_image
from methods import METHODS
from pipeline.explaining.explain import CutShortError, explain_batch, request_of
from pipeline.explaining.explanation import Explanation, drawable
from pipeline.explaining.record import classifier_record
from pipeline.explaining.request import Request
from pipeline.plan import ClassifierChoice
from pipeline.targets import Targets
from registry import Call, Option
from runtime import with_listener

MOST_BYTES, MOST_PIXELS = 20_000_000, 40_000_000  # of an image
MOST_MAPS = 12  # of one request
LONGEST_TARGET = 1000  # letters
MOST_CLASSES = 5  # that are offered first
SECONDS = 120  # that a request may take; what is known by then is shown
REQUESTS = 1000  # after so many a classifier is loaded anew: programs add up
LEAST_LIMIT, TIMES_DEFAULT = 100, 4  # how large a visitor may make a whole number


class BusyError(ValueError):
    """The classifier has been working for others all the time."""


class StoppedError(ValueError):
    """The visitor stopped before anything was known."""


class Guess(NamedTuple):
    """A class of an image."""

    target: str  # as `Targets` read it
    title: str
    probability: float


class Answer(NamedTuple):
    """What methods say of an image, and who was asked."""

    explanations: list[Explanation]
    classifier: dict[str, Any]  # its record
    left_out: tuple[str, ...] = ()  # titles of methods that were not asked any more


class ExplanationService:
    """Classifiers by their names, loaded when they are first asked for."""

    def __init__(self, choices: Sequence[ClassifierChoice], seconds: float = SECONDS):
        self._choices = {choice_name(choice): choice for choice in choices}
        self._locks = {name: threading.Lock() for name in self._choices}
        self._loaded: dict[str, tuple[Classifier, int]] = {}
        self._seconds = seconds

    @property
    def names(self) -> list[str]:
        """What the classifiers are called."""
        return list(self._choices)

    def classes(self, name: str) -> list[tuple[str, str]]:
        """(title, target) of every class of a classifier."""
        with self._classifier(name) as classifier:
            count = len(classifier.labels)
            titles = [classifier.title(index) for index in range(count)]
        return [(title.replace("_", " "), f"index:{i}") for i, title in enumerate(titles)]

    def layers(self, name: str) -> list[str]:
        """Paths of the layers that methods can look at, the last first; none of a function."""
        with self._classifier(name) as classifier:
            if not classifier.has_layers:
                return []
            calls = classifier.layer_calls
            paths = dict.fromkeys(call.path for call in calls if call.is_map)
        return list(paths)[::-1]

    def guesses(self, name: str, image: np.ndarray) -> list[Guess]:
        """The best classes of an image (H, W, 3), best first."""
        with self._classifier(name) as classifier:
            scores = classifier.scores(request_of(image, classifier, ()).input_image[np.newaxis])[0]
            best = np.argsort(-scores, kind="stable")[:MOST_CLASSES]
            return [
                Guess(f"index:{i}", classifier.title(i).replace("_", " "), float(scores[i]))
                for i in best
            ]

    def explain(
        self,
        name: str,
        image: np.ndarray,
        calls: Sequence[Call],
        target: str,
        *,
        layer: str | None = None,
        on_progress: Callable[[int, int], None] = lambda done, total: None,
        stop: threading.Event | None = None,
    ) -> Answer:
        """What the methods say of the image (H, W, 3) for each class of `target`.

        `on_progress` is called with how many batches of a long method are done, and of how many.
        Once `stop` is set, or time is up, a long method gives the map so far, if there is one, and
        is the last. Raises ValueError in words for people.
        """
        stop = stop or threading.Event()
        deadline = time.monotonic() + self._seconds

        def listener(done: int, total: int) -> bool:
            on_progress(done, total)
            return stop.is_set() or time.monotonic() > deadline

        with self._classifier(name, layer) as classifier, with_listener(listener):
            request = request_of(image, classifier, calls)
            targets = _targets(target)
            scores = classifier.scores(request.input_image[np.newaxis])[0]
            maps = len(calls) * len(targets.indices(classifier, scores))
            if maps > MOST_MAPS:
                raise ValueError(f"{maps} maps are asked for; the page makes {MOST_MAPS} at once")
            explanations = _explain(request, classifier, targets)
            if not explanations:
                raise StoppedError("stopped before the first masks were seen")
            done = [explanation.method for explanation in explanations]
            left_out = tuple(call.entry.title for call in calls if call not in done)
            return Answer(explanations, classifier_record(classifier), left_out)

    @contextmanager
    def _classifier(self, name: str, layer: str | None = None) -> Iterator[Classifier]:
        """The classifier, for one visitor at a time. Raises BusyError where that takes too long."""
        if name not in self._choices:
            raise ValueError(f"no classifier '{name}' here")
        lock = self._locks[name]
        if not lock.acquire(timeout=self._seconds):
            raise BusyError(f"{name} is busy with other visitors' images; try again")
        try:
            classifier, uses = self._loaded.get(name, (None, REQUESTS))
            if uses >= REQUESTS:
                classifier, uses = self._choices[name].load(), 0
                if classifier.frames:
                    raise ValueError(f"--web is for images, and {name} takes clips")
            self._loaded[name] = classifier, uses + 1
            default_layer = classifier.layer if classifier.has_layers else None
            try:
                if layer:
                    classifier.layer = layer
                with classifier.contrasts():
                    yield classifier
            finally:
                if layer and default_layer:
                    classifier.layer = default_layer
        finally:
            lock.release()


def choice_name(choice: ClassifierChoice) -> str:
    """What a classifier is called on the page; a file's never as one of those that have a name."""
    if choice.model_path is None:
        return choice.model_name
    name = Path(choice.model_path).stem
    return f"{name} (own)" if name in applications() else name


def _explain(request: Request, classifier: Classifier, targets: Targets) -> list[Explanation]:
    """What the request's methods say, until they are stopped. Raises ImageError."""
    try:
        (answer,) = explain_batch([request], classifier, targets)
    except CutShortError as cut:
        (answer,) = cut.answers
    for failure in answer.failures:
        raise ImageError(failure.reason)
    return answer.explanations


def _targets(text: str) -> Targets:
    """The classes of a request. Raises ValueError, before any contrast is made, for too many."""
    if len(text) > LONGEST_TARGET or text.count(",") >= MOST_MAPS:
        raise ValueError(f"too many classes are asked for; the page explains {MOST_MAPS} at most")
    return Targets(text=text)


def read_upload(content: bytes) -> np.ndarray:
    """(H, W, 3) uint8: a visitor's image, no larger than figures show. Raises ImageError."""
    if len(content) > MOST_BYTES:
        raise ImageError(f"this file is larger than {MOST_BYTES // 10**6} MB")
    try:
        return drawable(read_image("upload", content, MOST_PIXELS))
    except ImageError as error:
        raise ImageError(str(error).replace("image 'upload'", "this image", 1)) from error


def call_of(method: str, values: Mapping[str, Any]) -> Call:
    """The method with the options that are not their defaults; an empty field stands for these.

    Raises ValueError for a number beyond its limit: one visitor's is every visitor's time.
    """
    entry = METHODS[method]
    given = {}
    if preset := values.get("preset"):
        given["preset"] = preset
    for name, option in entry.options.items():
        value = values.get(name)
        if value in (None, "", option.default):
            continue
        value = option.parse(str(value))
        if option.kind is int and not 0 <= value <= limit(option):
            raise ValueError(f"{name} goes from 0 to {limit(option)} here, got {value}")
        given[name] = value
    return Call(entry, given)


def limit(option: Option) -> int:
    """How large a visitor may make a whole number."""
    return max(LEAST_LIMIT, TIMES_DEFAULT * option.default)
