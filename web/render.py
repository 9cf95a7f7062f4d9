"""Explanations as parts of the page: images and files lie in it, none on the server."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from figures import ColourBar, draw_grid
from figures.display_rules import DISPLAY_RULES
from pipeline.explaining.explanation import Explanation, colour_bar, drawable, percent
from pipeline.explaining.record import call_record, finite, versions
from pipeline.reporting.html_templates import data_uri, template_environment
from registry import suggest
from representations import REPRESENTATIONS, UPSAMPLING
from web.service import Answer

TEMPLATES = Path(__file__).with_name("templates")
QUALITY = 88  # of a JPEG
DPI = 150  # of a figure
COLUMNS = 4  # of a figure


class DisplayOptions:
    """How maps are drawn."""

    def __init__(self, representation: str, colormap: str | None, alpha: float):
        if representation not in REPRESENTATIONS:
            near = suggest(representation, REPRESENTATIONS)
            raise ValueError(f"no representation '{representation}'{near}")
        self.representation = representation
        self.colormap = colormap or None
        self.alpha = float(alpha)

    def draw(self, explanation: Explanation) -> np.ndarray:
        """The map as RGB. Raises ValueError where its method has no such representation."""
        return explanation.represented(self.representation, self.colormap, self.alpha)


class Link(NamedTuple):
    """A file that a visitor can download."""

    file_name: str
    source: str  # the file itself, as a data URI
    text: str


def render(template: str, **content: Any) -> str:
    """The template as HTML, with the content in it, escaped."""
    return template_environment(TEMPLATES).get_template(template).render(content)


def image_html(image: np.ndarray, caption: str = "") -> str:
    """An image (H, W, 3) with its caption under it."""
    return render("image.html", source=_image_uri(image), caption=caption)


def maps_html(answer: Answer, options: DisplayOptions) -> str:
    """The image beside its maps, and what there is to say of them."""
    explanations = answer.explanations
    figures = [(_image_uri(drawable(explanations[0].image)), "the image")]
    for explanation in explanations:
        source = _image_uri(options.draw(explanation))
        figures.append((source, explanation.title.replace("\n", " · ")))
    remarks = list(dict.fromkeys(line for e in explanations for line in _remarks(e)))
    if answer.left_out:
        remarks.append(f"Stopped before {', '.join(answer.left_out)}.")
    rules = dict.fromkeys(DISPLAY_RULES[explanation.rule].caption for explanation in explanations)
    remarks.append(" ".join([UPSAMPLING, *rules]))
    colour_bars = _colour_bars(explanations, options)
    return render("maps.html", figures=figures, colour_bars=colour_bars, remarks=remarks)


def downloads_html(answer: Answer, options: DisplayOptions) -> str:
    """Links to the figure, the raw maps and the record, which are in the links themselves."""
    figure = data_uri(_figure(answer.explanations, options), "image/png")
    record = data_uri(_record(answer, options), "application/json")
    links = [
        Link("figure.png", figure, "figure (PNG)"),
        *_map_links(answer.explanations),
        Link("record.json", record, "record (JSON)"),
    ]
    return render("downloads.html", links=links)


def guess_title(title: str, probability: float) -> str:
    """A class and how sure the classifier is of it."""
    return f"{title}  {percent(probability)}"


def _image_uri(image: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "jpeg", quality=QUALITY)
    return data_uri(file.getvalue(), "image/jpeg")


def _remarks(explanation: Explanation) -> list[str]:
    """What a reader of the map has to know."""
    notes = explanation.notes
    remarks = []
    if explanation.stopped_early:
        remarks.append(f"Stopped early, after {notes.get('passes', 0):,} passes.")
    remarks += [f"No map: {explanation.diagnosis}."] if explanation.diagnosis else []
    remarks += [f"{notes['caution']}."] if notes.get("caution") else []
    title = explanation.title.replace("\n", ", ")
    return [f"{title}: {remark}" for remark in remarks]


def _map_links(explanations: Sequence[Explanation]) -> list[Link]:
    """The raw maps, numbered where there are several."""
    links = []
    for number, explanation in enumerate(explanations, start=1):
        file = io.BytesIO()
        np.save(file, explanation.map)
        source = data_uri(file.getvalue(), "application/octet-stream")
        if len(explanations) == 1:
            links.append(Link("map.npy", source, "raw map"))
        else:
            links.append(Link(f"map_{number}.npy", source, f"raw map {number}"))
    return links


def _record(answer: Answer, options: DisplayOptions) -> bytes:
    """JSON: what was explained, by what, and how it is drawn."""
    record = {
        "versions": versions(),
        "classifier": answer.classifier,
        "methods": [call_record(explanation.method) for explanation in answer.explanations],
        "drawn": vars(options),
        "explanations": [explanation.as_record() for explanation in answer.explanations],
    }
    return json.dumps(finite(record), indent=2, ensure_ascii=False, default=str).encode()


def _figure(explanations: Sequence[Explanation], options: DisplayOptions) -> bytes:
    """PNG: the image and its maps in a grid."""
    images = [drawable(explanations[0].image), *map(options.draw, explanations)]
    titles = ["image", *(explanation.title for explanation in explanations)]
    columns = min(len(images), COLUMNS)
    bars = _colour_bars(explanations, options)
    figure = draw_grid(images, titles, columns, UPSAMPLING, bars)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DPI)
    return file.getvalue()


def _colour_bars(explanations: Sequence[Explanation], options: DisplayOptions) -> list[ColourBar]:
    """The colour bars that the maps need, each once."""
    if not REPRESENTATIONS[options.representation].coloured:
        return []
    return list(dict.fromkeys(colour_bar(options.colormap, e.rule) for e in explanations))
