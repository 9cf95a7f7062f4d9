"""Charts of a report can be read, of few methods and of many, at both widths."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from figures.charts import box_chart, curve_chart, matrix_chart
from figures.sheet import COLUMN, FONTS, PAGE

METHODS = ("Grad-CAM", "FEM", "LayerCAM", "Occlusion", "Integrated gradients", "RISE (masks=400)")
FEW = METHODS[:2]
THREE = METHODS[:3]
MANY = [f"{method}, {name}" for name in ("EfficientNetLite0", "SqueezeNet") for method in METHODS]
PLACES = np.linspace(0, 1, 20)
LONG = "Deletion (step=448, start=black) (lower is better)"


def curves(names, width: float):
    bands = {name: np.stack([PLACES, *[PLACES * n] * 3]) for n, name in enumerate(names)}
    return curve_chart({LONG: bands, "b": bands}, ("share", "score"), "About. " * 30, width)


def boxes(names, width: float):
    panel = {name: np.arange(4.0) + n for n, name in enumerate(names)}
    return box_chart({LONG: panel, "b": panel, "c": {names[0]: np.ones(1)}}, "About.", width)


def matrix(names, width: float):
    return matrix_chart(np.eye(len(names)), list(names), list(names), LONG, "About.", width=width)


def tick_labels(axis) -> list:
    """Those that are drawn: matplotlib has some for ticks beyond the axis."""
    low, high = sorted(axis.get_view_interval())
    ticks = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    labels = [label for tick in ticks for label in (tick.label1, tick.label2)]
    return [label for label in labels if label.get_visible()]


@pytest.mark.parametrize("width", [PAGE, COLUMN])
@pytest.mark.parametrize("names", [FEW, THREE, MANY], ids=["two", "three", "many"])
@pytest.mark.parametrize("chart", [curves, boxes, matrix])
def test_no_name_is_on_another_or_beyond_the_figure(chart, names, width):
    figure = chart(names, width)
    figure.set_dpi(300)
    FigureCanvasAgg(figure).draw()
    assert figure.get_figwidth() <= width + 1e-6
    sizes, shown = set(), []
    for axes in figure.axes:
        texts = [*tick_labels(axes.xaxis), *tick_labels(axes.yaxis), axes.title]
        texts += axes.get_legend().get_texts() if axes.get_legend() else []
        shown += [text for text in texts if text.get_text() and axes.axison]
    shown += [text for legend in figure.legends for text in legend.get_texts()] + figure.texts
    for text in shown:
        sizes.add(text.get_fontsize())
        box = text.get_window_extent()
        assert box.x0 >= -2
        assert box.x1 <= figure.bbox.x1 + 2
        assert box.y0 >= -2
        assert box.y1 <= figure.bbox.y1
    assert sizes == {FONTS[width]}
    level = [text.get_window_extent() for text in shown if not text.get_rotation()]
    for one, other in combinations(level, 2):
        assert not one.padded(-3).overlaps(other.padded(-3))


def test_lines_of_a_chart_are_told_apart_by_colour_or_dashes():
    axes = curves(MANY, PAGE).axes[0]
    styles = {(line.get_color(), line.get_linestyle()) for line in axes.get_lines()}
    assert len(styles) == len(MANY)


def test_a_few_curves_have_their_areas_in_their_legend():
    legend = curves(FEW, PAGE).axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == [
        "Grad-CAM, area 0.000",
        "FEM, area 0.500",
    ]


def test_boxes_stand_in_the_rows_of_their_names():
    figure = boxes(FEW, PAGE)
    third = figure.axes[2]  # has values of the first method alone
    dots = [line for line in third.get_lines() if line.get_marker() == "."]
    assert [len(line.get_xdata()) for line in dots] == [1, 0]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == list(FEW)


def test_where_columns_have_no_room_for_names_rows_say_their_numbers():
    axes = matrix(MANY, COLUMN).axes[0]
    numbers = {n: text.get_text() for n, text in enumerate(axes.get_xticklabels(), start=1)}
    said = {n: text for n, text in numbers.items() if text}
    assert said == {n: str(n) for n in range(min(said), 13, min(said))}
    assert axes.get_yticklabels()[1].get_text() == "2  FEM, EfficientNetLite0"
