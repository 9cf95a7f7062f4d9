"""Charts of the report page, each drawn twice: for readers of light pages and of dark ones."""

import io
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from figures.charts import pixels
from pipeline.reporting.html_templates import data_uri

DPI = 150
COLOURS = 128
DARK_PAGE, DARK_INK = "#1b1e23", "#e4e7eb"  # those of report.css
BLACK, WHITE = (0, 0, 0), (1, 1, 1)


class ChartImages(NamedTuple):
    """A chart's name and its two images, as parts of the page."""

    name: str
    light: str
    dark: str


def chart_images(charts: Mapping[str, Any], most: int) -> Iterator[ChartImages]:
    """Each chart, as long as there is room in `most` bytes; they are dark when this is over."""
    left = most
    for name, chart in charts.items():
        chart.set_dpi(DPI)
        light = _source(chart)
        darken(chart)
        images = ChartImages(name.replace("_", " "), light, _source(chart))
        weight = len(images.light) + len(images.dark)
        if weight <= left:
            left -= weight
            yield images


def darken(figure) -> None:
    """Turns what is black in a figure into light ink, and what is white into a dark page.

    Numbers in a matrix keep their colour: they lie on a cell's.
    """
    kept = {text for axes in figure.axes if axes.images for text in axes.texts}
    for artist in figure.findobj():
        if artist in kept:
            continue
        for part in ("color", "facecolor", "edgecolor", "markeredgecolor"):
            getter, setter = (getattr(artist, f"{verb}_{part}", None) for verb in ("get", "set"))
            if getter and setter and (colour := _dark(getter())):
                setter(colour)


def _dark(colour: Any) -> str | None:
    """What black and white become; None for all other colours."""
    from matplotlib.colors import is_color_like, to_rgba

    if not is_color_like(colour) or to_rgba(colour)[3] == 0:
        return None
    return {BLACK: DARK_INK, WHITE: DARK_PAGE}.get(to_rgba(colour)[:3])


def _source(figure) -> str:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels(figure)).quantize(COLOURS).save(file, "png", optimize=True)
    return data_uri(file.getvalue(), "image/png")
