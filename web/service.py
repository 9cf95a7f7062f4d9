"""What the page does, without the page: answers about images, in bounded time."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from classifier import Classifier
from images import ImageError
from pipeline.explaining.changes import Change
from pipeline.explaining.explain import CutShortError, explain_batch
from pipeline.explaining.record import classifier_record
from pipeline.explaining.request import Request, rescaled
from pipeline.explaining.view_image import make_view
from pipeline.plan import ClassifierChoice
from pipeline.targets import Targets
from registry import Call
from runtime import with_listener
from web.answers import Answer, ChangesAnswer, Detection, Guess, StoppedError, ViewAnswer
from web.changes import changed_answer, check_changes, check_count, unnamed
from web.classifier_pool import ClassifierPool
from web.limits import LONGEST_TARGET, MOST_BOXES, MOST_CLASSES, SECONDS
from web.subjects import (
    Abilities,
    Subject,
    abilities_of,
    check_view,
    read_targets,
    subject_request,
)


class ExplanationService:
    """Answers about images by classifiers that visitors share."""

    def __init__(self, choices: Sequence[ClassifierChoice], seconds: float = SECONDS):
        self._pool = ClassifierPool(choices, seconds)
        self._seconds = seconds
        self._abilities: dict[str, Abilities] = {}

    @property
    def names(self) -> list[str]:
        """What the classifiers are called."""
        return self._pool.names

    def abilities(self, name: str) -> Abilities:
        """What a classifier takes and gives; known without a wait once it was loaded."""
        if name not in self._abilities:
            with self._pool.classifier(name) as classifier:
                self._abilities[name] = abilities_of(classifier)
        return self._abilities[name]

    def classes(self, name: str) -> list[tuple[str, str]]:
        """(title, target) of every class of a classifier."""
        with self._pool.classifier(name) as classifier:
            count = len(classifier.labels)
            titles = [classifier.title(index) for index in range(count)]
        return [(title.replace("_", " "), f"index:{i}") for i, title in enumerate(titles)]

    def layers(self, name: str) -> list[str]:
        """Paths of the layers that methods can look at, the last first; none of a function."""
        with self._pool.classifier(name) as classifier:
            if not classifier.has_layers:
                return []
            return list(classifier.layers_of_places)[::-1]

    def guesses(self, name: str, subject: Subject) -> list[Guess]:
        """The best classes of an image or clip, best first."""
        with self._pool.classifier(name) as classifier:
            scores = _scores(subject_request(subject, classifier, []), classifier)
            best = np.argsort(-scores, kind="stable")[:MOST_CLASSES]
            return [
                Guess(f"index:{i}", classifier.title(i).replace("_", " "), float(scores[i]))
                for i in best
            ]

    def detections(self, name: str, subject: Subject) -> list[Detection]:
        """What a detector finds in an image, the surest first; of other classifiers nothing."""
        if not self.abilities(name).detects:
            return []
        with self._pool.classifier(name) as classifier:
            request = subject_request(subject, classifier, [])
            indices = classifier.boxes(request.input_image, MOST_BOXES)
            scores = np.zeros(len(classifier.labels))  # a box's score is in itself
            return [
                Detection(
                    number,
                    classifier.title(index).removesuffix(" (box)").replace("_", " "),
                    classifier.score_of(scores, index),
                    rescaled(classifier.box_of(index), request.input_image, request.image),
                )
                for number, index in enumerate(indices)
            ]

    def explain(
        self,
        name: str,
        subject: Subject,
        calls: Sequence[Call],
        target: str,
        *,
        box: str = "",
        layer: str | None = None,
        on_progress: Callable[[int, int], None] = lambda done, total: None,
        stop: threading.Event | None = None,
    ) -> Answer:
        """What the methods say of the image or clip for each class of `target`, or for a box.

        `box` is a detection's number or x, y, w, h in pixels of the image. `on_progress` is called
        with how many batches of a long method are done, and of how many. Once `stop` is set, or
        time is up, a long method gives the map so far, if there is one, and is the last. Raises
        ValueError in words for people.
        """
        with self._bounded(on_progress, stop), self._pool.classifier(name, layer) as classifier:
            targets = read_targets(target, box)
            for call in calls:
                call.entry.check(classifier, call.given)
            request = subject_request(subject, classifier, calls)
            scores = _scores(request, classifier)
            targets.parts(classifier)  # raises where it cannot have them
            classes = [None] if targets.box is not None else targets.indices(classifier, scores)
            check_count(len(calls) * len(classes))
            return Answer(
                **_explained(request, classifier, targets),
                classifier=classifier_record(classifier),
                name=name,
                layer=layer,
                targets=targets,
            )

    def explain_again(
        self,
        answer: Answer,
        changes: Sequence[Change],
        *,
        on_progress: Callable[[int, int], None] = lambda done, total: None,
        stop: threading.Event | None = None,
    ) -> ChangesAnswer:
        """The explanations of an answer after each change of its image.

        Once `stop` is set, or time is up, no further change is made. Raises ValueError in words
        for people.
        """
        check_changes(answer.explanations, answer.targets, changes)
        with (
            self._bounded(on_progress, stop) as is_over,
            self._pool.classifier(answer.name, answer.layer) as classifier,
        ):
            request = subject_request(answer.explanations[0].image, classifier, [])
            answer.targets.indices(classifier, _scores(request, classifier))  # makes its contrasts
            return changed_answer(answer.explanations, changes, classifier, is_over)

    def view(
        self,
        name: str,
        call: Call,
        subject: Subject | None = None,
        target: str = "",
        *,
        layer: str | None = None,
        on_progress: Callable[[int, int], None] = lambda done, total: None,
        stop: threading.Event | None = None,
    ) -> ViewAnswer:
        """What a view shows of the image or clip, of the class, or of neither, as it takes them.

        An ascent ends where it is once `stop` is set, or time is up. Raises ValueError in words for
        people.
        """
        takes = call.entry.takes
        if takes == "image" and subject is None:
            raise ValueError(f"{call.entry.title} is of an image: choose one first")
        if takes == "class" and not target:
            raise ValueError(f"{call.entry.title} is of a class: choose one first")
        with self._bounded(on_progress, stop), self._pool.classifier(name, layer) as classifier:
            call.entry.check(classifier, call.given)
            check_view(call, classifier)
            request = subject_request(subject, classifier, []) if takes == "image" else None
            index = classifier.labels.index(target[:LONGEST_TARGET]) if takes == "class" else None
            try:
                shown = make_view(call, classifier, request, index)
            except KeyboardInterrupt:
                raise StoppedError("stopped before there was anything to see") from None
            return ViewAnswer(shown, classifier_record(classifier))

    @contextmanager
    def _bounded(
        self, on_progress: Callable[[int, int], None], stop: threading.Event | None
    ) -> Iterator[Callable[[int, int], bool]]:
        """Inside, what is long says how far it is, and ends once it is stopped or time is up.

        What is given says so too, and whether it is to end.
        """
        stop = stop or threading.Event()
        deadline = time.monotonic() + self._seconds

        def listener(done: int, total: int) -> bool:
            on_progress(done, total)
            return stop.is_set() or time.monotonic() > deadline

        with with_listener(listener):
            yield listener


def _explained(request: Request, classifier: Classifier, targets: Targets) -> dict[str, Any]:
    """The explanations of the request's methods, the failures of some, and those left out.

    Raises StoppedError or ImageError where there is no explanation.
    """
    explanations, failures, left_out = [], [], []
    for number, call in enumerate(request.methods):
        try:
            one = request._replace(methods=[call])
            (answer,) = explain_batch([one], classifier, targets)
        except CutShortError as cut:
            left_out = request.methods[number:]
            explanations += cut.answers[0].explanations
            break
        except ValueError as error:
            failures.append(f"{call.entry.title}: {unnamed(str(error))}")
            continue
        explanations += answer.explanations
        failures += [unnamed(failure.reason) for failure in answer.failures]
        if explanations and explanations[-1].stopped_early:
            left_out = request.methods[number + 1 :]
            break
    if not explanations and failures:
        raise ImageError(failures[0])
    if not explanations:
        raise StoppedError("stopped before the first masks were seen")
    titles = tuple(call.entry.title for call in left_out)
    return {"explanations": explanations, "failures": tuple(failures), "left_out": titles}


def _scores(request: Request, classifier: Classifier) -> np.ndarray:
    """(K,) scores of an image or clip."""
    return classifier.scores(request.input_image[np.newaxis])[0]
