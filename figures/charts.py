"""Charts of a report: curves, box plots and matrices, each a figure of a given width at most."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from figures.line_chart import COLOURS, DASHES, tidy
from figures.sheet import PAGE, TALLEST, font_of
from figures.text import POINT, inches, wrapped

CELL = 0.55  # of a matrix, inches
MOST_NUMBERS = 15  # rows of a matrix in which numbers are still written
MOST_NAMED = 6  # lines in whose own panel there is room for their names
MOST_DOTS = 200  # values of a box that are drawn one by one
PANEL = 1.6  # least width of a panel, inches
BOX = 0.2  # height of a box and what is between two, inches
BESIDE = 0.9  # of a matrix: its colour bar, inches
TOP, RIGHT = 0.06, 0.03  # over a chart's title and at its right, inches
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
    """A panel each, of named bands (4, S): x, mean, and the lower and upper end of the band.

    The legend has the area under each mean; of many bands it stands under the panels, once.
    """
    figure, places = _panels(len(panels), width, height=2.4)
    font = font_of(width)
    names = list(dict.fromkeys(name for bands in panels.values() for name in bands))
    samples = {}
    for axes, (title, bands) in zip(places, panels.items(), strict=False):
        for name, (across, mean, low, high) in bands.items():
            style = _style(names.index(name))
            area = f"{name}, area {np.trapezoid(mean, across):.3f}"
            (samples[name],) = axes.plot(across, mean, label=area, linewidth=1, **style)
            axes.fill_between(across, low, high, alpha=0.15, color=style["color"], linewidth=0)
        _titled(axes, font, title, *labels)
        if len(names) <= MOST_NAMED:
            axes.legend(fontsize=font, frameon=False, handlelength=1.5)
    if len(names) <= MOST_NAMED:
        return _captioned(figure, caption, font)
    columns = max(1, int(width / (max(inches(name, font) for name in names) + 0.6)))
    figure = _captioned(figure, caption, font, lines=math.ceil(len(names) / columns))
    place = {"loc": "upper center", "ncols": columns, "frameon": False, "borderpad": 0}
    top = figure.get_layout_engine().get()["rect"][1]
    figure.legend(samples.values(), samples, fontsize=font, bbox_to_anchor=(0.5, top), **place)
    return figure


def _style(number: int) -> dict[str, str]:
    """Colour and dashes of a line, other ones for each of 24."""
    dashes = DASHES[number // len(COLOURS) % len(DASHES)]
    return {"color": COLOURS[number % len(COLOURS)], "linestyle": dashes}


def box_chart(panels: Mapping[str, Mapping[str, np.ndarray]], caption: str, width: float = PAGE):
    """A panel each, of named boxes of values: median, quartiles, mean (triangle), all points.

    Boxes lie, so that their names can be read, and stand at the left of each row of panels.
    """
    font = font_of(width)
    names = list(dict.fromkeys(name for boxes in panels.values() for name in boxes))
    beside = min(max(inches(name, font) for name in names), width / 2)
    labels = ["\n".join(wrapped(name, beside, font)) for name in names]
    most = max(label.count("\n") for label in labels) * font * LINE * POINT
    columns = min(len(panels), max(1, int((width - beside) / PANEL)))
    figure, places = _panels(len(panels), width, (BOX + most) * len(names) + 0.55, columns)
    for number, (axes, (title, boxes)) in enumerate(zip(places, panels.items(), strict=False)):
        _draw_boxes(axes, [boxes.get(name, np.empty(0)) for name in names])
        is_first = number % columns == 0
        axes.set_yticks(range(1, len(names) + 1), labels=labels if is_first else [""] * len(names))
        axes.locator_params(axis="x", nbins=4)
        _titled(axes, font, title, room=(width - beside) / columns)
        axes.grid(visible=False, axis="y")
        axes.invert_yaxis()
    return _captioned(figure, caption, font)


def _draw_boxes(axes, boxes: Sequence[np.ndarray]) -> None:
    lines = {"linewidth": 0.8, "color": "black"}
    axes.boxplot(
        boxes,
        orientation="horizontal",
        showmeans=True,
        showfliers=False,
        widths=0.6,
        meanprops={"markerfacecolor": COLOURS[1], "markeredgecolor": "none", "markersize": 4},
        **{f"{part}props": lines for part in ("box", "whisker", "cap", "median")},
    )
    for place, values in enumerate(boxes, start=1):
        if len(values) <= MOST_DOTS:
            spread = np.linspace(-0.15, 0.15, len(values)) if len(values) > 1 else np.zeros(1)
            dots = {"markersize": 3, "alpha": 0.5, "color": COLOURS[0]}
            axes.plot(values, place + spread[: len(values)], ".", **dots)


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
    longest = min(longest, width / 2)
    cell = min(CELL, (width - longest - BESIDE) / max(len(columns), 1))
    least = 1.5 * font * POINT  # height of a name
    turned = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    if cell < least:  # names would be on each other: columns have numbers
        turned = {}
        rows = [f"{number}  {name}" for number, name in enumerate(rows, start=1)]
        step = math.ceil(inches(f"{len(columns)}  ", font) / cell)
        columns = [number if number % step == 0 else "" for number in range(1, len(columns) + 1)]
    names = max(inches(str(name), font) for name in columns)
    wide = max(2.5, longest + BESIDE + cell * len(columns))
    tall = min(TALLEST - 1, max(1.5, max(cell, least) * len(rows) + 0.75 * names + 0.7))
    figure = _figure(min(width, wide), tall)
    axes = figure.add_subplot()
    shown = axes.imshow(
        values, cmap="viridis", vmin=limits[0], vmax=limits[1], aspect="equal" if turned else "auto"
    )
    axes.set_xticks(range(len(columns)), labels=columns, **turned)
    axes.set_yticks(range(len(rows)), labels=rows)
    _titled(axes, font, title, room=max(cell * len(columns), 1) + 0.3)
    axes.grid(visible=False)
    figure.colorbar(shown, shrink=0.7).ax.tick_params(labelsize=font, length=2, pad=1, width=0.5)
    if len(rows) <= MOST_NUMBERS and cell > inches("-0.00 ", font):
        middle = np.nanmean(shown.get_clim())
        for (row, column), value in np.ndenumerate(values):
            colour = "black" if value > middle else "white"
            axes.text(column, row, f"{value:{form}}", ha="center", va="center", c=colour, size=font)
    return _captioned(figure, caption, font)


def _figure(width: float, height: float):
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _panels(count: int, width: float, height: float, columns: int = 0):
    """A figure of so many panels of that height, inches, and its axes."""
    columns = columns or min(count, max(1, int(width / (1.4 * PANEL))))
    rows = math.ceil(count / columns)
    figure = _figure(width, height * rows)
    places = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in places[count:]:
        axes.set_axis_off()
    return figure, places


def _titled(
    axes, font: float, title: str = "", across: str = "", up: str = "", room: float = 0
) -> None:
    """Title and labels in the figure's font, and a light grid; `room` is for the title, inches."""
    tidy(axes, font)
    columns = axes.get_subplotspec().get_gridspec().ncols
    room = (room or axes.get_figure().get_figwidth() / columns) - 0.3
    axes.set_title("\n".join(wrapped(title, room, font)), fontsize=font)
    axes.set_xlabel(across, fontsize=font)
    axes.set_ylabel(up, fontsize=font)


def _captioned(figure, caption: str, font: float, lines: int = 0):
    """The figure, its caption below it, and over that room for so many lines of a legend."""
    width, height = figure.get_size_inches()
    texts = wrapped(caption, width - 0.2, font) if caption else []
    below = (len(texts) + 0.5) * font * LINE * POINT
    foot = below + lines * font * LINE * POINT * 1.2
    whole = height + foot + TOP
    figure.set_size_inches(width, whole)
    figure.get_layout_engine().set(rect=(0, foot / whole, 1 - RIGHT / width, height / whole))
    text = {"size": font, "va": "bottom", "parse_math": False, "linespacing": LINE - 0.1}
    figure.text(0.1 / width, 0.04 / figure.get_figheight(), "\n".join(texts), **text)
    return figure
