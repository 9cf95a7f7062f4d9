"""Colour bars under the cells that they are of, each as wide as its labels need to stand apart."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from figures.text import inches

APART = 0.08  # least space between two labels, and between two bars' labels, inches
USUAL = 1.3  # width where the labels need no more, inches


class ColourBar(NamedTuple):
    """A colormap, and what stands under it from its left end to its right."""

    colormap: str
    labels: tuple[str, ...]
    short: tuple[str, ...] = ()  # labels where there is no room for these

    def fitting(self, width: float, font: float) -> tuple[str, ...]:
        """The labels, or the short ones where those need more than so many inches."""
        fits = least_width(self.labels, font) <= width
        return self.labels if fits or not self.short else self.short


class PlacedBar(NamedTuple):
    """Where a bar is drawn, in inches, and how large its labels are, in points."""

    colormap: str
    labels: tuple[str, ...]
    left: float
    width: float
    row: int  # 0 is the uppermost
    font: float


def placed_bars(
    bars: Sequence[ColourBar], left: float, width: float, font: float
) -> list[PlacedBar]:
    """The bars side by side within a width from `left` on, or below each other where too wide."""
    share = width / max(len(bars), 1)
    side_by_side = all(_least(bar, share - APART, font) <= share - APART for bar in bars)
    room = share - APART if side_by_side and len(bars) > 1 else width
    placed = []
    for number, bar in enumerate(bars):
        labels = bar.fitting(room, font)
        needed = least_width(labels, font)
        long = min(room, max(needed, USUAL))
        middle = left + (share * (number + 0.5) if side_by_side else width / 2)
        row = 0 if side_by_side else number
        smaller = min(1, room / needed) if needed else 1
        placed.append(PlacedBar(bar.colormap, labels, middle - long / 2, long, row, font * smaller))
    return placed


def rows_of(placed: Iterable[PlacedBar]) -> int:
    """How many rows of bars there are."""
    return max((one.row + 1 for one in placed), default=0)


def draw_colour_bar(figure, bar: PlacedBar, top: float, height: float) -> None:
    """Draws a bar of that height, `top` inches below the figure's upper edge, and its labels."""
    from matplotlib.cm import ScalarMappable

    wide, tall = figure.get_size_inches()
    box = bar.left / wide, 1 - (top + height) / tall, bar.width / wide, height / tall
    mappable = ScalarMappable(cmap=bar.colormap)
    drawn = figure.colorbar(mappable, cax=figure.add_axes(box), orientation="horizontal")
    drawn.set_ticks(np.linspace(0, 1, len(bar.labels)), labels=bar.labels, fontsize=bar.font)
    labels = drawn.ax.get_xticklabels()
    if len(labels) > 1:
        labels[0].set_horizontalalignment("left")
        labels[-1].set_horizontalalignment("right")
    drawn.ax.tick_params(length=2, pad=1, width=0.5)
    drawn.outline.set_linewidth(0.4)


def _least(bar: ColourBar, width: float, font: float) -> float:
    return least_width(bar.fitting(width, font), font)


def least_width(labels: Sequence[str], font: float) -> float:
    """Inches at which evenly spaced labels are apart; the first and last end where the bar does."""
    widths = [inches(label, font) for label in labels]
    befores = [0.0, *(width / 2 for width in widths[1:-1]), widths[-1]]  # of a tick
    afters = [widths[0], *(width / 2 for width in widths[1:-1]), 0.0]
    steps = (after + APART + before for after, before in zip(afters, befores[1:], strict=False))
    return max(steps, default=0) * max(len(labels) - 1, 1)
