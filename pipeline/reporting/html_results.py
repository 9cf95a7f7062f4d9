"""The tables of an evaluation as the report page shows them: titles, marks of the best, reasons."""

import math
from collections.abc import Sequence
from typing import Any

from evaluation.ranking import Ranking, rankings
from evaluation.statistics import ALL, CONFIDENCE, FEWEST
from methods import METHODS
from pipeline.plan import Plan
from pipeline.reporting.captions import metric_constants
from pipeline.reporting.html_tables import (
    CLEAR,
    LEADING,
    Cell,
    Column,
    HtmlTable,
    number_cell,
    number_cells,
    number_text,
)
from pipeline.reporting.results import ResultTables
from pipeline.reporting.tables import SECONDS
from pipeline.reporting.undefined import UndefinedValues
from registry import parse_call

Rows = list[dict[str, Any]]
Columns = list[tuple[Column, Sequence[Cell]]]
NO_SPREAD = "one value has no spread"
NO_PAIR = "no image has a value of both methods"
FEW_PAIRS = f"fewer than {FEWEST} pairs"
NO_AGREEMENT = "no image has maps of both that could be compared"
NO_CHANGE = "no image tells"
EXPERIMENT_TITLES = {"n": "Maps", "fraction": "Share"}
NOT_COUNTED = "the method counts no passes"
TESTS = (
    "Wilcoxon's signed-rank test of every two methods on the same images, two-sided; p by Holm "
    "over all pairs of a classifier and metric."
)


class ResultSections:
    """The tables of a run's results, for the report page."""

    def __init__(self, plan: Plan, results: ResultTables, undefined: UndefinedValues):
        self._tables = results.tables
        self._undefined = undefined
        self._calls = {str(call): call for call in plan.evaluation.metrics}
        self._several = self._tables["methods"]["classifier"].nunique() > 1
        self._about = metric_constants(plan) if self._calls else ""
        self.rankings = rankings(self._tables["summary"])
        self._marks = marks_of(self.rankings)

    @property
    def costs(self) -> Rows:
        """Passes and seconds of each classifier and method."""
        return self._rows("methods")

    def tables(self) -> list[HtmlTable]:
        """All tables that have anything to say, the shortest summary first."""
        summary = self._rows("summary")
        of_all = [row for row in summary if row["class"] == ALL]
        of_classes = [row for row in summary if row["class"] != ALL]
        tables = [self._methods(self.costs)]
        tables += [self._summary("Metrics", of_all)] if of_all else []
        tables += [self._summary("By class", of_classes)] if of_classes else []
        tables += [self._tests(self._rows("tests"))] if len(self._tables["tests"]) else []
        tables += [self._agreement()] if len(self._tables["agreement"]) > 1 else []
        return tables

    def _rows(self, name: str) -> Rows:
        return self._tables[name].to_dict("records")

    def _methods(self, rows: Rows) -> HtmlTable:
        """What a map costs, and the mean of each metric."""
        columns = self._of_method(rows)
        for metric, call in self._calls.items():
            names = [(row["classifier"], row["method"]) for row in rows]
            reasons = [self._undefined.of_mean(*name, metric) for name in names]
            marks = [self._marks.get((*name, metric, ALL), "") for name in names]
            cells = number_cells([row[metric] for row in rows], reasons, marks, least=2)
            columns.append((_metric_column(call), cells))
        columns += [
            _numbers(Column("Passes", "a map"), rows, "passes", NOT_COUNTED),
            _numbers(Column("Time", "seconds a map"), rows, "seconds", NOT_COUNTED),
            _texts("Kind", rows, "kind", is_minor=True),
            _texts("Class-specific", rows, "of a class", is_minor=True),
            _texts("Options", rows, "options", is_minor=True),
        ]
        about = f"{self._about} Metrics: means over all maps." if self._calls else ""
        return _table("Methods", columns, [SECONDS, *filter(None, [about])])

    def _summary(self, title: str, rows: Rows) -> HtmlTable:
        """Mean, interval and spread of each method by each metric."""
        columns = self._of_method(rows)
        if title != "Metrics":
            columns = [_texts("Class", rows, "class"), *columns]
        columns.append(self._metric_texts(rows))
        columns.append(_texts("Better", rows, "better"))
        means = [self._mean(row) for row in rows]
        columns += [
            (Column("Mean", is_number=True), means),
            (_interval_column(), [self._interval(row) for row in rows]),
            (Column("Deviation", is_number=True), [self._spread(row, "std") for row in rows]),
            (
                Column("Variance", is_number=True, is_minor=True),
                [self._spread(row, "variance") for row in rows],
            ),
            _numbers(Column("Maps", "with a value"), rows, "n", ""),
            (Column("n/a", "maps", True), [self._undefined_count(row) for row in rows]),
        ]
        if any(row["missing"] for row in rows):
            columns.append(_numbers(Column("No truth", "maps"), rows, "missing", ""))
        return _table(title, columns, [], "summary.csv has all")

    def _tests(self, rows: Rows) -> HtmlTable:
        """Which methods differ by more than chance."""
        classifiers = [_texts("Classifier", rows, "classifier")] if self._several else []
        columns = [
            self._metric_texts(rows),
            *classifiers,
            (Column("Method"), [Cell(_method_title(row["first"])) for row in rows]),
            (Column("against"), [Cell(_method_title(row["second"])) for row in rows]),
            _numbers(Column("Pairs"), rows, "n", ""),
            _each(Column("Difference", "median"), rows, "median_difference", NO_PAIR),
            _each(Column("Statistic"), rows, "statistic", FEW_PAIRS),
            _each(Column("p"), rows, "p", FEW_PAIRS),
            _each(Column("p", "by Holm"), rows, "p_holm", FEW_PAIRS),
        ]
        return _table("Methods in pairs", columns, [TESTS], "tests.csv has all")

    def _agreement(self) -> HtmlTable:
        """The mean correlation of every two methods' maps."""
        matrix = self._tables["agreement"]
        titles = [_method_title(method) for method in matrix]
        columns: Columns = [(Column("Method"), [Cell(title) for title in titles])]
        for title, method in zip(titles, matrix, strict=True):
            values = matrix[method].tolist()
            cells = [number_cell(value, NO_AGREEMENT, decimals=2) for value in values]
            columns.append((Column(title, is_number=True), cells))
        return _table("Agreement", columns, ["Mean correlation of maps of the same image."])

    def _of_method(self, rows: Rows) -> Columns:
        """The columns of the method, and of the classifier where there are several."""
        columns = [_method_texts(rows)]
        return columns + ([_texts("Classifier", rows, "classifier")] if self._several else [])

    def _metric_texts(self, rows: Rows) -> tuple[Column, list[Cell]]:
        return Column("Metric"), [Cell(self._calls[row["metric"]].title) for row in rows]

    def _mean(self, row: dict[str, Any]) -> Cell:
        mark = self._marks.get((*_key(row), row["class"]), "")
        return number_cell(row["mean"], self._reason(row), mark)

    def _interval(self, row: dict[str, Any]) -> Cell:
        if math.isnan(row["ci_low"]):
            return Cell("n/a", reason=NO_SPREAD if row["n"] else self._reason(row))
        return Cell(interval_text(row["ci_low"], row["ci_high"]), key=row["ci_low"])

    def _spread(self, row: dict[str, Any], name: str) -> Cell:
        return number_cell(row[name], NO_SPREAD if row["n"] else self._reason(row))

    def _undefined_count(self, row: dict[str, Any]) -> Cell:
        reason = self._reason(row) if row["nan"] else ""
        return Cell(number_text(row["nan"]), key=row["nan"], reason=reason)

    def _reason(self, row: dict[str, Any]) -> str:
        return self._undefined.of_values(*_key(row), row["class"])


def accuracy_table(rows: Rows) -> HtmlTable:
    """How often each classifier's best class is the image's own."""
    columns = [
        _texts("Classifier", rows, "classifier"),
        _numbers(Column("Right", "images"), rows, "right", ""),
        _numbers(Column("Known", "images"), rows, "known", ""),
        (
            Column("Accuracy", is_number=True),
            [Cell(f"{row['accuracy']:.1%}", key=row["accuracy"]) for row in rows],
        ),
    ]
    about = "Known: images whose folder names a class of the classifier."
    return _table("Accuracy", columns, [about])


def experiment_table(title: str, rows: Rows, about: str) -> HtmlTable:
    """What an experiment found: methods first, then what was done, and the means."""
    names = [name for name in rows[0] if name != "method"] if rows else []
    if len({row.get("classifier") for row in rows}) == 1:
        names = [name for name in names if name != "classifier"]
    columns = [_method_texts(rows)] if rows and "method" in rows[0] else []
    for name in names:
        title_of = EXPERIMENT_TITLES.get(name, name[:1].upper() + name[1:])
        if all(isinstance(row[name], int | float) for row in rows):
            columns.append(_numbers(Column(title_of), rows, name, NO_CHANGE))
        else:
            cells = [Cell(str(row[name]).replace("_", " ")) for row in rows]
            columns.append((Column(title_of), cells))
    return _table(title, columns, [about])


def marks_of(ranked: Sequence[Ranking]) -> dict[tuple[str, ...], str]:
    """The mark of each (classifier, method, metric, class) that is best; ties have the same."""
    return {
        (ranking.classifier, method, ranking.metric, ranking.class_name): (
            CLEAR if ranking.is_clear else LEADING
        )
        for ranking in ranked
        if not ranking.all_tie
        for method in ranking.best
    }


def interval_text(low: float, high: float) -> str:
    """The interval from its low end to its high one."""
    return f"{number_text(low)} to {number_text(high)}"


def _method_title(method: str) -> str:
    return parse_call(method, METHODS).title


def _method_texts(rows: Rows) -> tuple[Column, list[Cell]]:
    return Column("Method"), [Cell(_method_title(row["method"])) for row in rows]


def _key(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["classifier"], row["method"], row["metric"]


def _metric_column(call) -> Column:
    better = call.entry.better
    return Column(call.title, f"{better} is better" if better else "", is_number=True)


def _interval_column() -> Column:
    return Column("Interval", f"{CONFIDENCE:.0%}".replace("%", " %"), is_number=True)


def _texts(title: str, rows: Rows, name: str, is_minor: bool = False) -> tuple[Column, list[Cell]]:
    return Column(title, is_minor=is_minor), [Cell(str(row[name])) for row in rows]


def _numbers(column: Column, rows: Rows, name: str, reason: str) -> tuple[Column, list[Cell]]:
    """A column of numbers with as many decimals."""
    cells = number_cells([row[name] for row in rows], [reason] * len(rows))
    return column._replace(is_number=True), cells


def _each(column: Column, rows: Rows, name: str, reason: str) -> tuple[Column, list[Cell]]:
    """A column of numbers of different sizes, three digits of each."""
    return column._replace(is_number=True), [number_cell(row[name], reason) for row in rows]


def _table(title: str, columns: Columns, notes: list[str], more: str = "") -> HtmlTable:
    return HtmlTable(
        title=title,
        columns=[column for column, _ in columns],
        rows=list(zip(*(cells for _, cells in columns), strict=True)),
        notes=notes,
        more=more,
    )
