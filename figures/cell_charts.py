"""Charts of what methods and metrics noted beside a map: cells of a figure, or images."""

from collections.abc import Mapping, Sequence

import numpy as np

from figures.charts import pixels
from figures.line_chart import Line, LineChart, Styles
from figures.sheet import COLUMN, font_of

DOTS = 300  # per inch
WIDTH = 3.0  # of a chart by itself, inches
FLATTEST, STEEPEST = 0.6, 1.5  # its height, in widths


def convergence_chart(convergence: Sequence[Sequence[float]]) -> LineChart:
    """How well the map correlates with the one of half as many samples, by their number.

    `convergence` are pairs of number and correlation, as RISE notes them.
    """
    counts, correlations = zip(*convergence, strict=True) if convergence else ((), ())
    lines = (Line(counts, correlations),)
    return LineChart(lines=lines, across="samples", up="correlation", is_doubling=True)


def curves_chart(curves: Mapping[str, Sequence[Sequence[float]]]) -> LineChart:
    """The class's score by the share of pixels that were shown, or taken away.

    `curves` are (shares, scores) by the metric's title.
    """
    lines = tuple(Line(*curve, kind=metric) for metric, curve in curves.items())
    return LineChart(lines=lines, across="share of pixels", up="score")


def cascade_chart(cascade: Sequence[Sequence[float]]) -> LineChart:
    """The map's rank correlation with the one after so many layers were re-initialised.

    `cascade` is (numbers of layers, correlations).
    """
    across, up = "layers", "correlation"
    return LineChart(lines=(Line(*cascade),), across=across, up=up, limits=(-1.05, 1.05))


def represent_convergence(saliency_map: np.ndarray, image: np.ndarray, convergence) -> np.ndarray:
    """`convergence_chart` as an image, of the image's proportions within limits."""
    return chart_image(convergence_chart(convergence), image)


def represent_curves(saliency_map: np.ndarray, image: np.ndarray, curves) -> np.ndarray:
    """`curves_chart` as an image, of the image's proportions within limits."""
    return chart_image(curves_chart(curves), image)


def represent_cascade(saliency_map: np.ndarray, image: np.ndarray, cascade) -> np.ndarray:
    """`cascade_chart` as an image, of the image's proportions within limits."""
    return chart_image(cascade_chart(cascade), image)


def chart_image(chart: LineChart, image: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8: the chart with its legend."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    side = min(max(image.shape[0] / image.shape[1], FLATTEST), STEEPEST)
    figure = Figure(figsize=(WIDTH, WIDTH * side), dpi=DOTS, layout="constrained")
    axes, font, styles = figure.add_subplot(), font_of(COLUMN), Styles([chart])
    chart.draw(axes, font, styles)
    samples = [Line2D([], [], color=s.colour, linestyle=s.dashes) for s in styles.legend]
    if samples:
        axes.legend(samples, [style.text for style in styles.legend], fontsize=font)
    return pixels(figure)
