"""Explanations of a batch of images by one classifier: those that the store has, and the rest.

A unit is what one method says of one image, and is stored and done once.
"""

from collections.abc import Sequence
from dataclasses import replace

from classifier import Classifier
from pipeline.dataset.evaluate import evaluate
from pipeline.dataset.ground_truth import GroundTruthIndex
from pipeline.dataset.loading import Loaded
from pipeline.dataset.rows import (
    Source,
    explanation_row,
    failed_row,
    method_key,
    stored_explanation,
)
from pipeline.dataset.store import Index, Store
from pipeline.explaining.explain import CutShortError, MisfitError, explain_batch
from pipeline.explaining.explanation import Explanation
from pipeline.explaining.request import Answer
from pipeline.plan import Plan
from registry import Call


class ExplanationUnits:
    """Makes, restores and stores a plan's explanations by one classifier."""

    def __init__(
        self,
        plan: Plan,
        classifier: Classifier,
        number: int,
        truths: GroundTruthIndex,
        index: Index,
        store: Store,
    ):
        """`number` is that of the classifier among the plan's."""
        self.plan, self.classifier, self.number = plan, classifier, number
        self.truths, self.index, self.store = truths, index, store
        self.stopped = False  # by Ctrl-C, in the batch that was asked for last
        self.misfits: dict[str, str] = {}  # method -> why it fits no image
        self.keys = {
            str(method): method_key(classifier, method, plan.targets) for method in plan.methods
        }
        for method in plan.methods:
            try:
                method.entry.check(classifier, method.given)
            except ValueError as error:
                self._leave_out({str(method): str(error)})

    @property
    def methods(self) -> list[Call]:
        """The plan's methods that fit the classifier, as far as is known."""
        return [method for method in self.plan.methods if str(method) in self.keys]

    def _leave_out(self, misfits: dict[str, str]) -> None:
        """Takes methods out of what is asked, for what they are said to lack."""
        self.misfits |= misfits
        for name in misfits:
            self.keys.pop(name, None)

    def is_done(self, source: Source) -> bool:
        """Whether the store has every unit of the image, with the metrics that are wanted."""
        return all(self._is_complete(source, key) for key in self.keys.values())

    def answers(self, batch: Sequence[Loaded]) -> list[Answer]:
        """For each image its explanations, evaluated and stored, in the order of the methods."""
        self.stopped = False
        stored = [self._stored(loaded) for loaded in batch]
        requests = [
            loaded.request(self.number, [m for m in self.methods if str(m) not in known])
            for loaded, known in zip(batch, stored, strict=True)
        ]
        answers = [Answer() for _ in batch]
        asked = [i for i, request in enumerate(requests) if request.methods]
        if asked:
            try:
                made = explain_batch(
                    [requests[i] for i in asked], self.classifier, self.plan.targets
                )
            except CutShortError as stop:
                made, self.stopped = stop.answers, True
            except MisfitError as error:
                made = error.answers
                self._leave_out(error.reasons)
            for i, answer in zip(asked, made, strict=True):
                answers[i] = answer
        for number, parts in enumerate(zip(batch, answers, stored, strict=True)):
            try:
                self._finish(*parts)
            except KeyboardInterrupt:  # what is not evaluated is not known
                self.stopped = True
                return answers[:number] + [Answer() for _ in batch[number:]]
        return answers

    def failed(self, source: Source, reason: str) -> None:
        """Stores that an image could not be explained."""
        self.store.add(
            failed_row(source, key, self.classifier, reason) for key in self.keys.values()
        )

    def _is_complete(self, source: Source, key: dict[str, str]) -> bool:
        stored = self.index.find(source.columns() | key)
        return stored is not None and self.truths.wanted(source.path) <= stored.metrics

    def _stored(self, loaded: Loaded) -> dict[str, list[Explanation]]:
        """What the store has of the image: explanations by method."""
        known = {}
        if "colour" in (self.plan.display.representations or ()):  # which is not stored
            return known
        for method in self.methods:
            key = loaded.source.columns() | self.keys[str(method)]
            stored = self.index.find(key)
            if stored is None:
                continue
            rows = self.index.rows(stored)
            if rows is None:  # its part is damaged, or was set aside with the whole store
                continue
            of_classes = all(row["class_index"] < len(self.classifier.labels) for row in rows)
            complete = self._is_complete(loaded.source, self.keys[str(method)])
            if not of_classes and (self.plan.experiments.passes or not complete):
                continue  # their indices were those of another run
            known[str(method)] = [
                stored_explanation(row, loaded.image, method, self.classifier, loaded.clip)
                for row in rows
            ]
        return known

    def _finish(self, loaded: Loaded, answer: Answer, stored: dict[str, list[Explanation]]) -> None:
        """Puts stored explanations beside the new ones, evaluates them all and stores the units."""
        if answer.failed_whole:
            self.failed(loaded.source, answer.failures[0].reason)
            return
        by_method = {str(method): stored.get(str(method), []) for method in self.methods}
        for explanation in answer.explanations:
            by_method[str(explanation.method)].append(explanation)
        ordered = [explanation for some in by_method.values() for explanation in some]
        for failure in answer.failures:
            key = self.keys[failure.asker]
            self.store.add([failed_row(loaded.source, key, self.classifier, failure.reason)])
        answer.explanations, failures = evaluate(
            ordered,
            self.classifier,
            loaded.inputs[self.number],
            self.plan.evaluation.metrics,
            self.truths,
        )
        answer.failures += failures
        self.stopped |= any(explanation.stopped_early for explanation in answer.explanations)
        for name, key in self.keys.items():
            unit = [e for e in answer.explanations if str(e.method) == name]
            unfinished = any(explanation.stopped_early for explanation in unit)
            if unit and not unfinished and not self._is_complete(loaded.source, key):
                self.store.add(
                    [explanation_row(e, loaded.source, key, self.plan.map_type) for e in unit]
                )
        asked = self.plan.evaluation.metrics
        answer.explanations = [replace(e, results=e.results.of(asked)) for e in answer.explanations]
