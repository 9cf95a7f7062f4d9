"""Figures of views: what is inside a classifier."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from figures import ANIMATION
from figures.grid import LARGEST_CELL, PAGE
from figures.saving import REST
from pipeline.explaining.explanation import drawable, side_by_side
from pipeline.explaining.view_image import ViewImage
from pipeline.plan import Display
from pipeline.reporting.captions import view_caption
from pipeline.reporting.figure_files import FigureFiles
from pipeline.reporting.file_names import view_name

CELLS, COLUMNS = 12, 4  # of one figure


class ViewFigures:
    """Draws the images of views; holds no more than each view's next figure."""

    def __init__(self, display: Display, files: FigureFiles):
        self.display, self.files = display, files
        self._pages: dict[tuple[str, str], list[ViewImage]] = {}

    def add(self, view: ViewImage) -> None:
        """Draws a view's image, or keeps it until a figure is full."""
        if self.display.format == ANIMATION and view.frames is not None:
            self.files.save_animation(view_name(view), view.frames, rest=REST)
        if self.display.kind == "bare":
            self.files.save_bare(view_name(view), lambda image=view.image: image)
            return
        page = self._pages.setdefault((str(view.call), view.classifier), [])
        page.append(view)
        cells = sum(len(_cells(drawn)) for drawn in page)
        is_alone = self.display.kind == "singles" or view.call.entry.is_mosaic
        if is_alone or cells + len(_cells(view)) > CELLS:
            self._save(page)

    def finish(self) -> None:
        """Saves the figures that are not full."""
        for page in self._pages.values():
            if page:
                self._save(page)

    def _save(self, page: list[ViewImage]) -> None:
        images, titles = zip(*(cell for view in page for cell in _cells(view)), strict=True)
        columns = min(COLUMNS, len(images))
        largest = PAGE if page[0].call.entry.is_mosaic else LARGEST_CELL
        self.files.save(_page_name(page), images, titles, columns, view_caption(page), (), largest)
        page.clear()


def _cells(view: ViewImage) -> list[tuple[np.ndarray, str]]:
    """Images and their titles: the image that it is of before the view's, unless it is a mosaic."""
    if view.source is None:
        return [(view.image, view.title)]
    if view.call.entry.is_mosaic:
        return [(view.image, f"{view.path.name}\n{view.title}")]
    source = view.source if view.source.ndim == 3 else side_by_side(view.source)
    return [(drawable(source), view.path.name), (view.image, view.title)]


def _page_name(page: Sequence[ViewImage]) -> str:
    first = page[0]
    if len(page) == 1:
        return view_name(first)
    path = Path(f"{len(page)}_images") if first.path else None
    labels = "-".join(view.label for view in page if view.label) or None
    return view_name(first, path=path, label=labels)
