"""Views as parts of the page: an image, the way to it, and their downloads."""

from figures.saving import PAUSE, REST, as_gif
from pipeline.explaining.drawable import drawable
from pipeline.explaining.record import call_record
from pipeline.reporting.html_templates import data_uri
from web.answers import ViewAnswer
from web.files import Link, image_uri, png_uri, record_uri
from web.html import render
from web.render_clips import animation_uri

SMALLEST = (224, 224)  # pixels: smaller images are shown larger


def view_html(answer: ViewAnswer) -> str:
    """The view's image with what it says of itself, and the way to it where it ascended."""
    view = answer.view
    figures = [(image_uri(drawable(view.image, SMALLEST)), view.title.replace("\n", " · "))]
    if view.frames is not None:
        figures.append((animation_uri(view.frames, PAUSE, REST), "its way from noise"))
    remarks = ["Stopped early."] if view.stopped_early else []
    remarks += [view.call.description, view.call.entry.legend]
    return render(
        "view.html",
        figures=figures,
        remarks=[remark for remark in remarks if remark],
        is_mosaic=view.call.entry.is_mosaic,
    )


def view_downloads_html(answer: ViewAnswer) -> str:
    """Links to the image, to the animation of its way, and to the record."""
    view = answer.view
    links = [Link("view.png", png_uri(view.image), "image (PNG)")]
    if view.frames is not None:
        way = data_uri(as_gif(view.frames, rest=REST), "image/gif")
        links.append(Link("way.gif", way, "its way (GIF)"))
    record = {
        "classifier": answer.classifier,
        "view": call_record(view.call),
        "viewed": view.as_record(),
    }
    links.append(Link("record.json", record_uri(record), "record (JSON)"))
    return render("downloads.html", links=links)
