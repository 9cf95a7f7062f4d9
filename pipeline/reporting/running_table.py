"""A table that grows while images come: its rows for a CSV file, and their means."""

import csv
import math
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runtime import atomic_write

DIGITS = 3
IN_MEMORY = 2**24  # bytes of rows; more wait in a temporary file


class RunningTable:
    """Rows as they come, and the means of some of their columns over all rows that are alike.

    Of a mean, NaN is left out.
    """

    def __init__(self, path: Path, by: tuple[str, ...], means: Mapping[str, str]):
        """Rows are alike in the columns `by`; `means` are columns with the names of their means."""
        self.path = path
        self._by, self._means = by, means
        self._rows = None  # a file, from the first row until they are written
        self._columns: list[str] = []
        self._groups: dict[tuple, dict[str, list[float]]] = {}  # (count, sum) of each mean

    def add(self, row: dict[str, Any]) -> None:
        """Takes a row, with the columns of the first."""
        if self._rows is None:
            self._rows = tempfile.SpooledTemporaryFile(  # noqa: SIM115 (open while rows come)
                IN_MEMORY, "w+", encoding="utf-8", newline=""
            )
        writer = csv.DictWriter(self._rows, self._columns or list(row))
        if not self._columns:
            self._columns = writer.fieldnames
            writer.writeheader()
        writer.writerow(row)
        group = self._groups.setdefault(
            tuple(row[name] for name in self._by),
            {"": [0, 0.0]} | {name: [0, 0.0] for name in self._means},
        )
        for name, tally in group.items():
            value = float(row[name]) if name else 0.0
            if not math.isnan(value):
                tally[0] += 1
                tally[1] += value

    def write(self) -> Path:
        """Writes all rows, after which there are no more, and gives the path."""
        self._rows.seek(0)
        with self._rows, atomic_write(self.path) as file:
            file.writelines(line.encode() for line in self._rows)
        return self.path

    def summary(self) -> list[dict[str, Any]]:
        """A row for each kind of row: what they are alike in, how many `n`, and the means."""
        told = []
        for key, group in self._groups.items():
            means = {
                title: group[name][1] / group[name][0] if group[name][0] else math.nan
                for name, title in self._means.items()
            }
            told.append(dict(zip(self._by, key, strict=True)) | {"n": group[""][0]} | means)
        return told

    def text(self, style: str) -> str:
        """The summary as tabulate writes it in this style."""
        from tabulate import tabulate

        return tabulate(self.summary(), "keys", style, floatfmt=f".{DIGITS}g", missingval="")
