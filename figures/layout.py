"""Where everything of a sheet stands: reckoned in inches before anything is drawn.

Nothing is left to a layout engine, so that figures are the same each time and quick, and texts of
one row share their baselines. Places are counted from the figure's upper left corner.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from figures.colour_bars import PlacedBar, placed_bars, rows_of
from figures.line_chart import LineChart, Style, Styles
from figures.sheet import CHART_WIDTH, GAP, MARGIN, Sheet, Span, widest_label
from figures.text import POINT, cut_in_middle, inches, wrapped

LINE = 1.25  # height of a line, in font sizes
DESCENT = 0.3  # of it, below the baseline
TALLEST_CELL = 1.5  # height of a row, in widths of an image; taller images become narrower
CHART_HEIGHT = 0.75  # of a chart, in its own widths
TICKS = 4.6, 2.4  # room for a chart's numbers and label: at its left and below it, in font sizes
LAST_TICK = 0.9  # room for half of a number at a chart's right, in font sizes
BAR, BAR_TOP = 0.08, 0.05  # height of a colour bar, and room over it, inches
SAMPLE = 0.22  # of a line in a legend, inches


class PlacedText(NamedTuple):
    x: float
    y: float  # of the baseline
    text: str
    align: str = "left"


class PlacedCell(NamedTuple):
    number: int
    left: float
    top: float
    width: float
    height: float


class PlacedSample(NamedTuple):
    """A line of a legend, as it looks in the chart."""

    x: float
    y: float
    style: Style


class Layout:
    """Places of texts, cells, rules, colour bars and samples of lines; the figure's size."""

    def __init__(self, sheet: Sheet):
        sheet = sheet.printable
        self.sheet, self.font = sheet, sheet.font
        self.line = sheet.font * LINE * POINT
        self.texts: list[PlacedText] = []
        self.cells: list[PlacedCell] = []
        self.rules: list[tuple[float, float, float]] = []  # left, right, y
        self.bars: list[tuple[PlacedBar, float]] = []  # with their upper edge
        self.samples: list[PlacedSample] = []
        charts = [cell for cell in sheet.images if isinstance(cell, LineChart)]
        self.styles = Styles(charts)
        self._labels = self._fitted_labels()
        self._lefts, self._widths = self._columns()
        self.width = self._lefts[-1] + self._widths[-1] + MARGIN
        self._y = MARGIN
        self._place()
        self.height = self._y + MARGIN

    def _place(self) -> None:
        self._lines(self.sheet.headline, MARGIN, self.width - MARGIN)
        self._y += GAP / 2 if self.sheet.headline else 0
        for row in range(self.sheet.rows):
            self._y += GAP if row else 0
            self._spans([span for span in self.sheet.heads if span.row == row], is_head=True)
            self._titles(row)
            self._row(row)
            self._spans([span for span in self.sheet.notes if span.row == row])
            self._colour_bars(row)
        self._legend()
        if self.sheet.caption:
            self._y += GAP
            self._lines(self.sheet.caption, MARGIN, self.width - MARGIN)

    def _fitted_labels(self) -> list[list[str]]:
        """The labels' lines, no wider than labels may be: the first cut, the others broken."""
        most = widest_label(self.sheet.width)
        return [
            [
                fitted
                for number, text in enumerate(label)
                for fitted in (
                    wrapped(text, most, self.font)
                    if number
                    else [cut_in_middle(text, most, self.font)]
                )
                if fitted
            ]
            for label in self.sheet.labels
        ]

    def _columns(self) -> tuple[list[float], list[float]]:
        """Left edge and width of each column of cells."""
        sheet = self.sheet
        shares = sheet.shares or [self._share(column) for column in range(sheet.columns)]
        label = max((inches(t, self.font) for lines in self._labels for t in lines), default=0)
        left = MARGIN + (label + GAP if label else 0)
        room = sheet.width - left - MARGIN - GAP * (sheet.columns - 1)
        unit = min(sheet.largest, room / sum(shares))
        lefts, widths = [], [share * unit for share in shares]
        for width in widths:
            lefts.append(left)
            left += width + GAP
        return lefts, widths

    def _share(self, column: int) -> float:
        cells = self.sheet.images[column :: self.sheet.columns]
        has_charts = any(isinstance(cell, LineChart) for cell in cells)
        return CHART_WIDTH if has_charts and self.sheet.chart_columns == 1 else 1.0

    def _lines(self, text: str, left: float, right: float) -> None:
        """Lines from the left edge on."""
        for line in wrapped(text, right - left, self.font) if text else ():
            self._y += self.line
            self.texts.append(PlacedText(left, self._baseline, line))

    @property
    def _baseline(self) -> float:
        """Of the line that ends here."""
        return self._y - DESCENT * self.line

    def _extent(self, span: Span) -> tuple[float, float]:
        return self._lefts[span.first], self._lefts[span.last] + self._widths[span.last]

    def _spans(self, spans: Sequence[Span], is_head: bool = False) -> None:
        """Texts over several cells, level by level: heads end at one height, notes begin at one."""
        for level in sorted({span.level for span in spans}):
            of_level = [span for span in spans if span.level == level]
            texts = [(span, self._broken(span)) for span in of_level]
            count = max(len(lines) for _, lines in texts)
            for span, lines in texts:
                self._span(span, lines, count - len(lines) if is_head else 0)
            self._y += count * self.line
            ruled = [span for span in of_level if span.last > span.first]
            if is_head and ruled and level < max(span.level for span in spans):
                self.rules += [(*self._extent(span), self._y + 0.01) for span in ruled]
                self._y += 0.03

    def _broken(self, span: Span) -> list[str]:
        """The lines of a text; names of what stands at their right are cut instead."""
        left, right = self._extent(span)
        if span.is_name:
            return [cut_in_middle(t, right - MARGIN, self.font) for t in span.text.split("\n")]
        return wrapped(span.text, right - left, self.font) if span.text else []

    def _span(self, span: Span, lines: Iterable[str], skipped: int) -> None:
        left, right = self._extent(span)
        x, align = (right, "right") if span.is_name else ((left + right) / 2, "center")
        for number, text in enumerate(lines, start=1 + skipped):
            y = self._y + (number - DESCENT) * self.line
            self.texts.append(PlacedText(x, y, text, align))

    def _titles(self, row: int) -> None:
        start = row * self.sheet.columns
        titles = self.sheet.titles[start : start + self.sheet.columns]
        spans = [Span(row, column, column, title) for column, title in enumerate(titles) if title]
        self._spans(spans, is_head=True)

    def _row(self, row: int) -> None:
        """The cells of a row, and its label at their left, in the middle of their height."""
        start = row * self.sheet.columns
        numbers = range(start, min(start + self.sheet.columns, len(self.sheet.images)))
        height = max((self._height_of(number) for number in numbers), default=0)
        label = self._labels[row] if row < len(self._labels) else []
        height = max(height, len(label) * self.line)
        for number in numbers:
            if self.sheet.images[number] is not None:
                column = number - start
                self.cells.append(self._cell(number, column, height))
        top = self._y + (height - len(label) * self.line) / 2
        for number, text in enumerate(label, start=1):
            self.texts.append(PlacedText(MARGIN, top + (number - DESCENT) * self.line, text))
        self._y += height

    def _cell(self, number: int, column: int, height: float) -> PlacedCell:
        left, width = self._lefts[column], self._width_of(number)
        if isinstance(self.sheet.images[number], LineChart):
            beside, below = (size * self.font * POINT for size in TICKS)
            room = width - beside - LAST_TICK * self.font * POINT
            return PlacedCell(number, left + beside, self._y, room, height - below)
        return PlacedCell(number, left, self._y, width, height)

    def _height_of(self, number: int) -> float:
        image, width = self.sheet.images[number], self._width_of(number)
        if image is None:
            return 0
        if isinstance(image, LineChart):
            return width * CHART_HEIGHT
        return min(width * image.shape[0] / image.shape[1], width * TALLEST_CELL)

    def _width_of(self, number: int) -> float:
        """Of a cell, which is as wide as its column, or goes over several."""
        first = number % self.sheet.columns
        is_chart = isinstance(self.sheet.images[number], LineChart)
        last = first + self.sheet.chart_columns - 1 if is_chart else first
        return self._lefts[last] + self._widths[last] - self._lefts[first]

    def _colour_bars(self, row: int) -> None:
        """The bars of a row, each under its cells; those of the same cells share their width."""
        groups: dict[tuple[int, int], list] = {}
        for span in self.sheet.bars:
            if span.row == row:
                groups.setdefault((span.first, span.last), []).append(span.bar)
        deepest = 0
        for (first, last), bars in groups.items():
            left = self._lefts[first]
            width = self._lefts[last] + self._widths[last] - left
            placed = placed_bars(bars, left, width, self.font)
            for bar in placed:
                self.bars.append((bar, self._y + BAR_TOP + bar.row * self._bar_height))
            deepest = max(deepest, rows_of(placed))
        self._y += deepest * self._bar_height

    @property
    def _bar_height(self) -> float:
        """Of a colour bar and its labels."""
        return BAR_TOP + BAR + 1.1 * self.line

    def _legend(self) -> None:
        """Names and kinds of the charts' lines, once for all of them."""
        x, apart = MARGIN, 2 * GAP
        legend = self.styles.legend
        self._y += GAP + self.line if legend else 0
        for style in legend:
            needed = SAMPLE + GAP + inches(style.text, self.font)
            if x > MARGIN and x + needed > self.width - MARGIN:
                x, self._y = MARGIN, self._y + self.line
            self.samples.append(PlacedSample(x, self._baseline - 0.25 * self.line, style))
            self.texts.append(PlacedText(x + SAMPLE + GAP, self._baseline, style.text))
            x += needed + apart
