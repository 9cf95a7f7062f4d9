"""Charts of a report: curves, box plots and matrices, each a figure as wide as a page at most."""

import math
import textwrap
from collections.abc import Mapping, Sequence

import numpy as np

from figures.grid import CAPTION_FONT, LETTER, PAGE, POINT

FONT = 8.0  # points
CELL = 0.55  # of a matrix, inches
MOST_NUMBERS = 15  # rows of a matrix in which numbers are still written


def pixels(figure) -> np.ndarray:
    """(H, W, 3) uint8: the figure as an image."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def small_chart(
    lines: Mapping[str, tuple[Sequence, Sequence]], across: str, up: str, side: float, **how
):
    """A chart for one cell of a grid, `side` times as high as it is wide: named lines (x, y)."""
    figure = _figure(3, 3 * min(max(side, 0.6), 1.5), dpi=300)
    axes = figure.add_subplot(**how)
    for name, (places, values) in lines.items():
        axes.plot(places, values, label=name, marker="o" if len(places) < 16 else None, ms=3)
    _small_print(axes, across=across, up=up)
    axes.grid(alpha=0.3)
    if any(lines):
        axes.legend(fontsize=FONT)
    return figure


def curve_chart(
    panels: Mapping[str, Mapping[str, np.ndarray]], labels: tuple[str, str], caption: str
):
    """A panel each, of named bands (4, S): x, mean, and the lower and upper end of the band."""
    rows = math.ceil(len(panels) / 2)
    figure = _figure(PAGE, 2.9 * rows + 0.5)
    places = figure.subplots(rows, min(2, len(panels)), squeeze=False).ravel()
    for axes, (title, bands) in zip(places, panels.items(), strict=False):
        for name, (across, mean, low, high) in bands.items():
            (line,) = axes.plot(across, mean, label=name)
            axes.fill_between(across, low, high, alpha=0.15, color=line.get_color(), linewidth=0)
        _small_print(axes, title, *labels)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=FONT - 1)
    for axes in places[len(panels) :]:
        axes.set_axis_off()
    return _captioned(figure, caption)


def box_chart(panels: Mapping[str, Mapping[str, np.ndarray]], caption: str):
    """A panel each, of named boxes of values: median, quartiles, mean (triangle), all points."""
    columns = min(3, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure = _figure(PAGE, 2.6 * rows + 0.5)
    places = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, (title, boxes) in zip(places, panels.items(), strict=False):
        axes.boxplot(list(boxes.values()), showmeans=True, showfliers=False, widths=0.6)
        for place, values in enumerate(boxes.values(), start=1):
            if len(values) <= 200:
                spread = np.linspace(-0.15, 0.15, len(values)) if len(values) > 1 else [0]
                axes.plot(place + np.asarray(spread), values, ".", alpha=0.4, markersize=3)
        names = ["\n".join(textwrap.wrap(name, 16)) for name in boxes]
        axes.set_xticks(range(1, len(boxes) + 1), labels=names)
        if len(boxes) > 3:
            axes.tick_params(axis="x", rotation=60)
        _small_print(axes, textwrap.fill(title, 26))
        axes.grid(alpha=0.3, axis="y")
    for axes in places[len(panels) :]:
        axes.set_axis_off()
    return _captioned(figure, caption)


def matrix_chart(values, rows, columns, title: str, caption: str, limits=(None, None), form=".2f"):
    """A matrix of numbers in colours, the numbers written into the cells of a small one."""
    values = np.asarray(values, float)
    longest = max(len(str(name)) for name in [*rows, *columns]) * FONT * LETTER * POINT
    width = min(PAGE, max(3.0, CELL * len(columns) + longest + 1.2))
    height = min(9.0, max(2.4, CELL * len(rows) + longest + 1.0))
    figure = _figure(width, height)
    axes = figure.add_subplot()
    shown = axes.imshow(values, cmap="viridis", vmin=limits[0], vmax=limits[1])
    turned = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    axes.set_xticks(range(len(columns)), labels=columns, **turned)
    axes.set_yticks(range(len(rows)), labels=rows)
    _small_print(axes, title)
    figure.colorbar(shown, shrink=0.7).ax.tick_params(labelsize=FONT)
    if len(rows) <= MOST_NUMBERS:
        middle = np.nanmean(shown.get_clim())
        for (row, column), value in np.ndenumerate(values):
            colour = "black" if value > middle else "white"
            axes.text(column, row, f"{value:{form}}", ha="center", va="center", c=colour, size=FONT)
    return _captioned(figure, caption)


def _figure(width: float, height: float, **how):
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", **how)


def _small_print(axes, title: str = "", across: str = "", up: str = "") -> None:
    """Title and labels in the chart's font size, and a light grid."""
    axes.set_title(title, fontsize=FONT + 1)
    axes.set_xlabel(across, fontsize=FONT)
    axes.set_ylabel(up, fontsize=FONT)
    axes.tick_params(labelsize=FONT)


def _captioned(figure, caption: str):
    width, height = figure.get_size_inches()
    lines = textwrap.wrap(caption, int((width - 0.2) / (CAPTION_FONT * POINT * LETTER)))
    foot = (len(lines) + 1) * CAPTION_FONT * 1.25 * POINT
    figure.set_size_inches(width, height + foot)
    figure.get_layout_engine().set(rect=(0, foot / (height + foot), 1, height / (height + foot)))
    text = {"size": CAPTION_FONT, "va": "bottom", "parse_math": False}
    figure.text(0.1 / width, 0.04 / figure.get_figheight(), "\n".join(lines), **text)
    return figure
