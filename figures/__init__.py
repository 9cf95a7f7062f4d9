"""Figures: images and charts in rows and columns, saved the same each time."""

from figures.colour_bars import ColourBar
from figures.grid import draw_grid, draw_sheet
from figures.line_chart import LineChart
from figures.saving import ANIMATION, FORMATS, save_figure, show_figure
from figures.sheet import WIDTHS, BarSpan, Mark, Sheet, Span

__all__ = [
    "ANIMATION",
    "FORMATS",
    "WIDTHS",
    "BarSpan",
    "ColourBar",
    "LineChart",
    "Mark",
    "Sheet",
    "Span",
    "draw_grid",
    "draw_sheet",
    "save_figure",
    "show_figure",
]
