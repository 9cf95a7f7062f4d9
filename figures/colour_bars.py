"""Colour bars below a grid, each as wide as its labels need to stand apart."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from figures.fonts import POINT, text_width

BAR_HEIGHT = 0.32  # of a colour bar and its labels, inches
APART = 0.12  # least space between two labels, and between two bars' labels, inches
USUAL = 0.3  # of the figure's width, where the labels need no more


class ColourBar(NamedTuple):
    """A colormap, and what stands under it from its left end to its right."""

    colormap: str
    labels: tuple[str, ...]


class PlacedBar(NamedTuple):
    """Where a bar is drawn, in inches, and how large its labels are, in points."""

    bar: ColourBar
    left: float
    width: float
    row: int  # 0 is the lowest
    font: float


def placed_bars(
    bars: Sequence[ColourBar], left: float, width: float, font: float
) -> list[PlacedBar]:
    """The bars side by side within a width from `left` on, or below each other where too wide."""
    least = [_least_width(bar.labels, font) for bar in bars]
    side_by_side = max(least, default=0) + APART <= width / max(len(bars), 1)
    share = width / len(bars) if side_by_side and bars else width
    placed = []
    for number, (bar, needed) in enumerate(zip(bars, least, strict=True)):
        room = share - APART * side_by_side
        long = min(room, max(needed, min(USUAL * width, 0.75 * share)))
        middle = left + share * ((number if side_by_side else 0) + 0.5)
        row = 0 if side_by_side else len(bars) - 1 - number
        spaces = APART * (len(bar.labels) - 1)
        smaller = min(1, (room - spaces) / (needed - spaces))
        placed.append(PlacedBar(bar, middle - long / 2, long, row, font * smaller))
    return placed


def rows_of(placed: Iterable[PlacedBar]) -> int:
    """How many rows of bars there are."""
    return max((one.row + 1 for one in placed), default=0)


def draw_colour_bar(figure, placed: PlacedBar, bottom: float) -> None:
    """Draws a bar and its labels, the lowest row `bottom` inches above the figure's foot."""
    from matplotlib.cm import ScalarMappable

    (width, height), bar = figure.get_size_inches(), placed.bar
    bottom += placed.row * BAR_HEIGHT + 0.17
    box = placed.left / width, bottom / height, placed.width / width, 0.08 / height
    mappable = ScalarMappable(cmap=bar.colormap)
    drawn = figure.colorbar(mappable, cax=figure.add_axes(box), orientation="horizontal")
    drawn.set_ticks(np.linspace(0, 1, len(bar.labels)), labels=bar.labels, fontsize=placed.font)
    labels = drawn.ax.get_xticklabels()
    labels[0].set_horizontalalignment("left")
    labels[-1].set_horizontalalignment("right")
    drawn.ax.tick_params(length=2, pad=1)
    drawn.outline.set_linewidth(0.4)


def _least_width(labels: Sequence[str], font: float) -> float:
    """Inches at which evenly spaced labels are apart; the first and last end where the bar does."""
    widths = [text_width(label) * font * POINT for label in labels]
    befores = [0.0, *(width / 2 for width in widths[1:-1]), widths[-1]]  # of a tick
    afters = [widths[0], *(width / 2 for width in widths[1:-1]), 0.0]
    steps = (after + APART + before for after, before in zip(afters, befores[1:], strict=False))
    return max(steps, default=0) * max(len(labels) - 1, 1)
