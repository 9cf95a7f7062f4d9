"""Explanations as parts of the page: images and files lie in it, none on the server."""

import io
import json
from collections.abc import Sequence

import numpy as np
from PIL import Image

from figures import ColourBar, draw_grid
from pipeline.explaining.explanation import Explanation, colour_bar, drawable, percent
from pipeline.explaining.record import call_record, finite, versions
from pipeline.reporting.thumbnail_gallery import data_uri, legend, text
from registry import suggest
from representations import DISPLAY_RULES, REPRESENTATIONS, UPSAMPLING
from web.service import Answer

QUALITY = 88
DOTS = 150  # of a figure, per inch
COLUMNS = 4  # of a figure


def image_html(image: np.ndarray, words: str) -> str:
    """An image (H, W, 3) with words under it."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "jpeg", quality=QUALITY)
    source = data_uri(file.getvalue(), "image/jpeg")
    return (
        f'<figure><img src="{source}" alt="{text(words or "the image", 200)}">'
        f"<figcaption>{text(words, 400)}</figcaption></figure>"
    )


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


def shown_html(answer: Answer, look: DisplayOptions) -> str:
    """The image beside its maps, and what there is to say of them."""
    explanations = answer.explanations
    first = explanations[0]
    figures = [image_html(drawable(first.image), "the image")]
    for explanation in explanations:
        words = explanation.title.replace("\n", " · ")
        figures.append(image_html(look.draw(explanation), words))
    told = list(dict.fromkeys(line for e in explanations for line in _remarks(e)))
    if answer.left_out:
        told.append(f"Stopped before {', '.join(answer.left_out)}.")
    told.append(
        " ".join([UPSAMPLING, *dict.fromkeys(DISPLAY_RULES[e.rule].caption for e in explanations)])
    )
    legends = "".join(map(legend, _bars(explanations, look)))
    remarks = "".join(f"<p>{text(line, 600)}</p>" for line in told)
    return (
        f'<div class="maps">{"".join(figures)}</div>{legends}<div class="remarks">{remarks}</div>'
    )


def _remarks(explanation: Explanation) -> list[str]:
    """What a reader of the map has to know."""
    notes = explanation.notes
    told = []
    if explanation.stopped_early:
        told.append(f"Stopped early, after {notes.get('passes', 0):,} passes.")
    told += [f"No map: {explanation.diagnosis}."] if explanation.diagnosis else []
    told += [f"{notes['caution']}."] if notes.get("caution") else []
    where = explanation.title.replace("\n", ", ")
    return [f"{where}: {line}" for line in told]


def downloads_html(answer: Answer, look: DisplayOptions) -> str:
    """Links to the figure, the raw maps and the record, which are in the links themselves."""
    explanations = answer.explanations
    links = [_link("figure.png", _figure(explanations, look), "image/png", "figure (PNG)")]
    for number, explanation in enumerate(explanations, start=1):
        file = io.BytesIO()
        np.save(file, explanation.map)
        which = f" {number}" if len(explanations) > 1 else ""
        name = f"map{which.replace(' ', '_')}.npy"
        links.append(_link(name, file.getvalue(), "application/octet-stream", f"raw map{which}"))
    record = {
        "versions": versions(),
        "classifier": answer.classifier,
        "methods": [call_record(explanation.method) for explanation in explanations],
        "drawn": vars(look),
        "explanations": [explanation.as_record() for explanation in explanations],
    }
    content = json.dumps(finite(record), indent=2, ensure_ascii=False, default=str).encode()
    links.append(_link("record.json", content, "application/json", "record (JSON)"))
    return f'<div class="downloads">Download {" ".join(links)}</div>'


def _figure(explanations: Sequence[Explanation], look: DisplayOptions) -> bytes:
    images = [drawable(explanations[0].image), *map(look.draw, explanations)]
    titles = ["image", *(explanation.title for explanation in explanations)]
    columns = min(len(images), COLUMNS)
    figure = draw_grid(images, titles, columns, UPSAMPLING, _bars(explanations, look))
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DOTS)
    return file.getvalue()


def _bars(explanations: Sequence[Explanation], look: DisplayOptions) -> list[ColourBar]:
    """The colour bars that the maps need, each once."""
    if not REPRESENTATIONS[look.representation].coloured:
        return []
    return list(dict.fromkeys(colour_bar(look.colormap, e.rule) for e in explanations))


def _link(name: str, content: bytes, kind: str, words: str) -> str:
    source = data_uri(content, kind)
    return f'<a download="{name}" href="{source}">{text(words)}</a>'


def guess_title(title: str, probability: float) -> str:
    """A class and how sure the classifier is of it."""
    return f"{title}  {percent(probability)}"
