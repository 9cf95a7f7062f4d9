"""The lab's helpers, all eight of them: what a notebook needs before the first explanation.

Where they take `model_name`, a Classifier does as well and spares building the model again.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from classifier import as_classifier
from classifier.applications import find_application
from figures import ColourBar, draw_sheet, save_figure, show_figure
from figures.grid import sheet_of


def normalise(matrix: np.ndarray) -> np.ndarray:
    """The matrix divided by its maximum, in [0, 1] where it has no negatives; zero stays zero."""
    matrix = np.asarray(matrix, np.float32)
    largest = matrix.max()
    return matrix / largest if largest > 0 else np.zeros_like(matrix)


def get_last_layer_name(model_name) -> str:
    """Path of the last layer with positions, "backbone/layer" where it is nested."""
    return as_classifier(model_name, weights="random").layer


def get_required_size(model_name) -> tuple[int, int]:
    """(height, width) of the images that the classifier takes."""
    return as_classifier(model_name, weights="random").input_size


def get_decode_predictions_name(model_name) -> Callable:
    """The function scores (N, K), top=5 -> for each row (id, name, score), best first."""
    return as_classifier(model_name, weights="random").decode_predictions


def get_preprocess_input_name(model_name) -> Callable:
    """The function (N, H, W, 3) RGB in [0, 255] -> what the classifier was trained on."""
    if isinstance(model_name, str):
        return find_application(model_name).preprocess
    return model_name.preprocess


def make_classifier(model_name):
    """The pretrained Keras model."""
    return as_classifier(model_name).model


def get_model_(model_name):
    """(the pretrained Keras model, its last layer's name)."""
    classifier = as_classifier(model_name)
    return make_classifier(classifier), get_last_layer_name(classifier)


def grid_layout(
    images: Sequence[np.ndarray | None],
    titles: Sequence[str],
    *,
    columns: int | None = None,
    path: str | Path | None = "results/grid.png",
    show: bool = True,
    colour_bars: Sequence[ColourBar] = (),
    **layout: Any,
) -> None:
    """Plots images and their titles as one grid, shows it where there is a display, saves it.

    Args:
        images: (H, W, 3) RGB uint8 each, or charts; None leaves a cell empty.
        titles: one for each image.
        columns: images in a row; all in one row if not given.
        path: where the figure goes, format by its ending; None saves nothing.
        colour_bars: what stands under the grid.
        layout: what else stands where, such as `caption`, `heads` and `labels`: see `Sheet`.

    Raises ValueError where there is not a title for each image.
    """
    figure = draw_sheet(sheet_of(images, titles, columns or len(images), colour_bars, **layout))
    if path is not None:
        save_figure(figure, path)
    if show:
        show_figure(figure)
