"""A sheet drawn: images and charts in rows, with heads, labels, colour bars and a caption."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from figures.colour_bars import ColourBar, draw_colour_bar
from figures.layout import BAR, SAMPLE, Layout
from figures.line_chart import LineChart
from figures.sheet import LARGEST_CELL, BarSpan, Sheet

INSIDE = (1.5, -2.0)  # of a cell's corner: where a mark begins, points


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
    return draw_sheet(
        sheet_of(images, titles, columns, colour_bars, caption=caption, largest=largest)
    )


def sheet_of(
    images: Sequence, titles: Sequence[str], columns: int, colour_bars: Sequence[ColourBar], **more
) -> Sheet:
    """The sheet of images under titles, whose colour bars are of all of them."""
    sheet = Sheet(images=images, titles=titles, columns=columns, **more)
    bars = [BarSpan(sheet.rows - 1, 0, columns - 1, bar) for bar in colour_bars]
    return replace(sheet, bars=[*sheet.bars, *bars])


def draw_sheet(sheet: Sheet):
    """The matplotlib figure of the sheet, as wide as it says at most."""
    from matplotlib.figure import Figure

    layout = Layout(sheet)
    figure = Figure(figsize=(layout.width, layout.height))
    _draw_cells(figure, layout)
    for bar, top in layout.bars:
        draw_colour_bar(figure, bar, top, BAR)
    for placed in layout.texts:
        _write(figure, placed.x, placed.y, placed.text, sheet.font, ha=placed.align)
    for left, right, y in layout.rules:
        _draw_line(figure, left, right, y, color="black", linewidth=0.5)
    for sample in layout.samples:
        how = {"color": sample.style.colour, "linestyle": sample.style.dashes, "linewidth": 1}
        _draw_line(figure, sample.x, sample.x + SAMPLE, sample.y, **how)
    return figure


def _draw_cells(figure, layout: Layout) -> None:
    """Images and charts, and texts in white with a dark edge in them."""
    from matplotlib.patheffects import withStroke

    sheet, axes = layout.sheet, {}
    for cell in layout.cells:
        axes[cell.number] = figure.add_axes(_box(figure, *cell[1:]))
        image = sheet.images[cell.number]
        if isinstance(image, LineChart):
            image.draw(axes[cell.number], sheet.font, layout.styles)
        else:
            axes[cell.number].imshow(image)
            axes[cell.number].set_axis_off()
    how = {"color": "white", "path_effects": [withStroke(linewidth=1.2, foreground="black")]}
    for mark in sheet.marks:
        place = {"xytext": INSIDE, "textcoords": "offset points", "va": "top"}
        axes[mark.cell].annotate(mark.text, (mark.x, mark.y), size=sheet.font, **place, **how)


def _write(figure, x: float, y: float, text: str, size: float, **how) -> None:
    wide, tall = figure.get_size_inches()
    figure.text(x / wide, 1 - y / tall, text, size=size, va="baseline", parse_math=False, **how)


def _draw_line(figure, left: float, right: float, y: float, **how) -> None:
    from matplotlib.lines import Line2D

    wide, tall = figure.get_size_inches()
    figure.add_artist(Line2D([left / wide, right / wide], [1 - y / tall] * 2, **how))


def _box(figure, left: float, top: float, width: float, height: float) -> tuple[float, ...]:
    """A box of inches as matplotlib has it."""
    wide, tall = figure.get_size_inches()
    return left / wide, 1 - (top + height) / tall, width / wide, height / tall
