"""Explanations of one image after it was changed, by one classifier: stored, or made and stored."""

from collections.abc import Sequence

from classifier import Classifier
from pipeline.dataset.rows import (
    Source,
    change_key,
    change_row,
    failed_row,
    stored_change,
    unchanged_row,
)
from pipeline.dataset.store import Index, Store
from pipeline.explaining.changes import (
    Change,
    ChangedExplanation,
    changed_explanations,
    planned_changes,
)
from pipeline.explaining.explanation import Explanation
from pipeline.explaining.request import Failure
from pipeline.plan import Plan


class ChangeUnits:
    """Makes, restores and stores what a plan's experiments ask of one classifier.

    A unit is one change of one image for one method, with a row for each class.
    """

    def __init__(
        self,
        plan: Plan,
        classifier: Classifier,
        keys: dict[str, dict[str, str]],
        index: Index,
        store: Store,
    ):
        """`keys` are those of the units without a change, by method."""
        self.plan, self.classifier = plan, classifier
        self.index, self.store = index, store
        self.changes = planned_changes(plan.experiments)
        self._keys = keys

    def is_done(self, source: Source) -> bool:
        """Whether the store has every unit of the image."""
        return all(
            self._find(source, method, change) is not None
            for method in self._keys
            for change in self.changes
        )

    def explained_again(
        self, source: Source, explanations: Sequence[Explanation], draws: bool
    ) -> tuple[list[ChangedExplanation], list[Failure]]:
        """What becomes of the image's explanations after each change, and what failed.

        Those that are stored are restored only if they are to be drawn.
        """
        results: list[ChangedExplanation] = []
        missing = []
        for before in explanations:
            left = []
            for change in self.changes:
                stored = self._find(source, str(before.method), change)
                if stored is None:
                    left.append(change)
                elif draws:
                    results += self._restored(stored, before, change)
            missing.append((before, tuple(left)))
        made, failures = changed_explanations(missing, self.classifier)
        self._store(source, explanations, made, failures)
        order = {change.key: number for number, change in enumerate(self.changes)}
        befores = [id(before) for before in explanations]
        results += made
        results.sort(key=lambda c: (befores.index(id(c.before)), order[c.change.key]))
        return results, failures

    def _find(self, source: Source, method: str, change: Change):
        return self.index.find(source.columns() | change_key(self._keys[method], change))

    def _restored(self, stored, before: Explanation, change: Change) -> list[ChangedExplanation]:
        return [
            stored_change(row, before, change, self.classifier)
            for row in self.index.rows(stored) or ()
            if row["class_index"] == before.class_index and row["top"] is not None
        ]

    def _store(
        self,
        source: Source,
        explanations: Sequence[Explanation],
        made: list[ChangedExplanation],
        failures: list[Failure],
    ) -> None:
        """Stores a unit for each method and change: rows, or why there are none."""
        reasons = {failure.asker: failure.reason for failure in failures}
        for method in dict.fromkeys(str(e.method) for e in explanations):
            for change in self.changes:
                key = change_key(self._keys[method], change)
                if self._find(source, method, change) is not None:
                    continue
                if reason := reasons.get(f"{method}, {change.name}"):
                    self.store.add([failed_row(source, key, self.classifier, reason)])
                    continue
                rows = [
                    change_row(one, source, key, self.plan.map_type)
                    for one in made
                    if str(one.before.method) == method and one.change == change
                ]
                rows += [
                    unchanged_row(before, source, key)
                    for before in explanations
                    if str(before.method) == method and before.diagnosis and change.needs_map
                ]
                if rows:
                    self.store.add(rows)
