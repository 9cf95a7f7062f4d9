"""What stands on a figure, before any place is reckoned."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from figures.colour_bars import ColourBar
from figures.line_chart import LineChart
from runtime import escaped

PAGE, COLUMN = 7.16, 3.5  # widths of a figure in print, inches
WIDTHS = {"page": PAGE, "column": COLUMN}
TALLEST = 9.5  # of a figure on a sheet of A4, inches
LARGEST_CELL, SMALLEST_CELL = 2.3, 0.72  # widths of an image, inches
FONTS = {PAGE: 8.0, COLUMN: 7.0}  # points, of all texts of a figure of that width
MARGIN, GAP = 0.04, 0.06  # around a figure, and between its cells, inches
CHART_WIDTH = 1.7  # of a column of charts, in widths of an image
LABELS = {PAGE: 1.3, COLUMN: 0.8}  # width of the rows' labels, inches, at most


class Span(NamedTuple):
    """A text over or under the cells of a row, from the `first` to the `last`."""

    row: int
    first: int
    last: int
    text: str
    level: int = 0  # 0 is the uppermost
    is_name: bool = False  # its lines name the numbers at their right


class BarSpan(NamedTuple):
    """A colour bar under the cells of a row that it is of, from the `first` to the `last`."""

    row: int
    first: int
    last: int
    bar: ColourBar


class Mark(NamedTuple):
    """A text in a cell: its top left corner is at pixel (x, y) of the image."""

    cell: int
    x: float
    y: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A figure's cells, row by row, and the texts and colour bars around them.

    Raises ValueError where there is not a title for each cell, or no cell.
    """

    images: Sequence[np.ndarray | LineChart | None]  # (H, W, 3) RGB uint8; None: an empty cell
    titles: Sequence[str]  # over each cell
    columns: int
    headline: str = ""  # what all cells share
    heads: Sequence[Span] = ()  # over rows, for their columns
    labels: Sequence[Sequence[str]] = ()  # lines at the left of each row, the first one a name
    notes: Sequence[Span] = ()  # under the cells of a row
    bars: Sequence[BarSpan] = ()
    marks: Sequence[Mark] = ()
    shares: Sequence[float] = ()  # of the columns in the width; charts are wider than images
    chart_columns: int = 1  # over which a chart goes; where more, no column is wider than others
    caption: str = ""
    width: float = PAGE  # of the figure, at most
    largest: float = LARGEST_CELL  # of an image's width

    def __post_init__(self):
        if len(self.images) != len(self.titles) or not len(self.images):
            count = f"{len(self.images)} images and {len(self.titles)} titles"
            raise ValueError(f"{count}: one for each, and some")

    @property
    def rows(self) -> int:
        return math.ceil(len(self.images) / self.columns)

    @property
    def font(self) -> float:
        """Size of all texts, in points."""
        return font_of(self.width)

    @property
    def printable(self) -> "Sheet":
        """The sheet, letters of its texts that no font has, such as a tab, made visible."""
        return replace(
            self,
            titles=list(map(_printable, self.titles)),
            headline=_printable(self.headline),
            caption=_printable(self.caption),
            heads=[head._replace(text=_printable(head.text)) for head in self.heads],
            notes=[note._replace(text=_printable(note.text)) for note in self.notes],
            labels=[list(map(_printable, label)) for label in self.labels],
        )


def _printable(text: str) -> str:
    return "\n".join(map(escaped, text.split("\n")))


def font_of(width: float) -> float:
    """Size of the texts of a figure of this width, in points."""
    return FONTS[COLUMN] if width <= COLUMN else FONTS[PAGE]


def widest_label(width: float) -> float:
    """How wide the labels of rows are at most, in inches."""
    return LABELS[COLUMN] if width <= COLUMN else LABELS[PAGE]


def columns_that_fit(width: float, has_labels: bool) -> float:
    """How many images stand side by side and can still be read, and the share of one more."""
    room = width - 2 * MARGIN - (widest_label(width) + GAP if has_labels else 0)
    return (room + GAP) / (SMALLEST_CELL + GAP)


def most_columns(width: float, has_labels: bool) -> int:
    """How many images stand side by side and can still be read."""
    return int(columns_that_fit(width, has_labels))
