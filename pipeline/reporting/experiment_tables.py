"""Tables of experiments, made from the store when the run is over."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.dataset import store
from pipeline.dataset.columns import CHANGE
from pipeline.explaining.changes import RANDOM_PLACES, SURVIVES, planned_changes
from pipeline.plan import Plan
from pipeline.reporting.own_rows import OwnRows
from pipeline.reporting.tables import DIGITS
from runtime import csv_cell, write_text


@dataclass(frozen=True, kw_only=True)
class ExperimentTable:
    """What a table of an experiment says in a row for each kind of row."""

    title: str
    by: tuple[str, ...]  # columns in which rows are alike
    means: Mapping[str, str]  # columns, with the names of their means
    headline: str  # the mean that is said first
    about: str  # what the columns mean


EXPERIMENT_TABLES = {
    "augmentations": ExperimentTable(
        title="Augmentations",
        by=("classifier", "method", "augmentation"),
        means={"class_kept": "class kept", "map_kept": "map kept", "correlation": "mean r"},
        headline="map kept",
        about="Class kept: share of images whose predicted class stays what it was. Map kept: "
        "share of maps whose correlation r with the image's own map, where both images show the "
        f"same, is at least {SURVIVES:g}.",
    ),
    "masking": ExperimentTable(
        title="Masking",
        by=("classifier", "method", "way", "fraction"),
        means={
            "label_changed": "label changed",
            "loss": "loss",
            "random_label_changed": "label changed at random",
            "random_loss": "loss at random",
        },
        headline="label changed",
        about="Label changed: share of images whose predicted class is another than before. Loss: "
        "mean fall of the probability of the class. At random: the same where the region, of the "
        f"same size and shape, is moved to each of {RANDOM_PLACES} random places.",
    ),
}


@dataclass(frozen=True, kw_only=True)
class ExperimentResult:
    """The rows of an experiment, and their summary."""

    name: str
    table: ExperimentTable
    rows: list[dict[str, Any]]

    def summary(self) -> list[dict[str, Any]]:
        """A row for each kind of row: what they are alike in, how many `n`, and the means."""
        groups: dict[tuple, list[dict[str, Any]]] = {}
        for row in self.rows:
            groups.setdefault(tuple(row[name] for name in self.table.by), []).append(row)
        return [
            dict(zip(self.table.by, key, strict=True))
            | {"n": len(rows)}
            | {title: _mean(rows, column) for column, title in self.table.means.items()}
            for key, rows in groups.items()
        ]

    def headlines(self) -> dict[tuple[str, str], float]:
        """The headline's mean over all rows, by classifier and method."""
        (column,) = (
            name for name, title in self.table.means.items() if title == self.table.headline
        )
        groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for row in self.rows:
            groups.setdefault((row["classifier"], row["method"]), []).append(row)
        return {key: _mean(rows, column) for key, rows in groups.items()}

    def as_text(self, style: str) -> str:
        """The summary as tabulate writes it in this style."""
        from tabulate import tabulate

        return tabulate(self.summary(), "keys", style, floatfmt=f".{DIGITS}g", missingval="")

    def write(self, folder: Path, is_partial: bool) -> list[tuple[Path, bool]]:
        """Writes the rows and their summary; the paths, and whether each replaces a file.

        The table of a whole run is not replaced by a part of one.
        """
        stem = f"{self.name}_partial" if is_partial else self.name
        table, summary = folder / f"{stem}.csv", folder / f"{stem}.md"
        written = [(path, path.exists()) for path in (table, summary)]
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(self.rows[0]))
        writer.writeheader()
        writer.writerows({key: _cell(value) for key, value in row.items()} for row in self.rows)
        write_text(table, text.getvalue())
        title, about = self.table.title, self.table.about
        write_text(summary, f"## {title}\n\n{self.as_text('pipe')}\n\n{about}\n")
        return written


def _cell(value):
    """A value as a CSV file has it."""
    if value is None:
        return "nan"
    return csv_cell(value) if isinstance(value, str) else value


def experiment_results(plan: Plan, keys: Sequence[dict[str, str]]) -> list[ExperimentResult]:
    """What the store's rows say of the plan's experiments, those that have any rows.

    `keys` tell the plan's methods from others, without the image and the change.
    """
    changes = {change.key: change for change in planned_changes(plan.experiments)}
    folder = plan.display.output_dir
    if not changes or not store.parts(folder):
        return []
    own = OwnRows(plan, keys)
    order = {key: number for number, key in enumerate(changes)}
    stored = [
        row
        for row in store.read(folder, kind=CHANGE, heavy=False).to_dict("records")
        if row["change"] in changes and row["experiment"] and own.has(row)
    ]
    stored.sort(key=lambda row: (*own.place(row), order[row["change"]]))
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in stored:
        identity = {name: row[name] for name in ("image", "classifier", "method")}
        identity["class"] = row["label"]
        name = changes[row["change"]].experiment
        rows.setdefault(name, []).append(identity | row["experiment"])
    return [
        ExperimentResult(name=name, table=EXPERIMENT_TABLES[name], rows=some)
        for name, some in rows.items()
    ]


def _mean(rows: Sequence[dict[str, Any]], column: str) -> float:
    """The mean of a column; NaN and what is missing are left out."""
    values = [row[column] for row in rows if row[column] is not None]
    return math.fsum(values) / len(values) if values else math.nan
