"""Explanations as parts of the page."""

import base64
import io
import re
import threading
from dataclasses import replace

import numpy as np
import pytest
from markupsafe import escape
from PIL import Image
from support import noise

from images import Clip
from methods import METHODS
from pipeline import Augmentation, Masking
from pipeline.explaining.explanation import titles_apart
from pipeline.reporting.clip_figures import GAP
from views import VIEWS
from web.answers import Detection
from web.display import DisplayOptions
from web.html import render
from web.render import downloads_html, maps_html, subject_html
from web.render_boxes import detection_title, numbered_boxes
from web.render_experiments import change_downloads_html, changes_html
from web.render_views import view_downloads_html, view_html

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
    hostile = answer._replace(explanations=[hostile], left_out=(HOSTILE,), failures=(HOSTILE,))
    link = {"file_name": HOSTILE, "source": HOSTILE, "text": HOSTILE}
    parts = {
        "maps": (
            maps_html(hostile, OVERLAY),
            3 * 2 + 2 * 3 + 2,
        ),  # alt, slider, caption; the rest
        "image": (render("image.html", source="", caption=HOSTILE, has_boxes=True), 2),
        "links": (render("downloads.html", links=[link]), 3),
        "downloads": (downloads_html(hostile, OVERLAY), 0),  # of the record base64 alone
    }
    for name, (html, times) in parts.items():
        assert (name, html.count(str(escape(HOSTILE)))) == (name, times)
        assert "<script" not in html
        assert "<i onclick" not in html


def test_a_map_of_the_images_size_lies_over_it_and_a_chart_does_not(service, image):
    calls = [METHODS["RISE"].call(masks=96), METHODS["GRADCAM"].call()]
    answer = service.explain("small", image, calls, "ant")
    figures = maps_html(answer, OVERLAY).split("<figure")[1:]
    assert ["frame over" in figure for figure in figures] == [False, True, True]
    assert [figure.count('type="range"') for figure in figures] == [0, 1, 1]
    assert [re.findall(r"--ratio: ([\d.]+)", figure) for figure in figures] == [["1.0"]] * 3
    one = answer._replace(explanations=answer.explanations[:1])
    chart = maps_html(one, DisplayOptions("convergence", None, 0.5)).split("<figure")[2]
    assert "frame" not in chart
    assert "range" not in chart


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


def test_a_clip_is_an_animation_beside_its_maps_and_a_strip(clip_service):
    clip = Clip(noise((160, 200), count=4).astype(np.uint8), [0, 1, 2, 3], seconds=2.0)
    calls = [METHODS["GRADCAM"].call(), METHODS["FEM"].call()]
    answer = clip_service.explain("clips", clip, calls, "index:1")
    html, links = maps_html(answer, OVERLAY), downloads_html(answer, OVERLAY)
    first, second, strip = re.findall(r'src="data:image/(\w+);base64,([^"]+)"', html)
    assert [first[0], second[0], strip[0]] == ["gif", "gif", "jpeg"]
    with Image.open(io.BytesIO(base64.b64decode(first[1]))) as animation:
        assert animation.n_frames == 4
        assert animation.size == (2 * 200 + GAP, 160)
        assert animation.info["duration"] == 500
    with Image.open(io.BytesIO(base64.b64decode(strip[1]))) as image:
        assert image.size == (4 * 200 + 3 * GAP, 3 * 160 + 2 * GAP)
    assert re.findall(r'download="([^"]+)"', links) == [
        *("figure.png", "animation_1.gif", "animation_2.gif", "map_1.npy", "map_2.npy"),
        "record.json",
    ]
    with pytest.raises(ValueError, match="clips are drawn as heatmap, overlay"):
        maps_html(answer, DisplayOptions("isolines", None, 0.5))


def test_detections_are_drawn_with_their_numbers_on_a_larger_image(image):
    grey = np.full((40, 80, 3), 100, np.uint8)
    found = [
        Detection(number=0, title="ant", score=0.9, box=(10, 5, 20, 20)),
        Detection(number=1, title="bee", score=0.5, box=(70, 35, 10, 5)),
    ]
    drawn = numbered_boxes(grey, found)
    assert drawn.shape == (320, 640, 3)
    assert (grey == 100).all()
    assert (drawn[40:60, 80:90] == 255).any()  # the number
    assert (drawn[300:, 600:] == 255).any()  # the other, moved into the image
    assert detection_title(found[1]) == "1 · bee  50.0%"
    assert "80 x 40 pixels" in subject_html(grey, found)


def test_a_view_is_an_image_with_the_way_to_it_and_both_are_downloaded(service):
    answer = service.view("small", VIEWS["CLASS_IMPRESSION"].call(steps=3), None, "index:2")
    hostile = answer._replace(view=replace(answer.view, label=HOSTILE, description=HOSTILE))
    html, links = view_html(hostile), view_downloads_html(hostile)
    assert html.count(str(escape(HOSTILE))) == 2 * 2  # alt and caption
    assert "<i onclick" not in html
    assert re.findall(r'src="data:image/(\w+);', html) == ["jpeg", "gif"]
    assert "its way from noise" in html
    assert re.findall(r'download="([^"]+)"', links) == ["view.png", "way.gif", "record.json"]
    (image,) = re.findall(r'href="data:image/png;base64,([^"]+)"', links)
    with Image.open(io.BytesIO(base64.b64decode(image))) as content:
        np.testing.assert_array_equal(np.asarray(content), answer.view.image)


def test_changes_are_pairs_of_images_and_maps_with_tables(service, image):
    answer = service.explain("small", image, [METHODS["GRADCAM"].call()], "ant")
    answer = answer._replace(explanations=[replace(answer.explanations[0], label="<b>")])
    changed = service.explain_again(answer, [Augmentation("blur"), Masking(fraction=0.2)])
    changed = changed._replace(failures=(HOSTILE,))
    html = changes_html(changed, OVERLAY)
    assert html.count("<img") == 2 * 3
    assert html.count("<table>") == 2
    assert "<b>" not in html
    assert str(escape(HOSTILE)) in html
    assert "20% hidden" in html
    links = change_downloads_html(changed, OVERLAY)
    assert re.findall(r'download="([^"]+)"', links) == [
        *("changes.png", "augmentations.csv", "masking.csv")
    ]
    (table, _) = re.findall(r'href="data:text/csv;base64,([^"]+)"', links)
    header, row = base64.b64decode(table).decode().splitlines()
    assert header.startswith("classifier,method,class,augmentation")
    assert row.startswith("small,GRADCAM,<b>,blur")


def test_the_figure_says_once_what_its_maps_have_in_common(service, image):
    calls = [METHODS["GRADCAM"].call(), METHODS["LAYERCAM"].call()]
    answer = service.explain("small", image, calls, "index:2")
    headline, titles = titles_apart(answer.explanations)
    assert titles == ["Grad-CAM", "LayerCAM"]
    assert headline.startswith("small · ")
    _, alone = titles_apart(answer.explanations[:1])
    assert alone == ["its map"]
