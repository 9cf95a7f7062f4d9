"""Which methods do best by a metric, and how sure that is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evaluation.statistics import FEWEST

SAME = 1e-9  # part of a mean: two that differ by no more are one


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """The methods of one classifier by one metric, over one class or all."""

    classifier: str
    metric: str
    class_name: str  # or `statistics.ALL`
    methods: int  # how many have a mean
    values: int  # of the method that has the fewest
    best: tuple[str, ...]  # those with the best mean, which tie where they are several
    close: tuple[str, ...]  # others whose interval overlaps the best's, or that have none
    mean: float  # of the best
    low: float  # end of its 95 % interval
    high: float

    @property
    def all_tie(self) -> bool:
        """Whether no method's mean is better than another's; also where there is one method."""
        return len(self.best) == self.methods

    @property
    def is_clear(self) -> bool:
        """Whether one method is best, and its interval lies apart from all others'.

        Never of few values: the bootstrap's interval of two lies between them.
        """
        has_enough = self.values >= FEWEST
        return has_enough and not self.all_tie and len(self.best) == 1 and not self.close


def rankings(summary) -> list[Ranking]:
    """A ranking for each classifier, metric and class of `statistics.summary`, in its order.

    None of metrics of which neither end is better, nor where no method has a mean.
    """
    groups: dict[tuple, list[dict[str, Any]]] = {}
    for row in summary.to_dict("records"):
        if row["better"] and math.isfinite(row["mean"]):
            key = row["classifier"], row["metric"], row["class"]
            groups.setdefault(key, []).append(row)
    return [_ranking(*key, rows) for key, rows in groups.items()]


def _ranking(
    classifier: str, metric: str, class_name: str, rows: Sequence[dict[str, Any]]
) -> Ranking:
    choose = max if rows[0]["better"] == "higher" else min
    first = choose(rows, key=lambda row: row["mean"])
    is_best = [math.isclose(row["mean"], first["mean"], rel_tol=SAME) for row in rows]
    best = [row["method"] for row, ties in zip(rows, is_best, strict=True) if ties]
    others = [row for row, ties in zip(rows, is_best, strict=True) if not ties]
    return Ranking(
        classifier=classifier,
        metric=metric,
        class_name=class_name,
        methods=len(rows),
        values=min(row["n"] for row in rows),
        best=tuple(best),
        close=tuple(row["method"] for row in others if not _is_apart(row, first)),
        mean=first["mean"],
        low=first["ci_low"],
        high=first["ci_high"],
    )


def _is_apart(row: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether the intervals have nothing in common; not where one of them is NaN."""
    return row["ci_high"] < other["ci_low"] or other["ci_high"] < row["ci_low"]
