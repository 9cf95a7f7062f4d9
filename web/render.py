"""Explanations as parts of the page: images and files lie in it, none on the server."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from figures import ColourBar, draw_sheet
from figures.display_rules import DISPLAY_RULES
from figures.grid import sheet_of
from figures.saving import as_png
from images import Clip
from pipeline.explaining.explanation import Explanation, colour_bar, percent, titles_apart
from pipeline.explaining.record import call_record
from pipeline.reporting.html_templates import data_uri
from pipeline.reporting.thumbnail_gallery import shrink
from representations import CLIP_UPSAMPLING, REPRESENTATIONS, UPSAMPLING
from web.answers import Answer, Detection
from web.display import DisplayOptions
from web.files import Link, array_uri, image_uri, record_uri
from web.html import render
from web.render_boxes import numbered_boxes
from web.render_clips import clip_uri, map_animation, strip_cells, strip_image
from web.subjects import Subject

COLUMNS = 4  # of a figure


class Figure(NamedTuple):
    """A part of the page with a caption."""

    source: str
    caption: str
    ratio: float | None = None  # width by height, of what has the image's size
    is_over: bool = False  # whether it lies over the image and can be wiped off


def subject_html(subject: Subject, detections: Sequence[Detection] = ()) -> str:
    """A small image, or a clip that moves; a larger image with the boxes that are found in it."""
    if isinstance(subject, Clip):
        source, caption = clip_uri(subject), ""
    elif detections:
        height, width = subject.shape[:2]
        source = image_uri(numbered_boxes(subject, detections))
        caption = f"{width} x {height} pixels"
    else:
        source, caption = image_uri(shrink(subject)), ""
    return render("image.html", source=source, caption=caption, has_boxes=bool(detections))


def maps_html(answer: Answer, options: DisplayOptions) -> str:
    """The image beside its maps, or clips that move, and what there is to say of them."""
    explanations, strip = answer.explanations, None
    if explanations[0].is_clip:
        figures = [Figure(map_animation(e, options), _caption(e)) for e in explanations]
        strip = image_uri(strip_image(explanations, options))
    else:
        figures = _image_and_maps(explanations, options)
    remarks = list(dict.fromkeys(line for e in explanations for line in _remarks(e)))
    remarks += answer.failures
    if answer.left_out:
        remarks.append(f"Stopped before {', '.join(answer.left_out)}.")
    rules = dict.fromkeys(DISPLAY_RULES[explanation.rule].caption for explanation in explanations)
    remarks.append(" ".join([_upsampling(explanations), *rules]))
    colour_bars = _colour_bars(explanations, options)
    content = {"figures": figures, "strip": strip, "remarks": remarks}
    return render("maps.html", colour_bars=colour_bars, **content)


def _image_and_maps(explanations: Sequence[Explanation], options: DisplayOptions) -> list[Figure]:
    """The image, then each map, which can be wiped off the image; charts are as they are."""
    image = explanations[0].shown_image
    ratio = image.shape[1] / image.shape[0]
    figures = [Figure(image_uri(image), "the image", ratio)]
    is_over = REPRESENTATIONS[options.representation].chart is None
    for explanation in explanations:
        source = image_uri(options.draw(explanation))
        figures.append(Figure(source, _caption(explanation), ratio if is_over else None, is_over))
    return figures


def downloads_html(answer: Answer, options: DisplayOptions) -> str:
    """Links to the figure, the raw maps and the record, which are in the links themselves."""
    figure = data_uri(_figure(answer.explanations, options), "image/png")
    record = record_uri(_record(answer, options))
    moving = [e for e in answer.explanations if e.is_clip]
    animations = [map_animation(explanation, options) for explanation in moving]
    links = [
        Link("figure.png", figure, "figure (PNG)"),
        *_numbered("animation", "gif", "animation (GIF)", animations),
        *_numbered("map", "npy", "raw map", [array_uri(e.map) for e in answer.explanations]),
        Link("record.json", record, "record (JSON)"),
    ]
    return render("downloads.html", links=links)


def guess_title(title: str, probability: float) -> str:
    """A class and how sure the classifier is of it."""
    return f"{title}  {percent(probability)}"


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


def _numbered(stem: str, suffix: str, text: str, sources: Iterable[str]) -> list[Link]:
    """Links to files of one kind, numbered where there are several."""
    sources = list(sources)
    if len(sources) == 1:
        return [Link(f"{stem}.{suffix}", sources[0], text)]
    numbered = enumerate(sources, start=1)
    return [Link(f"{stem}_{n}.{suffix}", source, f"{text} {n}") for n, source in numbered]


def _record(answer: Answer, options: DisplayOptions) -> dict[str, Any]:
    """What was explained, by what, and how it is drawn."""
    return {
        "classifier": answer.classifier,
        "methods": [call_record(explanation.method) for explanation in answer.explanations],
        "drawn": vars(options),
        "explanations": [explanation.as_record() for explanation in answer.explanations],
    }


def _figure(explanations: Sequence[Explanation], options: DisplayOptions) -> bytes:
    """PNG: the image and its maps in a grid; of a clip frames over their maps."""
    if explanations[0].is_clip:
        images, titles, columns = strip_cells(explanations, options)
        headline = ""
    else:
        images = [explanations[0].shown_image, *map(options.draw, explanations)]
        headline, own = titles_apart(explanations)
        titles = ["image", *own]
        columns = min(len(images), COLUMNS)
    bars = _colour_bars(explanations, options)
    about = {"headline": headline, "caption": _upsampling(explanations)}
    return as_png(draw_sheet(sheet_of(images, titles, columns, bars, **about)))


def _upsampling(explanations: Sequence[Explanation]) -> str:
    return CLIP_UPSAMPLING if explanations[0].is_clip else UPSAMPLING


def _caption(explanation: Explanation) -> str:
    return explanation.title.replace("\n", " · ")


def _colour_bars(explanations: Sequence[Explanation], options: DisplayOptions) -> list[ColourBar]:
    """The colour bars that the maps need, each once."""
    if not REPRESENTATIONS[options.representation].coloured:
        return []
    return list(dict.fromkeys(colour_bar(options.colormap, e.rule) for e in explanations))
