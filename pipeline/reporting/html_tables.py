"""Tables of the report page: cells that say their number or why they have none, and sort."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from string import ascii_lowercase
from typing import NamedTuple

from evaluation.statistics import FEWEST

MOST_ROWS = 300  # of a table; the CSV files have all
FEWEST_DIGITS, MOST_DECIMALS = 3, 4
LONG_TEXT = 40  # letters
CLEAR, LEADING = "★", "☆"
MARKS = {
    CLEAR: "best of its metric, and its 95 % interval overlaps no other method's",
    LEADING: "best mean of its metric, but no clear best: another method ties, its 95 % interval "
    f"overlaps, or there are fewer than {FEWEST} maps",
}


class Column(NamedTuple):
    """A column's title and what it says of itself."""

    title: str
    note: str = ""  # a second line: the unit, or what is better
    is_number: bool = False  # aligned right, sorted by size
    is_minor: bool = False  # left out on paper

    @property
    def css_classes(self) -> str:
        """What its cells are, for the stylesheet."""
        classes = {"number": self.is_number, "minor": self.is_minor}
        return " ".join(name for name, is_so in classes.items() if is_so)


class Cell(NamedTuple):
    """What a cell shows, and what it is sorted by."""

    text: str
    key: float | None = None  # of a number; None: sorted as text, or last where there is a reason
    reason: str = ""  # why it shows no number
    mark: str = ""  # one of MARKS

    @property
    def spoken_mark(self) -> str:
        """What a screen reader says in the place of the mark."""
        return "best" if self.mark == CLEAR else "best mean"

    @property
    def is_long(self) -> bool:
        """Whether its text may be broken into lines."""
        return len(self.text) > LONG_TEXT


@dataclass(kw_only=True)
class HtmlTable:
    """What the template `table.html` makes a table of."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    notes: list[str] = field(default_factory=list)
    more: str = ""  # where all rows are, if there are more than are shown

    @property
    def shown(self) -> Sequence[Sequence[Cell]]:
        """The rows that are shown."""
        return self.rows[:MOST_ROWS]

    @property
    def footnotes(self) -> dict[str, str]:
        """Reasons for cells without a number, and the letters by which cells refer to them."""
        reasons = dict.fromkeys(cell.reason for row in self.shown for cell in row if cell.reason)
        return {reason: _letters(number) for number, reason in enumerate(reasons)}

    @property
    def legend(self) -> dict[str, str]:
        """The marks that there are, with what they mean."""
        used = {cell.mark for row in self.shown for cell in row}
        return {mark: meaning for mark, meaning in MARKS.items() if mark in used}

    @property
    def left_out(self) -> str:
        """Says that rows are left out, and where they are; "" where none are."""
        if len(self.rows) <= MOST_ROWS:
            return ""
        return f"The first {MOST_ROWS} of {len(self.rows):,} rows{self.more and f'; {self.more}'}."


def number_cell(
    value: float, reason: str = "", mark: str = "", decimals: int | None = None
) -> Cell:
    """A number with three digits, or so many decimals; "n/a" with its reason where it is NaN."""
    if math.isnan(value):
        return Cell("n/a", reason=reason)
    return Cell(number_text(value, decimals), key=float(value), mark=mark)


def number_text(value: float, decimals: int | None = None) -> str:
    """The number as people read it: 4,000; 0.0521; 1.2e-07."""
    if isinstance(value, int) or decimals == 0 or abs(value) >= 1000:
        return f"{value:,.0f}"
    if decimals is None:
        form = f"#.{FEWEST_DIGITS}g" if abs(value) >= 1e-4 or not value else ".1e"
        return f"{value:{form}}".rstrip(".")
    text = f"{value:,.{decimals}f}"
    return text if float(text.replace(",", "")) or not value else f"{value:.1e}"


def decimals_of(values: Sequence[float]) -> int:
    """The decimals with which a column's largest number has three digits, its smallest two."""
    sizes = [abs(value) for value in values if math.isfinite(value) and value]
    if not sizes or all(float(value).is_integer() for value in values if math.isfinite(value)):
        return 0
    of_largest = FEWEST_DIGITS - 1 - math.floor(math.log10(max(sizes)))
    of_smallest = FEWEST_DIGITS - 2 - math.floor(math.log10(min(sizes)))
    return min(max(of_largest, of_smallest, 0), MOST_DECIMALS)


def number_cells(
    values: Sequence[float], reasons: Sequence[str], marks: Sequence[str] = (), least: int = 0
) -> list[Cell]:
    """The cells of a column of numbers, all with as many decimals, `least` at least."""
    decimals = max(least, decimals_of(values))
    marks = marks or [""] * len(values)
    return [
        number_cell(value, reason, mark, decimals)
        for value, reason, mark in zip(values, reasons, marks, strict=True)
    ]


def _letters(number: int) -> str:
    """a, b, ... z, a2, b2, ..."""
    times, place = divmod(number, len(ascii_lowercase))
    return ascii_lowercase[place] + (str(times + 1) if times else "")
