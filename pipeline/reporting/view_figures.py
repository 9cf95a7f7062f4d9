"""Figures of views: what is inside a classifier."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from figures import ANIMATION, Mark, Sheet
from figures.saving import REST
from figures.sheet import LARGEST_CELL, PAGE, font_of, most_columns
from figures.text import cut_in_middle, inches
from pipeline.explaining.drawable import drawable, side_by_side
from pipeline.explaining.explanation import HEADLINE
from pipeline.explaining.view_image import ViewImage
from pipeline.plan import Display
from pipeline.reporting.captions import view_caption
from pipeline.reporting.figure_files import FigureFiles
from pipeline.reporting.file_names import view_name
from runtime import escaped
from views.mosaic import tile_corners

CELLS, COLUMNS = 12, 4  # of one figure
MOSAIC = (1.0, 3.0)  # widths of an image and of a mosaic beside it
EDGE = 0.06  # beside a number in a tile, inches


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
        first, width = page[0], self.display.width
        cells = [cell for view in page for cell in _cells(view)]
        images, titles = zip(*cells, strict=True)
        columns = min(COLUMNS, len(images), most_columns(width, has_labels=False))
        is_mosaic = first.call.entry.is_mosaic
        shares = MOSAIC if is_mosaic and len(images) == len(MOSAIC) else (1.0,) * columns
        mosaic_width = width * shares[-1] / sum(shares)
        marks = _marks(first, len(images) - 1, mosaic_width, font_of(width))
        sheet = Sheet(
            images=images,
            titles=titles,
            columns=columns,
            headline=HEADLINE.join([first.call.title, first.classifier_title]),
            marks=marks,
            shares=shares,
            caption=view_caption(page),
            width=width,
            largest=PAGE if is_mosaic else LARGEST_CELL,
        )
        self.files.save(_page_name(page), sheet, view_caption(page, is_full=True))
        page.clear()


def _cells(view: ViewImage) -> list[tuple[np.ndarray, str]]:
    """Images and their titles: the image that it is of before the view's."""
    about = "\n".join(filter(None, [(view.label or "").replace("_", " "), view.description]))
    if view.source is None:
        return [(view.image, about)]
    source = view.source if view.source.ndim == 3 else side_by_side(view.source)
    name = cut_in_middle(escaped(view.path.name), LARGEST_CELL, font_of(PAGE))
    return [(drawable(source), name), (view.image, about)]


def _marks(view: ViewImage, cell: int, width: float, font: float) -> list[Mark]:
    """Numbers of the tiles of a mosaic that is so wide, inches, where there is room for them."""
    numbers = view.call.entry.numbers
    if numbers is None:
        return []
    texts, tile, across = numbers(view.notes), view.notes["tiles"][0], view.image.shape[1]
    if width * tile[1] / across < max(inches(str(text), font) for text in texts) + EDGE:
        return []
    corners = tile_corners(across, tile, len(texts))
    return [Mark(cell, x, y, str(text)) for (x, y), text in zip(corners, texts, strict=True)]


def _page_name(page: Sequence[ViewImage]) -> str:
    first = page[0]
    if len(page) == 1:
        return view_name(first)
    path = Path(f"{len(page)}_images") if first.path else None
    labels = "-".join(view.label for view in page if view.label) or None
    return view_name(first, path=path, label=labels)
