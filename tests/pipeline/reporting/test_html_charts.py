"""Charts of the report page on a dark page."""

import numpy as np

from figures.charts import box_chart, curve_chart, matrix_chart, pixels
from pipeline.reporting.html_charts import DARK_PAGE, chart_images, darken

CHARTS = {
    "boxes": lambda: box_chart({"M": {"A": np.arange(5.0), "B": np.arange(3.0)}}, "caption"),
    "curves": lambda: curve_chart(
        {"M": {"A": np.stack([np.linspace(0, 1, 9)] * 4)}}, ("x", "y"), "caption"
    ),
}


def share_of(image: np.ndarray, colour: tuple[int, ...]) -> float:
    return float((image == colour).all(axis=-1).mean())


def test_a_dark_chart_has_no_white_page_and_no_black_ink():
    dark = tuple(int(DARK_PAGE[start : start + 2], 16) for start in (1, 3, 5))
    for draw in CHARTS.values():
        chart = draw()
        light = pixels(chart)
        assert share_of(light, (255, 255, 255)) > 0.5
        darken(chart)
        image = pixels(chart)
        assert share_of(image, dark) > 0.5
        assert share_of(image, (255, 255, 255)) == 0
        assert image.min(axis=-1).max() > 150  # ink that is light
        assert (image.max(axis=-1) < 20).mean() == 0  # and none that is black


def test_numbers_in_a_matrix_keep_the_colour_that_their_cells_need():
    chart = matrix_chart([[0, 1], [1, 0]], ["a", "b"], ["a", "b"], "title", "caption")
    (axes,) = (axes for axes in chart.axes if axes.images)
    before = [text.get_color() for text in axes.texts]
    darken(chart)
    assert (
        [text.get_color() for text in axes.texts] == before == ["white", "black", "black", "white"]
    )
    assert axes.title.get_color() not in ("black", "white")


def test_charts_that_are_too_heavy_are_left_out():
    charts = {name: draw() for name, draw in CHARTS.items()}
    (all_of_it, _) = images = list(chart_images(charts, 10**7))
    weight = len(all_of_it.light) + len(all_of_it.dark)
    assert [image.name for image in images] == ["boxes", "curves"]
    charts = {name: draw() for name, draw in CHARTS.items()}
    assert [image.name for image in chart_images(charts, weight)] == ["boxes"]
    assert list(chart_images({"boxes": CHARTS["boxes"]()}, weight - 1)) == []
