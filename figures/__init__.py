"""Figures: images with titles in a grid, saved the same each time."""

from figures.colour_bars import ColourBar
from figures.grid import draw_grid
from figures.saving import ANIMATION, FORMATS, save_figure, show_figure

__all__ = ["ANIMATION", "FORMATS", "ColourBar", "draw_grid", "save_figure", "show_figure"]
