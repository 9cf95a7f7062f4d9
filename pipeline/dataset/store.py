"""The store: a row for each image, method, classifier and class, as a Parquet dataset.

Rows are written in parts, each of which is there whole or not at all, whoever else writes. What is
asked of one image, classifier and method is one unit: its rows are in one part, and a unit that
is there need not be explained again. Where a unit is there twice, the later one counts. A part that
is damaged, or gone, holds nothing: its units are asked anew.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pipeline.dataset.columns import (
    BINARY,
    COLUMNS,
    EXPLANATION,
    HEAVY,
    TRUTH,
    UNIT,
    map_of,
    restored,
    schema,
    storable,
)
from pipeline.dataset.parts import (
    DamagedPartError,
    parts_of,
    read_part,
    set_part_aside,
    write_part,
)
from runtime import any_text, as_path, moved

ROWS_OF_PART, SECONDS_OF_PART = 1024, 10.0  # a part is written when it has so many, or is so old
BYTES_OF_PART = 2**26  # or so large: Arrow and Parquet take as much again, each
FOLDER = "store"


class StoreError(ValueError):
    """The store cannot be written or read; its message is one line."""


class Stored(NamedTuple):
    """Where a unit's rows are, and which metrics they have."""

    part: Path
    rows: tuple[int, ...]
    metrics: frozenset[str]


class Index:
    """What a store holds: units by key, and what is known of images without reading them."""

    def __init__(self, folder: Path):
        self._units: dict[int, Stored] = {}
        self._images: dict[str, tuple[int, int, str]] = {}
        self._open: tuple[Path, Any] | None = None  # the part that was read last
        names = [*UNIT, "image_bytes", "image_time", "error", "metrics"]
        alike: dict[frozenset, frozenset] = {}  # one set for all units with these metrics
        self._parts = parts(folder)
        for part in self._parts:
            rows: dict[int, list[int]] = {}
            metrics = {}
            for number, row in enumerate(_rows_of(part, names)):
                if row["error"] is not None:
                    continue
                unit = _short(row)
                rows.setdefault(unit, []).append(number)
                named = frozenset(name for name, _ in row["metrics"] or ())
                metrics[unit] = alike.setdefault(named, named)
                known = row["image_bytes"], row["image_time"], row["image_hash"]
                self._images[row["image"]] = known
            for unit, numbers in rows.items():
                self._units[unit] = Stored(part, tuple(numbers), metrics[unit])

    def known_hash(self, path: str, size: int, time: int) -> str | None:
        """The hash of an image that has not changed since it was stored; None where it may."""
        known = self._images.get(path)
        return known[2] if known and time and known[:2] == (size, time) else None

    def find(self, unit: dict[str, str]) -> Stored | None:
        """Where the unit is, if it is there; not of an image that was another one since."""
        known = self._images.get(unit["image"])
        current = known is not None and known[2] == unit["image_hash"]
        return self._units.get(_short(unit)) if current else None

    def rows(self, stored: Stored) -> list[dict[str, Any]] | None:
        """The unit's rows, in full; None where its part is damaged or gone, whose units then are,
        too."""
        if self._open is None or self._open[0] != stored.part:
            self._open = None
            table = _table(stored.part)
            if table is None:
                self._forget(stored.part)
                return None
            self._open = stored.part, table
        return list(map(restored, self._open[1].take(list(stored.rows)).to_pylist()))

    def _forget(self, part: Path) -> None:
        self._units = {key: unit for key, unit in self._units.items() if unit.part != part}

    def each(self, columns: Iterable[str]) -> Iterator[dict[str, Any]]:
        """These columns of all rows that count, a part at a time: no more is held."""
        columns = [*UNIT, "error", *columns]
        for part in self._parts:
            for row in _rows_of(part, columns):
                unit = self._units.get(_short(row))
                known = self._images.get(row["image"])
                counts = unit and unit.part == part and known[2] == row["image_hash"]
                if row["error"] is None and counts:
                    yield row


class Store:
    """Takes rows and writes them in parts under an output folder."""

    def __init__(self, folder: Path):
        self.folder = folder / FOLDER
        self._rows: list[dict[str, Any]] = []
        self._bytes = 0  # of their maps and views
        self._since = time.monotonic()

    def add(self, rows: Iterable[dict[str, Any]]) -> None:
        """Takes all rows of a unit, their keys COLUMNS; they are safe after the next `flush`."""
        rows = list(rows)
        self._rows += rows
        self._bytes += sum(len(row[name] or b"") for row in rows for name in BINARY)
        old = time.monotonic() - self._since > SECONDS_OF_PART
        if len(self._rows) >= ROWS_OF_PART or self._bytes >= BYTES_OF_PART or old:
            self.flush()

    def flush(self) -> None:
        """Writes a part of all rows that are not written yet. Raises StoreError."""
        self._since = time.monotonic()
        if not self._rows:
            return
        rows = list(map(storable, self._rows))
        try:
            try:
                write_part(self.folder, rows, schema())
            except FileNotFoundError:  # --fresh of another run has just moved the folder
                write_part(self.folder, rows, schema())
        except OSError as error:
            raise StoreError(
                f"the store '{self.folder}' cannot be written ({error.strerror or error}); what "
                "was finished before is safe there, and the same command goes on with the rest"
            ) from error
        self._rows, self._bytes = [], 0


def set_aside(folder: Path) -> Path | None:
    """Moves the store under an output folder to a new name, and gives it; None for no store."""
    store = folder / FOLDER
    if not store.exists():
        return None
    aside = store.with_name(f"{FOLDER}-{time.strftime('%Y-%m-%d-%H%M%S')}-{os.getpid()}")
    try:
        return moved(store, aside)
    except FileNotFoundError:  # another run has just done so
        return None


def parts(folder: str | Path) -> list[Path]:
    """The finished parts of the store under an output folder, the oldest first."""
    return parts_of(as_path(folder) / FOLDER)


@any_text()
def read(folder: str | Path, *, kind: str = EXPLANATION, heavy: bool = True):
    """A pandas frame of the store under an output folder: a row for each explanation.

    Or, by `kind`, for each explanation of a changed image (`change`), or each `view`. Metrics are
    columns of their own; maps are arrays, left out with the notes unless `heavy`. An image that
    could not be explained has an `error` and no map. Raises FileNotFoundError where there is no
    store.
    """
    import pandas as pd

    files = parts(folder)
    if not files:
        raise FileNotFoundError(f"'{as_path(folder) / FOLDER}': no store there")
    columns = [name for name in COLUMNS if heavy or name not in HEAVY]
    units: dict[int, list[dict]] = {}
    failed: dict[tuple, dict] = {}
    hashes: dict[str, str] = {}  # of each image as it was last
    is_readable = False
    for part in files:
        own: dict[int, list[dict]] = {}
        for row in _rows_of(part, columns):
            is_readable = True
            if row["kind"] != kind:
                continue
            names = ("image", "classifier_hash", "method", "target", "change")
            path = tuple(row[name] for name in names)
            if row["error"] is None:
                own.setdefault(_short(row), []).append(row)
                hashes[row["image"]] = row["image_hash"]
                failed.pop(path, None)
            else:
                failed[path] = row
        units |= own
    rows = [row for some in units.values() for row in some]
    rows = [row for row in rows if row["image_hash"] == hashes[row["image"]]]
    rows += failed.values()
    if not is_readable:
        raise StoreError(
            f"'{as_path(folder) / FOLDER}': no part is one that this version can read "
            "(--fresh sets it aside)"
        )
    return pd.DataFrame([_flat(row, heavy) for row in rows])


def _rows_of(part: Path, columns: list[str]) -> list[dict[str, Any]]:
    """The rows of a part; none where it is damaged, which is said, or gone. Raises StoreError."""
    table = _table(part, columns)
    return [] if table is None else list(map(restored, table.to_pylist()))


def _table(part: Path, columns: list[str] | None = None):
    """The part's table; None where it is damaged, and set aside, or gone. Raises StoreError."""
    try:
        return read_part(part, columns)
    except FileNotFoundError:
        return None
    except DamagedPartError as error:
        set_part_aside(part, error)
        return None
    except (OSError, KeyError) as error:
        raise StoreError(
            f"'{part}' is no part of a store as this version writes it (--fresh sets it aside)"
        ) from error


def _short(row: dict[str, Any]) -> int:
    """A unit's key in 96 bits: a million of them are held, and two alike are not to be feared."""
    text = "\0".join(str(row[name]) for name in UNIT)
    return int.from_bytes(
        hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()
    )


def _flat(row: dict[str, Any], heavy: bool) -> dict[str, Any]:
    """The row as people use it: the map an array, metrics by their names, JSON read."""
    metrics = dict(row.pop("metrics") or ())
    metrics = {name: value for name, value in metrics.items() if not name.startswith(TRUTH)}
    row["evaluated"] = tuple(name for name, value in metrics.items() if value is not None)
    row["agreement"] = dict(row["agreement"] or ())
    row["experiment"] = json.loads(row["experiment"] or "{}")
    if heavy:
        row["map"] = map_of(row)
        for name in ("map_shape", "map_type", "map_unit"):
            del row[name]
        for name in ("metric_notes", "notes", "top"):
            row[name] = json.loads(row[name] or "{}")
    return row | {name: np.nan if value is None else value for name, value in metrics.items()}
