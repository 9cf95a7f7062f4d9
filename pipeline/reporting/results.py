"""The tables and charts of an evaluation, made from the store when the run is over."""

import json
import math
import sys
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from evaluation.statistics import (
    accuracy,
    agreement,
    confusion,
    paired_tests,
    summary,
)
from figures.charts import box_chart, curve_chart, matrix_chart
from methods import METHODS
from pipeline.dataset import store
from pipeline.plan import Plan
from pipeline.reporting.captions import metric_constants
from pipeline.reporting.figure_files import FigureFiles
from pipeline.reporting.own_rows import OwnRows
from pipeline.reporting.tables import write_tables
from registry import Call, parse_call
from runtime import any_text


class Chart(NamedTuple):
    """A chart of the rows."""

    figure: Any  # of matplotlib
    caption: str  # in full


class ResultTables(NamedTuple):
    """What the rows say, all of it pandas frames, and charts of it by name."""

    rows: Any
    tables: dict[str, Any]
    charts: dict[str, Chart]  # none where the plan draws nothing


class Results:
    """What the rows of a plan say, as tables and charts in its output folder."""

    def __init__(self, plan: Plan, keys: list[dict]):
        """`keys` tell, without the image, the rows of this plan from others in the store."""
        self.plan = plan
        self.folder = plan.display.output_dir
        self._own = OwnRows(plan, keys)
        self.metrics = {str(call): call.entry.better for call in plan.evaluation.metrics}

    @any_text()
    def find(self) -> ResultTables | None:
        """All tables and charts; None where there are no rows."""
        if not store.parts(self.folder):
            return None
        rows = store.read(self.folder, heavy=False)
        if rows.empty:
            return None
        ours = [self._own.has(row) for row in rows.to_dict("records")]
        rows = rows[np.array(ours, bool) & rows["error"].isna()]
        if rows.empty:
            return None
        for metric in self.metrics:
            rows[metric] = rows.get(metric, np.nan)
            if rows[metric].isna().all():
                print(f"{metric}: no map has a value", file=sys.stderr)
        tables = {
            "summary": summary(rows, self.metrics),
            "tests": paired_tests(rows, self.metrics),
            "methods": self._methods(rows),
            "agreement": agreement(rows if self.metrics else rows[:0]),  # metrics find it out
            "accuracy": self._accuracy(rows),
        }
        return ResultTables(
            rows, tables, self._charts(rows, tables) if self.plan.display.draws else {}
        )

    @any_text()
    def write(self, results: ResultTables, files: FigureFiles) -> list[Path]:
        """Writes the tables and charts, and gives their paths."""
        written = write_tables(self.folder, *results[:2], self.metrics, metric_constants(self.plan))
        charts = results.charts if self.plan.display.representations != () else {}
        return written + [
            files.save_chart(chart.figure, name, chart.caption) for name, chart in charts.items()
        ]

    def _methods(self, rows):
        """A row for each classifier and method: kind, options, passes, seconds, mean scores."""
        import pandas as pd

        entries = []
        for (classifier, method), group in rows.groupby(["classifier", "method"], sort=False):
            entry = parse_call(method, METHODS).entry
            entries.append(
                {
                    "classifier": classifier,
                    "method": method,
                    "kind": "white-box" if entry.needs_layers else "black-box",
                    "of a class": "no" if entry.class_agnostic else "yes",
                    "options": _in_words(group["options"].iloc[0]),
                    "passes": group["passes"].mean(),
                    "seconds": group["seconds"].mean(),
                    **{metric: group[metric].mean() for metric in self.metrics},
                }
            )
        return pd.DataFrame(entries)

    def _accuracy(self, rows):
        """A row for each classifier: how many images of a known class it got right."""
        import pandas as pd

        entries = []
        for classifier, group in rows.groupby("classifier", sort=False):
            right, known = accuracy(group)
            share = right / known if known else math.nan
            entries.append(
                {"classifier": classifier, "right": right, "known": known, "accuracy": share}
            )
        return pd.DataFrame(entries)

    def _charts(self, rows, tables) -> dict[str, Chart]:
        charts = {"box_plots": self._boxes(rows), "curves": self._curves()}
        if len(tables["agreement"]) > 1:
            names = list(map(method_title, tables["agreement"]))
            about = "Mean Pearson correlation of maps of the same image and class."
            charts["agreement"] = self._matrix(
                tables["agreement"], names, names, "Agreement of methods", about, limits=(-1, 1)
            )
        for classifier, group in rows.groupby("classifier", sort=False):
            table = confusion(group)
            if table.size:
                right, known = accuracy(group)
                title = f"{classifier}: {right} of {known} right"
                about = "Rows: the true class; columns: the predicted one."
                charts[f"confusion_{classifier}"] = self._matrix(
                    table, list(table.index), list(table), title, about, form=".0f"
                )
        return {name: chart for name, chart in charts.items() if chart}

    def _matrix(self, table, rows, columns, title: str, about: str, **how) -> Chart:
        figure = matrix_chart(
            table, rows, columns, title, self._under(about), width=self.plan.display.width, **how
        )
        return Chart(figure, f"{title}. {about}")

    def _under(self, caption: str) -> str:
        """What stands under a chart: nothing where captions are in a file of their own."""
        return "" if self.plan.display.caption == "file" else caption

    def _boxes(self, rows) -> Chart | None:
        """Box plots, a panel for each metric; None where no metric has a value."""
        panels = {}
        for call in self.plan.evaluation.metrics:
            boxes = {}
            for (classifier, method), group in rows.groupby(["classifier", "method"], sort=False):
                values = group[str(call)].dropna().to_numpy()
                if len(values):
                    boxes[self._name(method, classifier)] = values
            if boxes:
                panels[_panel_title(call)] = boxes
        if not panels:
            return None
        about = "Median, quartiles, mean (triangle), a dot for each map."
        figure = box_chart(panels, self._under(about), self.plan.display.width)
        return Chart(figure, f"{about} {metric_constants(self.plan)}")

    def _name(self, method: str, classifier: str) -> str:
        """What charts call a method, and whose it is where there are several classifiers."""
        several = len(self.plan.classifiers) > 1
        return f"{method_title(method)}, {classifier}" if several else method_title(method)

    def _curves(self) -> Chart | None:
        """Mean curves of insertion and deletion with their middle half, over all maps."""
        calls = [call for call in self.plan.evaluation.metrics if "curves" in call.entry.draws]
        if not calls:
            return None
        collected: dict[str, dict[str, list]] = {str(call): {} for call in calls}
        for row in store.Index(self.folder).each(["classifier", "metric_notes"]):
            if row["kind"] != store.EXPLANATION or not self._own.has(row):
                continue
            notes = json.loads(row["metric_notes"])
            name = self._name(row["method"], row["classifier"])
            for call, lines in collected.items():
                curve = notes.get(call, {}).get("curve")
                if curve and None not in curve[1]:
                    lines.setdefault(name, []).append(np.array(curve, np.float32))
        panels = {
            _panel_title(call): {name: _band(curves) for name, curves in lines.items()}
            for call in calls
            if (lines := collected[str(call)])
        }
        if not panels:
            return None
        about = "Mean over all maps; shaded: the middle half of them."
        labels = ("share of pixels", "score of the class")
        figure = curve_chart(panels, labels, self._under(about), self.plan.display.width)
        return Chart(figure, f"{about} {metric_constants(self.plan)}")


def method_title(method: str) -> str:
    """The title of a method that the store has by its name and options."""
    return parse_call(method, METHODS).title


def _panel_title(call: Call) -> str:
    better = call.entry.better
    return call.title + (f" ({better} is better)" if better else "")


def _band(curves: list[np.ndarray]) -> np.ndarray:
    """(4, S): shares, mean score, lower and upper quartile; over the commonest shares."""
    commonest = Counter(curve[0].tobytes() for curve in curves).most_common(1)[0][0]
    alike = [curve for curve in curves if curve[0].tobytes() == commonest]
    scores = np.stack([score for _, score in alike])
    return np.stack([alike[0][0], scores.mean(0), *np.percentile(scores, (25, 75), axis=0)])


def _in_words(options: str) -> str:
    return ", ".join(f"{name}={value}" for name, value in json.loads(options).items())
