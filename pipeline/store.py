"""The store: a row for each picture, method, classifier and class, as a Parquet dataset.

Rows are written in parts. A part is written under another name, synced and renamed, so that it is
there whole or not at all. Where two rows have the same key, the later one counts.
"""

import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

ROWS_OF_PART, SECONDS_OF_PART = 1024, 10.0  # a part is written when it has so many, or is so old
FOLDER = "store"
TEXT, WHOLE, REAL = "string", "int64", "float64"
KEY = {
    "picture": TEXT,  # path
    "picture_hash": TEXT,
    "classifier_hash": TEXT,  # weights, and how pictures get in
    "layer": TEXT,
    "method": TEXT,  # as it was asked for
    "options": TEXT,  # all of them, as JSON
    "class_index": WHOLE,
    "precision": TEXT,
}
COLUMNS = KEY | {
    "classifier": TEXT,
    "label": TEXT,
    "probability": REAL,
    "predicted_index": WHOLE,
    "predicted_label": TEXT,
    "predicted_probability": REAL,
    "true_class": TEXT,
    "true_index": WHOLE,
    "seconds": REAL,
    "passes": WHOLE,
    "diagnosis": TEXT,
    "map": "binary",  # the raw map's bytes, of map_type, map_shape
    "map_shape": "list",
    "map_type": TEXT,
    "tied": REAL,  # share of the map's pixels, upsampled, that have another's value
    "metrics": "metrics",  # name -> value, NaN where there is none
    "agreement": "metrics",  # method -> correlation of its map with this one
    "metric_notes": TEXT,  # JSON: curves and the like
    "notes": TEXT,  # JSON: what the method noted
}
HEAVY = ("map", "map_shape", "map_type", "metric_notes", "notes")


class Store:
    """Takes rows and writes them in parts under `folder`."""

    def __init__(self, folder: Path):
        self.folder = folder / FOLDER
        self._rows: list[dict[str, Any]] = []
        self._since = time.monotonic()

    def add(self, rows: Iterable[dict[str, Any]]) -> None:
        """Takes rows whose keys are COLUMNS; they are safe after the next `flush`."""
        self._rows += rows
        old = time.monotonic() - self._since > SECONDS_OF_PART
        if len(self._rows) >= ROWS_OF_PART or old:
            self.flush()

    def flush(self) -> None:
        """Writes a part of all rows that are not written yet."""
        self._since = time.monotonic()
        if not self._rows:
            return
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f"part-{time.time_ns()}-{os.getpid()}.parquet"
        unfinished = part.with_suffix(".unfinished")
        with unfinished.open("wb") as file:
            pq.write_table(pa.Table.from_pylist(self._rows, schema()), file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(part)
        self._rows = []


def schema():
    """The schema of a part."""
    import pyarrow as pa

    kinds = {
        TEXT: pa.string(),
        WHOLE: pa.int64(),
        REAL: pa.float64(),
        "binary": pa.binary(),
        "list": pa.list_(pa.int32()),
        "metrics": pa.map_(pa.string(), pa.float64()),
    }
    return pa.schema([(name, kinds[kind]) for name, kind in COLUMNS.items()])


def parts(folder: str | Path) -> list[Path]:
    """The finished parts of the store under an output folder, the oldest first."""
    return sorted((Path(folder) / FOLDER).glob("part-*.parquet"))


def read(folder: str | Path, *, heavy: bool = True):
    """A pandas frame of the store under an output folder: a row for each explanation.

    Metrics are columns of their own; maps are arrays, left out with the notes unless `heavy`.
    Raises FileNotFoundError where there is no store.
    """
    import pandas as pd
    import pyarrow.parquet as pq

    files = parts(folder)
    if not files:
        raise FileNotFoundError(f"'{Path(folder) / FOLDER}': no store there")
    columns = [name for name in COLUMNS if heavy or name not in HEAVY]
    rows = [row for file in files for row in pq.read_table(file, columns=columns).to_pylist()]
    latest = {tuple(row[name] for name in KEY): row for row in rows}
    return pd.DataFrame([_flat(row, heavy) for row in latest.values()])


def _flat(row: dict[str, Any], heavy: bool) -> dict[str, Any]:
    """The row as people use it: the map an array, metrics by their names, JSON read."""
    metrics = dict(row.pop("metrics") or ())
    row["judged"] = tuple(metrics)  # by which metrics; the others' columns are NaN too
    row["agreement"] = dict(row["agreement"] or ())
    if heavy:
        shape, kind = row.pop("map_shape"), row.pop("map_type")
        row["map"] = None if row["map"] is None else np.frombuffer(row["map"], kind).reshape(shape)
        for name in ("metric_notes", "notes"):
            row[name] = json.loads(row[name] or "{}")
    return row | metrics
