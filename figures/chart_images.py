"""Charts as images, for a cell of a grid: what methods and metrics noted beside a map."""

import numpy as np

from figures.charts import pixels, small_chart


def represent_convergence(
    saliency_map: np.ndarray, image: np.ndarray, convergence: list[list[float]]
) -> np.ndarray:
    """A chart: how well the map correlates with the one of half as many samples, by their number.

    `convergence` are pairs of number and correlation, as RISE notes them.
    """
    counts, correlations = zip(*convergence, strict=True) if convergence else ((), ())
    labels = ("samples", "correlation with half of them")
    figure = small_chart({"": (counts, correlations)}, *labels, _side(image), xscale="log")
    (axes,) = figure.axes
    axes.set_xticks(counts, labels=[f"{count:g}" for count in counts], rotation=60, fontsize=7)
    axes.minorticks_off()
    return pixels(figure)


def represent_curves(
    saliency_map: np.ndarray, image: np.ndarray, curves: dict[str, list[list[float]]]
) -> np.ndarray:
    """A chart: the class's score by the share of pixels that were shown, or taken away.

    `curves` are (shares, scores) by the metric's name.
    """
    labels = ("share of pixels", "score of the class")
    return pixels(small_chart(curves, *labels, _side(image)))


def represent_cascade(
    saliency_map: np.ndarray, image: np.ndarray, cascade: list[list[float]]
) -> np.ndarray:
    """A chart: the map's correlation with the one after so many layers were re-initialised.

    `cascade` is (numbers of layers, correlations).
    """
    labels = ("layers re-initialised, from the top", "rank correlation")
    figure = small_chart({"": cascade}, *labels, _side(image))
    figure.axes[0].axhline(0, color="black", linewidth=0.5)
    figure.axes[0].set_ylim(-1.05, 1.05)
    return pixels(figure)


def _side(image: np.ndarray) -> float:
    return image.shape[0] / image.shape[1]
