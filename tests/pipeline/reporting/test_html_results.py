"""The tables of an evaluation on the report page."""

import math

import pandas as pd
import pytest

from evaluation import METRICS
from evaluation.statistics import agreement, paired_tests, summary
from pipeline.plan import Evaluation, Plan
from pipeline.reporting.html_results import ResultSections, accuracy_table, experiment_table
from pipeline.reporting.html_tables import CLEAR, LEADING
from pipeline.reporting.results import ResultTables
from pipeline.reporting.undefined import UndefinedValues
from registry import parse_call

IMAGES = 6
NAN = math.nan
MEANS = {"GRADCAM:relu=channels": 0.9, "FEM": 0.5}  # of DELETION, in one class and the other


class Reasons(UndefinedValues):
    """Reasons that name what was asked for."""

    def of_values(self, *key: str) -> str:
        return " ".join(("values", *key))

    def of_mean(self, *key: str) -> str:
        return " ".join(("mean", *key))


def rows_of(classifiers, images: int) -> pd.DataFrame:
    rows = [
        {
            **{"classifier": classifier, "method": method, "image": f"{number}", "class_index": 0},
            **{"true_class": "cat" if number else "dog", "evaluated": ("DELETION", "PCC")},
            **{"agreement": {}, "DELETION": mean + number / 100, "PCC": NAN},
        }
        for classifier in classifiers
        for method, mean in MEANS.items()
        for number in range(images)
    ]
    return pd.DataFrame(rows)


def tables_of(*classifiers: str, images: int = IMAGES) -> dict:
    """The tables of the page by their titles."""
    metrics = {"DELETION": "lower", "PCC": "higher"}
    rows = rows_of(classifiers, images)
    same = {"kind": "white-box", "of a class": "yes", "options": "x=1", "passes": NAN}
    methods = [
        {"classifier": classifier, "method": method, **same, "seconds": 0.5}
        | {"DELETION": mean, "PCC": NAN}
        for classifier in classifiers
        for method, mean in MEANS.items()
    ]
    tables = {
        "summary": summary(rows, metrics),
        "tests": paired_tests(rows, metrics),
        "methods": pd.DataFrame(methods),
        "agreement": agreement(rows),
    }
    calls = tuple(parse_call(name, METRICS) for name in metrics)
    plan = Plan(images=(), evaluation=Evaluation(metrics=calls))
    sections = ResultSections(plan, ResultTables(rows, tables, {}), Reasons())
    return {table.title: table for table in sections.tables()}


@pytest.fixture(scope="module")
def tables() -> dict:
    return tables_of("network")


def column(table, title: str, note: str = "") -> list:
    """The cells of a column, from the top."""
    titles = [(column.title, column.note) for column in table.columns]
    place = titles.index((title, note))
    return [row[place] for row in table.rows]


def test_there_is_a_table_for_each_question(tables):
    assert list(tables) == ["Methods", "Metrics", "By class", "Methods in pairs", "Agreement"]
    assert all(len(table.columns) == len(row) for table in tables.values() for row in table.rows)
    assert not any(cell.text == "nan" for t in tables.values() for row in t.rows for cell in row)


def test_methods_have_their_titles_and_classifiers_a_column_where_they_are_several(tables):
    titles = [cell.text for cell in column(tables["Methods"], "Method")]
    assert titles == ["Grad-CAM (relu=channels)", "FEM"]
    assert "Classifier" not in [column.title for column in tables["Methods"].columns]
    both = tables_of("one", "two")["Methods"]
    assert [cell.text for cell in column(both, "Classifier")] == ["one", "one", "two", "two"]


def test_the_best_is_marked_where_it_is_best(tables):
    marks = [cell.mark for cell in column(tables["Methods"], "Deletion", "lower is better")]
    assert marks == ["", CLEAR]
    assert [cell.mark for cell in column(tables["Metrics"], "Mean")] == ["", "", CLEAR, ""]
    of_classes = zip(
        *(column(tables["By class"], name) for name in ("Class", "Metric", "Mean")), strict=True
    )
    marked = [(name.text, metric.text, cell.mark) for name, metric, cell in of_classes if cell.mark]
    assert marked == [("cat", "Deletion", LEADING), ("dog", "Deletion", LEADING)]  # too few maps


def test_what_has_no_value_has_its_reason(tables):
    (first, _) = column(tables["Methods"], "PCC", "higher is better")
    assert (first.text, first.key) == ("n/a", None)
    assert first.reason == "mean network GRADCAM:relu=channels PCC"
    _, mean, _, _ = column(tables["Metrics"], "Mean")
    _, interval, _, _ = column(tables["Metrics"], "Interval", "95 %")
    assert mean.reason == "values network GRADCAM:relu=channels PCC all"
    assert interval.reason == mean.reason
    counts = column(tables["Metrics"], "n/a", "maps")
    assert [(cell.text, bool(cell.reason)) for cell in counts] == [("0", False), ("6", True)] * 2


def test_a_spread_of_one_value_and_a_test_of_few_pairs_say_so(tables):
    spreads = {cell.reason for cell in column(tables["By class"], "Deviation") if cell.reason}
    assert "one value has no spread" in spreads
    (p,) = column(tables["Methods in pairs"], "p")
    assert p.text == "0.0312"  # 2 / 2^6
    (p,) = column(tables_of("network", images=5)["Methods in pairs"], "p")
    assert (p.text, p.reason) == ("n/a", "fewer than 6 pairs")
    assert column(tables["Agreement"], "FEM")[0].text == "n/a"
    assert column(tables["Agreement"], "FEM")[1].text == "1.00"


def test_an_interval_is_sorted_by_its_low_end(tables):
    cell = column(tables["Metrics"], "Interval", "95 %")[0]
    low, high = cell.text.split(" to ")
    assert float(low) == pytest.approx(cell.key, abs=5e-4)
    assert 0.9 <= float(low) < float(high) <= 0.95


def test_accuracy_is_shown_in_percent_and_sorted_as_a_share():
    row = {"classifier": "network", "right": 2, "known": 3, "accuracy": 2 / 3}
    assert column(accuracy_table([row]), "Accuracy")[0] == ("66.7%", 2 / 3, "", "")


def test_an_experiment_names_its_methods_and_one_classifier_only_in_the_head():
    rows = [
        {"classifier": "network", "method": "FEM", "fraction": 0.1, "n": 4, "loss": loss}
        for loss in (0.25, NAN)
    ]
    table = experiment_table("Masking", rows, "about")
    assert [column.title for column in table.columns] == ["Method", "Share", "Maps", "Loss"]
    assert [cell.text for cell in column(table, "Loss")] == ["0.250", "n/a"]
    assert [cell.text for cell in column(table, "Maps")] == ["4", "4"]
    rows[1]["classifier"] = "other"
    assert "Classifier" in [c.title for c in experiment_table("Masking", rows, "").columns]
