"""Why a table has no number in a place: what metrics noted, counted over a run."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable

from evaluation.statistics import ALL
from pipeline.explaining.explanation import Explanation

NO_TRUTH = "no ground truth"
NO_VALUE = "no map has a value"


class UndefinedValues:
    """Counts why metrics have no value, for each classifier, method, metric and class."""

    def __init__(self):
        self._reasons: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)

    def add(self, explanations: Iterable[Explanation]) -> None:
        """Takes the explanations of one image."""
        for explanation in explanations:
            for metric, reason in undefined(explanation).items():
                key = explanation.classifier_title, str(explanation.method), metric
                for name in {ALL, explanation.true_class or ALL}:
                    self._reasons[*key, name][reason] += 1

    def of_values(self, classifier: str, method: str, metric: str, class_name: str = ALL) -> str:
        """Why values are NaN, the commonest reason first; want of ground truth makes none NaN."""
        counted = self._reasons[classifier, method, metric, class_name]
        return _in_words(reason for reason, _ in counted.most_common() if reason != NO_TRUTH)

    def of_mean(self, classifier: str, method: str, metric: str) -> str:
        """Why there is no mean, the commonest reason first."""
        counted = self._reasons[classifier, method, metric, ALL]
        return _in_words(reason for reason, _ in counted.most_common())


def undefined(explanation: Explanation) -> dict[str, str]:
    """Why metrics, by their calls, have no value of this map."""
    results = explanation.results
    reasons = {
        call: results.notes.get(call, {}).get("reason", NO_VALUE)
        for call, value in results.values.items()
        if math.isnan(value)
    }
    return reasons | dict.fromkeys(results.impossible, NO_TRUTH)


def _in_words(reasons: Iterable[str]) -> str:
    return "; ".join(reasons) or NO_VALUE
