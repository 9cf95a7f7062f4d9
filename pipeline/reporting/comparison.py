"""One figure of images' maps: a row for each image and class, a column for each way to explain it.

What all cells share stands once over the figure, what a column shares over it, what a row shares at
its left; under a map is only what is its own.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np

from figures import BarSpan, ColourBar, Sheet, Span
from figures.sheet import LARGEST_CELL, columns_that_fit
from pipeline.explaining.explanation import HEADLINE, Explanation, colour_bar, percent
from pipeline.plan import Plan
from pipeline.reporting.columns import Column, blocks_of
from representations import REPRESENTATIONS

DOTS = 600  # of a cell, per inch, at most: twice what is printed
FEWEST_DOTS = 400

Row = list[Explanation | None]  # one for each classifier and method


class FigureRow(NamedTuple):
    """What a row of a figure is of."""

    path: Path
    explanations: Row
    truth: np.ndarray | None = None  # its ground truth, drawn


class Comparison:
    """The sheet of some rows of explanations."""

    def __init__(
        self,
        plan: Plan,
        classifiers: Sequence[str],
        representations: Sequence[str],
        rows: Sequence[FigureRow],
    ):
        """`classifiers` are names; explanations of a row are in the order of these and methods."""
        self.plan, self.rows = plan, rows
        self._pairs = [(name, method) for name in classifiers for method in plan.methods]
        self._several = len(classifiers) > 1
        self._drawn = [name for name in representations if not REPRESENTATIONS[name].chart]
        self._charts = [name for name in representations if REPRESENTATIONS[name].chart]
        self._shared = self._find_shared()
        self._labels = [self._label(path, row) for path, row, _ in rows]
        if len(rows) == 1:
            self._shared += self._labels[0][1:]
            self._labels = []
        has_truth = any(row.truth is not None for row in rows)
        self._lead = [Column("image")] + [Column("ground truth")] * has_truth
        room = columns_that_fit(plan.display.width, any(map(any, self._labels)))
        maps = (self._drawn, len(self._pairs))
        self._blocks, self._chart_columns = blocks_of(self._lead, maps, self._charts, room)
        self._columns = max(map(len, self._blocks))

    @property
    def explanations(self) -> list[Explanation]:
        """All that are shown."""
        return [explanation for _, row, _ in self.rows for explanation in row if explanation]

    def sheet(
        self, caption: str = "", largest: float = LARGEST_CELL, is_drawn: bool = True
    ) -> Sheet:
        """The figure, its images `largest` inches wide at most; not drawn, they are but shapes."""
        places = [(n, row) for n in range(len(self._blocks)) for row in range(len(self.rows))]
        cells = [cell for block, row in places for cell in self._cells(block, row, is_drawn)]
        return Sheet(
            images=cells,
            titles=[""] * len(cells),
            columns=self._columns,
            headline=HEADLINE.join(self._shared),
            heads=list(self._heads()),
            labels=self._labels * len(self._blocks),
            notes=[note for block, row in places for note in self._notes(block, row)],
            bars=[bar for block in range(len(self._blocks)) for bar in self._bars(block)],
            caption=caption,
            width=self.plan.display.width,
            largest=largest,
            chart_columns=self._chart_columns,
        )

    # What is shared.

    def _find_shared(self) -> list[str]:
        """What all cells have in common: image, method, classifier."""
        paths = {path for path, _, _ in self.rows}
        shared = [next(iter(paths)).name] if len(paths) == 1 else []
        some = self.explanations[0]
        if not self._has_method_heads:
            shared.append(some.method.title)
        if not self._several:
            shared.append(some.classifier_title)
        if not self._has_method_heads and some.class_agnostic:
            shared.append("any class")
        return shared

    @property
    def _has_method_heads(self) -> bool:
        return len(self.plan.methods) > 1 or len(self._drawn) == 1

    def _label(self, path: Path, row: Row) -> list[str]:
        """Lines at a row's left: its image and class, where they are not those of all rows."""
        several = len({path for path, _, _ in self.rows}) > 1
        explained = _of_classes(row)
        label = [path.name if several else ""]
        titles = {explanation.class_title for explanation in explained}
        names = {explanation.label for explanation in explained}
        if len(titles) == 1:
            label += titles
        elif len(names) == 1:
            label += [name.replace("_", " ") for name in names]
        verdicts = {explanation.verdict for explanation in row if explanation}
        return label + ([v for v in verdicts if v] if len(verdicts) == 1 else [])

    # Columns.

    def _heads(self) -> Iterator[Span]:
        """Over each block: classifiers where there are several, methods, representations."""
        for number, block in enumerate(self._blocks):
            row = number * len(self.rows)
            lowest = 2 if len(self._drawn) > 1 else 1 if self._has_method_heads else 0
            for place, column in enumerate(block):
                if column.pair is None or lowest == 2:
                    yield Span(row, place, place, column.title, lowest)
            if self._several:
                for first, last, pair in self._runs(block, lambda pair: self._pairs[pair][0]):
                    yield Span(row, first, last, self._classifier_title(pair), 0)
            if self._has_method_heads:
                for first, last, pair in self._runs(block, lambda pair: pair):
                    yield Span(row, first, last, self._method_title(pair), 1)

    def _runs(self, block: Sequence[Column], key) -> Iterator[tuple[int, int, int]]:
        """First and last of neighbouring columns whose pairs are alike, and a pair of them."""
        places = [n for n, column in enumerate(block) if column.pair is not None]
        for _, group in groupby(places, lambda place: key(block[place].pair)):
            run = list(group)
            yield run[0], run[-1], block[run[0]].pair

    def _classifier_title(self, pair: int) -> str:
        shown = (row[pair] for _, row, _ in self.rows if row[pair])
        return next((e.classifier_title for e in shown), self._pairs[pair][0])

    def _method_title(self, pair: int) -> str:
        method = self._pairs[pair][1]
        return method.title + ("\nany class" if method.entry.class_agnostic else "")

    # Cells.

    def _cells(self, block: int, row: int, is_drawn: bool) -> list:
        columns = self._blocks[block]
        cells = [self._cell(column, self.rows[row], is_drawn) for column in columns]
        return cells + [None] * (self._columns - len(cells))

    def _cell(self, column: Column, of: FigureRow, is_drawn: bool):
        row = of.explanations
        some = next(explanation for explanation in row if explanation)
        if column.representation in self._charts:
            return self._chart(column.representation, row)
        explanation = some if column.pair is None else row[column.pair]
        if explanation is None or not column.title:
            return None
        if not is_drawn:
            return np.broadcast_to(np.uint8(0), explanation.image.shape)
        if column.representation:
            drawing = self.plan.display.drawing | {"largest": self._dots}
            return explanation.represented(column.representation, **drawing)
        return of.truth if column.title == "ground truth" else some.shown_image

    @property
    def _dots(self) -> int:
        """Of a cell's side."""
        cell = min(LARGEST_CELL, self.plan.display.width / self._columns)
        return max(FEWEST_DOTS, round(DOTS * cell))

    def _chart(self, representation: str, row: Row):
        """One chart of what all of a row's maps have noted; None where they have not."""
        charts = [
            chart.named(self._line_name(explanation))
            for explanation in row
            if explanation and (chart := explanation.chart(representation))
        ]
        return charts[0].with_lines(charts[1:]) if charts else None

    def _line_name(self, explanation: Explanation) -> str:
        if len(self._pairs) == 1:
            return ""
        method = explanation.method.title
        return f"{method}, {explanation.classifier}" if self._several else method

    def _notes(self, block: int, row: int) -> Iterator[Span]:
        """Under the maps of a row: each classifier's class, and each map's values."""
        columns, explanations = self._blocks[block], self.rows[row].explanations
        number = block * len(self.rows) + row
        if self._several:
            for first, last, _ in self._runs(columns, lambda pair: self._pairs[pair][0]):
                pairs = {columns[place].pair for place in range(first, last + 1)}
                if text := self._of_classifier(explanations, pairs):
                    yield Span(number, first, last, text, 0)
        for first, last, pair in self._runs(columns, lambda pair: pair):
            if explanations[pair] and explanations[pair].diagnosis:
                yield Span(number, first, last, "no map", 1)
        if self.plan.display.show_metrics and any(c.pair is not None for c in columns):
            yield from self._values(number, columns, explanations)

    def _values(self, number: int, columns: Sequence[Column], row: Row) -> Iterator[Span]:
        """The metrics' names under the image, and their values under the maps."""
        calls = self.plan.evaluation.metrics
        names = [call.entry.title for call in calls]
        if len(set(names)) < len(names):
            names = [call.title for call in calls]
        place = len(self._lead) - 1
        yield Span(number, place, place, "\n".join(names), 2, is_name=True)
        for first, last, pair in self._runs(columns, lambda pair: pair):
            if row[pair]:
                values = (_number(row[pair].results.values.get(str(call))) for call in calls)
                yield Span(number, first, last, "\n".join(values), 2)

    def _of_classifier(self, row: Row, pairs: set[int]) -> str:
        """A classifier's class and probability where another has another, and its verdict."""
        everyones = _of_classes(row)
        own = [row[pair] for pair in pairs if row[pair]]
        parts = []
        if explained := _of_classes(own):
            some = explained[0]
            if len({explanation.label for explanation in everyones}) > 1:
                parts.append(some.class_title)
            elif len({explanation.class_title for explanation in everyones}) > 1:
                parts.append(percent(some.probability, some.task))
        if len({explanation.verdict for explanation in row if explanation}) > 1 and own:
            parts.append(own[0].verdict)
        return ", ".join(part for part in parts if part)

    def _bars(self, block: int) -> list[BarSpan]:
        """Under a block where all its rows have the same colours, else under each row."""
        last = (block + 1) * len(self.rows) - 1
        of_rows = [self._bars_of(block, row) for _, row, _ in self.rows]
        merged = [{bar for bar in column if bar} for column in zip(*of_rows, strict=True)]
        if all(len(bars) < 2 for bars in merged):
            return _spans(last, [next(iter(bars), None) for bars in merged])
        first = block * len(self.rows)
        return [span for n, bars in enumerate(of_rows) for span in _spans(first + n, bars)]

    def _bars_of(self, block: int, row: Row) -> list[ColourBar | None]:
        """Of each column of a block."""
        return [
            colour_bar(self.plan.display.colormap, explanation.rule)
            if column.pair is not None
            and REPRESENTATIONS[column.representation].coloured
            and (explanation := row[column.pair])
            and not explanation.diagnosis
            else None
            for column in self._blocks[block]
        ]


def _of_classes(row: Sequence[Explanation | None]) -> list[Explanation]:
    """Those of a row that are of a class."""
    return [explanation for explanation in row if explanation and not explanation.class_agnostic]


def _spans(row: int, bars: Sequence[ColourBar | None]) -> list[BarSpan]:
    """Neighbouring columns share a bar; where all have the same it stands once."""
    places = [place for place, bar in enumerate(bars) if bar]
    if len({bars[place] for place in places}) == 1:
        return [BarSpan(row, places[0], places[-1], bars[places[0]])]
    runs = [list(run) for _, run in groupby(range(len(bars)), lambda place: bars[place])]
    return [BarSpan(row, run[0], run[-1], bars[run[0]]) for run in runs if bars[run[0]]]


def _number(value: float | None) -> str:
    """A metric's value; n/a where there is none."""
    return f"{value:.3f}" if value is not None and math.isfinite(value) else "n/a"
