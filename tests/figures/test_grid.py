"""Everything on a figure stands where it can be read, whatever stands there."""

import warnings
from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from figures import BarSpan, ColourBar, Mark, Sheet, Span, draw_grid, draw_sheet
from figures.line_chart import Line, LineChart
from figures.saving import DPI
from figures.sheet import COLUMN, FONTS, PAGE, most_columns

BARS = [
    ColourBar("turbo", ("0", "map's maximum"), ("0", "max.")),
    ColourBar("RdBu_r", ("against", "0", "for the class"), ("-", "0", "+")),
]
LONG = "Grad-CAM (relu=channels)\nEfficientNetLite0 (random weights)\n" + "a_very_long_name" * 5
CHART = LineChart(
    lines=(Line((0, 0.5, 1), (0.01, 0.004, 0), "Insertion", "Grad-CAM"),),
    across="share",
    up="score",
)


def boxes_of(figure) -> tuple[list, list]:
    """Extents of texts, and of images and colour bars."""
    figure.set_dpi(DPI)  # letters are a little wider in fewer dots
    renderer = FigureCanvasAgg(figure).get_renderer()
    texts = [text.get_window_extent(renderer) for text in figure.texts]
    for axes in figure.axes:
        ticks = axes.get_xticklabels() if axes.axison else []
        texts += [t.get_window_extent(renderer) for t in ticks if t.get_text()]
    return texts, [axes.get_window_extent() for axes in figure.axes]


def check(figure, width: float) -> None:
    """No text is on another, on an image or beyond the figure, which is no wider than it may be."""
    texts, axes = boxes_of(figure)
    space = 0.01 * figure.dpi
    assert figure.get_figwidth() <= width + 1e-6
    for text in texts:
        assert figure.bbox.x0 - 1 <= text.x0
        assert text.x1 <= figure.bbox.x1 + 1
        assert figure.bbox.y0 <= text.y0
        assert text.y1 <= figure.bbox.y1 + 1
        assert not any(text.padded(-2 * space).overlaps(box) for box in axes)
    for one, other in combinations(texts, 2):
        assert not one.padded(-space).overlaps(other.padded(-space))


@pytest.mark.parametrize("columns", [1, 3, 7])
@pytest.mark.parametrize("shape", [(20, 90), (90, 20), (40, 40)])
@pytest.mark.parametrize("title", ["short", LONG, "two words " * 12])
def test_titles_are_apart(columns, shape, title):
    images = [np.zeros((*shape, 3), np.uint8)] * (2 * columns)
    check(draw_grid(images, [title] * len(images), columns, "A caption. " * 30, BARS), PAGE)


def compared(width: float, shape: tuple[int, int], methods: int, name: str) -> Sheet:
    """Two images, each with a map of so many methods of two classifiers."""
    columns = 1 + methods
    heads = [Span(0, 0, 0, "image", 1)]
    heads += [Span(0, n, n, "Integrated gradients\nany class", 1) for n in range(1, columns)]
    middle = 1 + methods // 2
    if methods > 1:
        heads += [Span(0, 1, middle - 1, name), Span(0, middle, columns - 1, "SqueezeNet")]
    values = "\n".join(["0.123"] * 2)
    return Sheet(
        images=[np.zeros((*shape, 3), np.uint8)] * (2 * columns),
        titles=[""] * (2 * columns),
        columns=columns,
        headline=f"{name} \u00b7 what all cells share",
        heads=heads,
        labels=[[f"{name}.jpg", "African elephant 92.4%", "right"]] * 2,
        notes=[
            Span(0, 0, 0, "Insertion\nInformation gain", 0, is_name=True),
            *(Span(0, n, n, values) for n in range(1, columns)),
        ],
        bars=[BarSpan(1, n, n, BARS[n % 2]) for n in range(1, columns)],
        caption="A caption. " * 30,
        width=width,
    )


@pytest.mark.parametrize("width", [PAGE, COLUMN])
@pytest.mark.parametrize("shape", [(400, 1400), (1400, 400)])
@pytest.mark.parametrize("name", ["a", "a_picture_with_quite_a_long_name_of_2024"])
def test_heads_labels_values_and_bars_are_apart(width, shape, name):
    most = most_columns(width, has_labels=True)
    for methods in range(1, most):
        check(draw_sheet(compared(width, shape, methods, name)), width)


@pytest.mark.parametrize("width", [PAGE, COLUMN])
def test_a_figure_has_one_size_of_font(width):
    sheet = compared(width, (40, 60), 2, "name")
    figure = draw_sheet(sheet)
    sizes = {text.get_fontsize() for text in figure.texts}
    for axes in figure.axes[-len(sheet.bars) :]:
        sizes |= {label.get_fontsize() for label in axes.get_xticklabels()}
    assert sizes == {FONTS[width]}
    assert 7 <= FONTS[width] <= 9


def test_title_lines_share_their_baselines():
    images = [np.zeros((40, 40, 3), np.uint8)] * 3
    figure = draw_grid(images, ["pqgy", "a\nace\n(one)", "A\nb"], 3)
    places = {text.get_text(): text.get_position()[1] for text in figure.texts}
    assert places["pqgy"] == places["(one)"] == places["b"]
    assert places["ace"] == places["A"] > places["b"]


def test_names_are_cut_in_their_middle_and_classes_are_not():
    sheet = compared(COLUMN, (40, 60), 1, "the_first_letters_and_the_last_ones")
    labels = [text.get_text() for text in draw_sheet(sheet).texts]
    cut = next(text for text in labels if text.startswith("the_f") and "\u2026" in text)
    assert cut.endswith("s.jpg")
    assert {"African", "elephant 92.4%"} & set(labels)


def test_a_chart_has_room_for_its_numbers_and_one_legend_for_all():
    images = [np.zeros((40, 60, 3), np.uint8), CHART.named("FEM"), CHART, CHART]
    sheet = Sheet(images=[None, *images[1:]], titles=["", "curves", "", ""], columns=2)
    figure = draw_sheet(sheet)
    written = [text.get_text() for text in figure.texts]
    assert written == ["curves", "FEM", "Grad-CAM"]  # one metric needs no telling apart
    renderer = FigureCanvasAgg(figure).get_renderer()
    for axes in figure.axes:
        box = axes.get_tightbbox(renderer)
        assert box.x0 >= -1
        assert box.x1 <= figure.bbox.x1 + 1
    colours = {line.get_color() for axes in figure.axes for line in axes.get_lines()}
    assert len(colours) == 2


def test_marks_stand_within_their_tiles():
    image = np.zeros((100, 100, 3), np.uint8)
    marks = [Mark(0, 0, 0, "1"), Mark(0, 50, 50, "1279")]
    figure = draw_sheet(Sheet(images=[image], titles=[""], columns=1, marks=marks))
    (axes,) = figure.axes
    renderer = FigureCanvasAgg(figure).get_renderer()
    first, second = (text.get_window_extent(renderer) for text in axes.texts)
    middle = axes.transData.transform((50, 50))
    assert first.x1 < middle[0] < second.x0
    assert first.y0 > middle[1] > second.y1


def test_a_figure_of_pdf_and_svg_has_its_texts_as_texts(tmp_path):
    from figures import save_figure

    figure = draw_grid([np.zeros((4, 4, 3), np.uint8)], ["a title to look for"], 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        svg = save_figure(figure, tmp_path / "a.svg").read_text()
        pdf = save_figure(figure, tmp_path / "a.pdf").read_bytes()
    assert "a title to look for" in svg
    assert b"/TrueType" in pdf or b"/Type0" in pdf
    assert b"/Type3" not in pdf
