"""A grid of images in which every title fits above its own image.

All places are reckoned in inches before anything is drawn; nothing is left to a layout engine, so
that figures are the same each time and quick. A figure is as wide as a page, three images a row
are still readable at the width of a column.
"""

import math
import textwrap
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from figures.colour_bars import BAR_HEIGHT, ColourBar, draw_colour_bar, placed_bars, rows_of
from figures.fonts import POINT, text_width
from runtime import escaped

PAGE = 7.3  # width of a page, inches
LARGEST_CELL, SMALLEST_CELL = 2.3, 1.0  # width of an image, inches
TALLEST = 1.5  # height of a row, in widths of a cell; taller images become narrower
GAP = 0.1  # between cells, inches
LARGEST_FONT, SMALLEST_FONT, CAPTION_FONT = 12.0, 6.0, 7.0  # points
LINE = 1.25  # height of a line, in font sizes
LETTER = 0.54  # width of a letter, in font sizes, on average


class Layout(NamedTuple):
    """Sizes in inches; the font's in points."""

    cell: float
    titles: list[str]
    font: float
    title_heights: list[float]  # of each row
    heights: list[float]  # of each row's images


def draw_grid(
    images: Sequence[np.ndarray | None],
    titles: Sequence[str],
    columns: int,
    caption: str = "",
    colour_bars: Sequence[ColourBar] = (),
    largest: float = LARGEST_CELL,
):
    """The matplotlib figure of the images (H, W, 3), row by row, each under its title.

    They are `largest` inches wide at most, less where there are many columns. Raises ValueError
    where there is not a title for each image, or no image.
    """
    from matplotlib.figure import Figure

    if len(images) != len(titles) or not images:
        raise ValueError(f"{len(images)} images and {len(titles)} titles: one for each, and some")
    titles = ["\n".join(map(escaped, title.split("\n"))) for title in titles]
    layout = _layout(images, titles, columns, largest)
    width = columns * (layout.cell + GAP) + GAP
    caption = "\n".join(
        textwrap.wrap(escaped(caption), int((width - 2 * GAP) / (CAPTION_FONT * POINT * LETTER)))
    )
    foot = GAP + (caption.count("\n") + 1) * CAPTION_FONT * LINE * POINT * bool(caption)
    rows_height = sum(layout.title_heights) + sum(layout.heights) + GAP * len(layout.heights)
    bars = placed_bars(colour_bars, GAP, width - 2 * GAP, CAPTION_FONT)
    height = foot + BAR_HEIGHT * rows_of(bars) + rows_height
    figure = Figure(figsize=(width, height))
    _draw_cells(figure, images, layout, columns)
    for bar in bars:
        draw_colour_bar(figure, bar, foot)
    figure.text(
        GAP / width, GAP / 2 / height, caption, size=CAPTION_FONT, va="bottom", parse_math=False
    )
    return figure


def _draw_cells(figure, images, layout: Layout, columns: int) -> None:
    width, height = figure.get_size_inches()
    bottom = height
    for row, (title_height, row_height) in enumerate(
        zip(layout.title_heights, layout.heights, strict=True)
    ):
        bottom -= title_height + row_height + GAP
        for cell in range(row * columns, min((row + 1) * columns, len(images))):
            if images[cell] is None:
                continue
            left = GAP + (cell - row * columns) * (layout.cell + GAP)
            box = (left / width, bottom / height, layout.cell / width, row_height / height)
            axes = figure.add_axes(box)
            axes.imshow(images[cell])
            axes.set_axis_off()
            figure.text(
                (left + layout.cell / 2) / width,
                (bottom + row_height + GAP / 3) / height,
                layout.titles[cell],
                size=layout.font,
                linespacing=LINE - 0.1,
                ha="center",
                va="bottom",
                parse_math=False,
            )


def _layout(images, titles, columns, largest) -> Layout:
    """The largest font at which every title's lines fit, and the height of each row."""
    cell = (PAGE - GAP) / columns - GAP
    cell = max(SMALLEST_CELL, min(largest, cell))
    lines = [line for title in titles for line in title.split("\n") if line]
    widest = max((text_width(line) for line in lines), default=1)
    font = max(SMALLEST_FONT, min(LARGEST_FONT, 0.97 * cell / (widest * POINT)))
    titles = ["\n".join(_wrapped(line, font, cell) for line in t.split("\n")) for t in titles]
    title_heights, heights = [], []
    for start in range(0, len(images), columns):
        row = slice(start, start + columns)
        count = max(title.count("\n") + 1 if title else 0 for title in titles[row])
        title_heights.append(count * font * LINE * POINT + GAP / 2)
        shapes = [image.shape for image in images[row] if image is not None]
        tallest = max((shape[0] / shape[1] for shape in shapes), default=1)
        heights.append(cell * min(tallest, TALLEST))
    return Layout(cell, titles, font, title_heights, heights)


def _wrapped(line: str, font: float, cell: float) -> str:
    """The line, broken where it would not fit the cell even so; long words are broken too."""
    width = text_width(line) * font * POINT if line else 0
    if width <= cell * 1.01:
        return line
    return "\n".join(textwrap.wrap(line, max(4, math.floor(len(line) * cell / width * 0.95))))
