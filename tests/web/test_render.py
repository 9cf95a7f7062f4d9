"""Explanations as parts of the page."""

import re
import threading
from dataclasses import replace

from markupsafe import escape

from methods import METHODS
from web.render import DisplayOptions, downloads_html, image_html, maps_html, render

HOSTILE = "<script>alert(\"1\")</script>&amp;'\"><i onclick='alert(2)'>"
OVERLAY = DisplayOptions("overlay", None, 0.5)


def test_what_is_shown_has_its_files_within_and_names_escaped(service, image):
    answer = service.explain("small", image, [METHODS["GRADCAM"].call()], "index:2")
    options = DisplayOptions("isolines", "viridis", 0.3)
    maps, links = maps_html(answer, options), downloads_html(answer, options)
    assert "<b>" not in maps
    assert "&lt;b&gt;" in maps
    targets = re.findall(r'(?:src|href)="(.{5})', maps + links)
    assert len(targets) == 5
    assert set(targets) == {"data:"}
    assert re.findall(r'download="([^"]+)"', links) == ["figure.png", "map.npy", "record.json"]


def test_a_name_that_is_html_is_escaped_in_every_part(service, image):
    answer = service.explain("small", image, [METHODS["GRADCAM"].call()], "ant")
    (explanation,) = answer.explanations
    hostile = replace(explanation, label=HOSTILE, classifier=HOSTILE, diagnosis=HOSTILE)
    hostile.notes["caution"] = HOSTILE
    hostile = answer._replace(explanations=[hostile], left_out=(HOSTILE,))
    link = {"file_name": HOSTILE, "source": HOSTILE, "text": HOSTILE}
    parts = {
        "maps": (maps_html(hostile, OVERLAY), 2 * 2 + 2 * 3 + 1),  # alt, caption, remarks, left out
        "image": (image_html(image, HOSTILE), 2),
        "links": (render("downloads.html", links=[link]), 3),
        "downloads": (downloads_html(hostile, OVERLAY), 0),  # of the record base64 alone
    }
    for name, (html, times) in parts.items():
        assert (name, html.count(str(escape(HOSTILE)))) == (name, times)
        assert "<script" not in html
        assert "<i onclick" not in html


def test_what_was_stopped_early_or_left_out_is_said_below_the_maps(service, image):
    stop = threading.Event()
    stop.set()
    calls = [METHODS["GRADCAM"].call(), METHODS["RISE"].call(masks=96), METHODS["FEM"].call()]
    answer = service.explain("small", image, calls, "ant", stop=stop)
    assert "Stopped before RISE, FEM." in maps_html(answer, OVERLAY)
    (explanation,) = answer.explanations
    stopped = replace(explanation, notes={"stopped_early": True, "passes": 32})
    stopped = answer._replace(explanations=[stopped])
    assert "Stopped early, after 32 passes" in maps_html(stopped, OVERLAY)
