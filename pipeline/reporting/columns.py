"""Columns of a figure, in as many blocks under each other as it takes to see the images."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from figures.sheet import CHART_WIDTH


class Column(NamedTuple):
    """A column of a figure: the image, its ground truth, maps, or charts of all of a row's maps."""

    title: str  # of its kind: what a cell of it shows
    representation: str | None = None
    pair: int | None = None  # number of the classifier and method; None: of no one


SPANNED = Column("")  # what a chart at its left goes on over


def blocks_of(
    lead: Sequence[Column], maps: tuple[Sequence[str], int], charts: Sequence[str], room: float
) -> tuple[list[list[Column]], int]:
    """The columns of each block, and over how many of them a chart goes.

    Each block begins with the columns `lead`. `maps` are representations, and how many pairs of
    classifier and method are drawn by each; `charts` are of all pairs. `room` is for so many
    columns.
    """
    names, pairs = maps
    drawn = [Column(_words(name), name, pair) for pair in range(pairs) for name in names]
    charted = [Column(_words(name), name) for name in charts]
    room -= len(lead)
    if len(drawn) + CHART_WIDTH * len(charted) <= room:
        return [[*lead, *drawn, *charted]], 1
    wide = [column for chart in charted for column in (chart, SPANNED)]
    blocks = _chunks(drawn, int(room), len(names)) + _chunks(wide, int(room), 2)
    return [[*lead, *block] for block in blocks], 2


def _chunks(columns: list[Column], most: int, alike: int) -> list[list[Column]]:
    """The columns in parts of about the same size; `alike` neighbours stay together if they can."""
    unit = alike if 0 < alike <= most else 1
    units = math.ceil(len(columns) / unit)
    parts = math.ceil(units / max(1, most // unit))
    size = unit * math.ceil(units / max(1, parts))
    return [columns[start : start + size] for start in range(0, len(columns), size or 1)]


def _words(name: str) -> str:
    return name.replace("_", " ")
