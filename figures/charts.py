"""Charts of a report: curves, box plots and matrices, each a figure of a given width at most."""

import math
from collections.abc import Mapping

import numpy as np

from figures.line_chart import COLOURS, DASHES, tidy
from figures.sheet import PAGE, TALLEST, font_of
from figures.text import POINT, inches, wrapped

CELL = 0.55  # of a matrix, inches
MOST_NUMBERS = 15  # rows of a matrix in which numbers are still written
MOST_DOTS = 200  # values of a box that are drawn one by one
PANEL = 2.2  # least width of a panel, inches
LINE = 1.25  # height of a line of a caption, in font sizes


def pixels(figure) -> np.ndarray:
    """(H, W, 3) uint8: the figure as an image."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def curve_chart(
    panels: Mapping[str, Mapping[str, np.ndarray]],
    labels: tuple[str, str],
    caption: str,
    width: float = PAGE,
):
    """A panel each, of named bands (4, S): x, mean, and the lower and upper end of the band."""
    figure, places = _panels(len(panels), width, height=2.4)
    font = font_of(width)
    for axes, (title, bands) in zip(places, panels.items(), strict=False):
        for number, (name, (across, mean, low, high)) in enumerate(bands.items()):
            colour = COLOURS[number % len(COLOURS)]
            dashes = DASHES[number // len(COLOURS) % len(DASHES)]
            axes.plot(across, mean, label=name, color=colour, linestyle=dashes, linewidth=1)
            axes.fill_between(across, low, high, alpha=0.15, color=colour, linewidth=0)
        _titled(axes, font, title, *labels)
        axes.legend(fontsize=font, frameon=False, handlelength=1.5)
    return _captioned(figure, caption, font)


def box_chart(panels: Mapping[str, Mapping[str, np.ndarray]], caption: str, width: float = PAGE):
    """A panel each, of named boxes of values: median, quartiles, mean (triangle), all points."""
    font = font_of(width)
    names = {name for boxes in panels.values() for name in boxes}
    longest = max(inches(name, font) for name in names)
    figure, places = _panels(len(panels), width, height=1.7, more=min(longest, 1.2))
    for axes, (title, boxes) in zip(places, panels.items(), strict=False):
        lines = {"linewidth": 0.8, "color": "black"}
        axes.boxplot(
            list(boxes.values()),
            showmeans=True,
            showfliers=False,
            widths=0.6,
            meanprops={"markerfacecolor": COLOURS[1], "markeredgecolor": "none", "markersize": 4},
            **{f"{part}props": lines for part in ("box", "whisker", "cap", "median")},
        )
        for place, values in enumerate(boxes.values(), start=1):
            if len(values) <= MOST_DOTS:
                spread = np.linspace(-0.15, 0.15, len(values)) if len(values) > 1 else [0]
                dots = {"markersize": 3, "alpha": 0.5, "color": COLOURS[0]}
                axes.plot(place + np.asarray(spread), values, ".", **dots)
        turned = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
        axes.set_xticks(range(1, len(boxes) + 1), labels=list(boxes), **turned)
        _titled(axes, font, title)
        axes.grid(visible=False, axis="x")
    return _captioned(figure, caption, font)


def matrix_chart(
    values,
    rows,
    columns,
    title: str,
    caption: str,
    limits=(None, None),
    form=".2f",
    width: float = PAGE,
):
    """A matrix of numbers in colours, the numbers written into the cells of a small one."""
    values, font = np.asarray(values, float), font_of(width)
    longest = max(inches(str(name), font) for name in [*rows, *columns])
    wide = min(width, max(3.0, CELL * len(columns) + longest + 1.0))
    tall = min(TALLEST - 1, max(2.4, CELL * len(rows) + longest + 0.6))
    figure = _figure(wide, tall)
    axes = figure.add_subplot()
    shown = axes.imshow(values, cmap="viridis", vmin=limits[0], vmax=limits[1])
    turned = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    axes.set_xticks(range(len(columns)), labels=columns, **turned)
    axes.set_yticks(range(len(rows)), labels=rows)
    _titled(axes, font, title)
    axes.grid(visible=False)
    figure.colorbar(shown, shrink=0.7).ax.tick_params(labelsize=font, length=2, pad=1, width=0.5)
    narrow = (wide - longest - 0.8) / max(len(columns), 1) < inches("-0.00 ", font)
    if len(rows) <= MOST_NUMBERS and not narrow:
        middle = np.nanmean(shown.get_clim())
        for (row, column), value in np.ndenumerate(values):
            colour = "black" if value > middle else "white"
            axes.text(column, row, f"{value:{form}}", ha="center", va="center", c=colour, size=font)
    return _captioned(figure, caption, font)


def _figure(width: float, height: float):
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _panels(count: int, width: float, height: float, more: float = 0.0):
    """A figure of so many panels of that height, inches, and `more` for the names below them."""
    columns = min(count, max(1, int(width / PANEL)))
    rows = math.ceil(count / columns)
    figure = _figure(width, (height + more) * rows)
    places = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in places[count:]:
        axes.set_axis_off()
    return figure, places


def _titled(axes, font: float, title: str = "", across: str = "", up: str = "") -> None:
    """Title and labels in the figure's font, and a light grid."""
    tidy(axes, font)
    width = axes.get_figure().get_figwidth() / axes.get_subplotspec().get_gridspec().ncols - 0.4
    axes.set_title("\n".join(wrapped(title, width, font)), fontsize=font)
    axes.set_xlabel(across, fontsize=font)
    axes.set_ylabel(up, fontsize=font)


def _captioned(figure, caption: str, font: float):
    width, height = figure.get_size_inches()
    lines = wrapped(caption, width - 0.2, font) if caption else []
    foot = (len(lines) + 0.5) * font * LINE * POINT
    figure.set_size_inches(width, height + foot)
    figure.get_layout_engine().set(rect=(0, foot / (height + foot), 1, height / (height + foot)))
    text = {"size": font, "va": "bottom", "parse_math": False, "linespacing": LINE - 0.1}
    figure.text(0.1 / width, 0.04 / figure.get_figheight(), "\n".join(lines), **text)
    return figure
