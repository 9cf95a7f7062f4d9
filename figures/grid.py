"""A grid of pictures in which every title fits above its own picture.

All places are reckoned in inches before anything is drawn; nothing is left to a layout engine, so
that figures are the same each time and quick.
"""

import math
import textwrap
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

CELL = 2.3  # width of a picture, inches: three are as wide as a page, and readable at half of it
TALLEST = 1.5  # height of a row, in widths of a cell; taller pictures become narrower
GAP = 0.1  # between cells, inches
LARGEST_FONT, SMALLEST_FONT, CAPTION_FONT = 10.0, 6.5, 7.0  # points
LINE = 1.3  # height of a line, in font sizes
POINT = 1 / 72  # inches


class Layout(NamedTuple):
    """Sizes in inches; title size in points."""

    titles: list[str]
    font: float
    title_heights: list[float]  # a row
    heights: list[float]  # a row


def draw_grid(
    images: Sequence[np.ndarray | None],
    titles: Sequence[str],
    columns: int,
    caption: str = "",
    colormap: str | None = None,
):
    """The matplotlib figure of the pictures (H, W, 3), row by row, each under its title.

    Raises ValueError where there is not a title for each picture, or no picture.
    """
    from matplotlib.figure import Figure

    if len(images) != len(titles) or not images:
        raise ValueError(f"{len(images)} pictures and {len(titles)} titles: one for each, and some")
    layout = _layout(images, titles, columns)
    width = columns * CELL + (columns + 1) * GAP
    caption = "\n".join(textwrap.wrap(caption, int(width / (CAPTION_FONT * POINT * 0.52))))
    caption_height = (caption.count("\n") + 1) * CAPTION_FONT * LINE * POINT if caption else 0
    bar_height = 0.3 if colormap else 0
    rows = zip(layout.title_heights, layout.heights, strict=True)
    height = sum(title + picture + GAP for title, picture in rows)
    height += GAP + caption_height + bar_height
    figure = Figure(figsize=(width, height))
    top = height
    for row, (title_height, row_height) in enumerate(
        zip(layout.title_heights, layout.heights, strict=True)
    ):
        top -= title_height + row_height + GAP
        for column in range(columns):
            cell = row * columns + column
            if cell >= len(images) or images[cell] is None:
                continue
            left = GAP + column * (CELL + GAP)
            axes = figure.add_axes((left / width, top / height, CELL / width, row_height / height))
            axes.imshow(images[cell], interpolation="antialiased")
            axes.set_axis_off()
            middle = (left + CELL / 2) / width
            baseline = (top + row_height + 0.03) / height
            figure.text(
                middle, baseline, layout.titles[cell], size=layout.font, ha="center", va="bottom"
            )
    if colormap:
        _draw_colour_bar(figure, colormap, (caption_height + GAP) / height)
    if caption:
        figure.text(GAP / width, GAP / 2 / height, caption, size=CAPTION_FONT, va="bottom")
    return figure


def _layout(images, titles, columns) -> Layout:
    """The largest font at which every title's lines fit, and the height of each row."""
    lines = [line for title in titles for line in title.split("\n")]
    widest = max((_text_width(line) for line in lines), default=1)
    font = min(LARGEST_FONT, max(SMALLEST_FONT, CELL / POINT / max(widest, 1e-9)))
    titles = ["\n".join(_wrapped(line, font) for line in title.split("\n")) for title in titles]
    title_heights, heights = [], []
    for start in range(0, len(images), columns):
        row = slice(start, start + columns)
        count = max(title.count("\n") + 1 if title else 0 for title in titles[row])
        title_heights.append(count * font * LINE * POINT + 0.05)
        shapes = [image.shape for image in images[row] if image is not None]
        tallest = max((shape[0] / shape[1] for shape in shapes), default=1)
        heights.append(CELL * min(tallest, TALLEST))
    return Layout(titles, font, title_heights, heights)


def _text_width(text: str) -> float:
    """Width of a line in font sizes."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    return TextPath((0, 0), text, size=1, prop=FontProperties()).get_extents().x1 if text else 0.0


def _wrapped(line: str, font: float) -> str:
    """The line, broken where it would not fit a cell even so; long words are broken too."""
    width = _text_width(line) * font * POINT
    if width <= CELL:
        return line
    letters = math.floor(len(line) * CELL / width * 0.95)
    return "\n".join(textwrap.wrap(line, max(letters, 4)))


def _draw_colour_bar(figure, colormap: str, bottom: float) -> None:
    from matplotlib.cm import ScalarMappable

    axes = figure.add_axes((0.35, bottom + 0.16 / figure.get_figheight(), 0.3, 0.08 / figure.get_figheight()))
    bar = figure.colorbar(ScalarMappable(cmap=colormap), cax=axes, orientation="horizontal")
    bar.set_ticks([0, 1], labels=["0", "largest of the map"], fontsize=CAPTION_FONT)
    bar.ax.tick_params(length=2, pad=1)
    bar.outline.set_linewidth(0.4)
