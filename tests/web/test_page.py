"""The page in a real browser, served as a visitor finds it; no request leaves this machine."""

import io
import json
import re

import numpy as np
import pytest
from page_visits import (
    DOG_CAT,
    MACAW,
    PHONE,
    caption,
    choose,
    downloaded,
    drawn_anew,
    shows,
    slowly,
    upload,
    visiting,
)
from PIL import Image


def test_an_image_is_explained_and_a_click_on_a_class_explains_that(visitor):
    page = visitor()
    upload(page, DOG_CAT)
    shows(page, "German shepherd")
    assert "Grad-CAM" in caption(page)
    guesses = page.locator(".guesses label")
    assert guesses.count() == 5
    second = guesses.nth(1).inner_text().split("  ")[0].strip()
    guesses.nth(1).click()
    shows(page, second.split(" ")[0])


def test_a_class_is_typed_with_completion_and_a_wrong_one_is_said(visitor):
    page = visitor()
    upload(page, DOG_CAT)
    shows(page, "German shepherd")
    choose(page, "Any other class", "tabby")
    shows(page, "tabby")
    box = page.get_by_label("Any other class", exact=True)
    box.click()
    box.press("Control+a")
    box.press_sequentially("no <b>such</b> class")
    box.press("Enter")
    page.get_by_text("no class 'no <b>such</b> class'").wait_for()


def test_another_method_layer_and_classifier(visitor, tmp_path):
    page = visitor()
    upload(page, MACAW)
    shows(page, "macaw")
    choose(page, "Method", "LayerCAM")
    shows(page, "LayerCAM")
    with drawn_anew(page):
        choose(page, "Layer", "block11_add")
    assert json.loads(downloaded(page, "record", tmp_path))["classifier"]["layer"] == "block11_add"
    choose(page, "Classifier", "SqueezeNet")
    shows(page, "SqueezeNet")
    with drawn_anew(page):
        choose(page, "Shown as", "isolines")
    shows(page, "LayerCAM")


def test_a_long_method_takes_its_options_shows_progress_and_is_stopped(visitor):
    page = visitor()
    upload(page, MACAW)
    shows(page, "macaw")
    choose(page, "Method", "RISE")
    page.get_by_text("takes a while: press Explain").wait_for()
    page.get_by_label("masks").fill("16000")
    page.get_by_role("button", name="Explain").click()
    page.get_by_text("Stop keeps what is known").first.wait_for()
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Stopped early, after").wait_for()
    assert "RISE (masks=16000)" in caption(page)


def test_methods_and_classes_are_compared_side_by_side(visitor):
    page = visitor()
    upload(page, DOG_CAT)
    shows(page, "German shepherd")
    page.get_by_role("button", name="Compare methods").click()
    page.get_by_role("button", name="Compare", exact=True).click()
    shows(page, "any class")
    assert page.locator("#maps figure").count() == 1 + 2 + 1  # the image; two classes; FEM once


def test_figure_map_and_record_are_downloaded(visitor, tmp_path):
    page = visitor()
    upload(page, MACAW)
    shows(page, "macaw")
    assert np.load(io.BytesIO(downloaded(page, "raw map", tmp_path))).shape == (7, 7)
    assert downloaded(page, "figure", tmp_path).startswith(b"\x89PNG")
    record = json.loads(downloaded(page, "record", tmp_path))
    assert record["classifier"]["layer"] == "top_relu6"
    assert record["methods"][0]["options"] == {"relu": "sum", "smooth": "none"}
    assert {file.name for file in tmp_path.iterdir()} == {"map.npy", "figure.png", "record.json"}


def test_the_weight_of_the_map_and_the_colours_are_changed(visitor):
    page = visitor()
    upload(page, MACAW)
    shows(page, "macaw")
    slider = page.get_by_label(re.compile("^range slider for Map"))
    slider.focus()
    for key in ("Home", "End"):
        with drawn_anew(page):
            slider.press(key)
    with drawn_anew(page):
        choose(page, "Colormap", "gray")


@pytest.mark.parametrize("content", [b"no image", b"\x89PNG\r\n\x1a\n broken", b""])
def test_a_broken_file_is_said_and_the_page_goes_on(visitor, content):
    page = visitor()
    upload(page, DOG_CAT)
    shows(page, "German shepherd")
    upload(page, None, name="../../<b>x.png", mimeType="image/png", buffer=content)
    page.get_by_text("this image cannot be read" if content else "is empty").wait_for()
    assert "German shepherd" in caption(page)
    upload(page, MACAW)
    shows(page, "macaw")


def test_two_visitors_at_once_see_their_own(visitor):
    pages = visitor(), visitor()
    upload(pages[0], DOG_CAT)
    upload(pages[1], MACAW)
    shows(pages[0], "German shepherd")
    shows(pages[1], "macaw")
    for page in pages:
        choose(page, "Method", "SmoothGrad")
        page.get_by_label("samples").locator("visible=true").fill("4")
        page.get_by_role("button", name="Explain").click()
    for page, words in zip(pages, ("German shepherd", "macaw"), strict=True):
        shows(page, "SmoothGrad")
        assert words in caption(page)


def test_a_sample_is_clicked_on_a_phone_and_nothing_is_too_wide(visitor):
    page = visitor(viewport=PHONE)
    page.locator("#samples button").first.click()
    shows(page, "Grad-CAM")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.locator("#maps img").nth(1).bounding_box()["width"] > 300


def test_a_view_is_shown_and_downloaded(visitor, tmp_path):
    page = visitor()
    upload(page, MACAW)
    shows(page, "macaw")
    page.get_by_role("button", name="Inside the classifier").click()
    page.get_by_role("button", name="Show", exact=True).click()
    page.locator("#view figcaption", has_text="Activations").wait_for()
    choose(page, "View", "Class impression")
    page.get_by_label("steps").locator("visible=true").fill("4")
    page.get_by_role("button", name="Show", exact=True).click()
    page.locator("#view figcaption", has_text="Class impression (steps=4)").wait_for()
    assert page.locator("#view img").nth(1).get_attribute("src").startswith("data:image/gif")
    way = downloaded(page, "its way", tmp_path, within="#view_downloads")
    assert way.startswith(b"GIF89a")


def test_an_explanation_is_asked_for_again_after_changes(visitor, tmp_path):
    page = visitor(viewport=PHONE)
    upload(page, MACAW)
    shows(page, "macaw")
    page.get_by_role("button", name="Does it hold?").click()
    page.get_by_label("kept, and all else hidden").check()
    page.get_by_role("button", name="Change and explain again").click()
    page.locator("#changes table").nth(1).wait_for()
    assert page.locator("#changes .pair").count() == 1 + 2 + 2
    assert page.locator("#changes figcaption", has_text="20% kept").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    table = downloaded(page, "masking", tmp_path, within="#change_downloads").decode()
    assert len(table.splitlines()) == 1 + 2


def test_a_clip_is_explained_and_a_broken_one_is_said(browser, served, clip_choice, tmp_path):
    frames = [Image.new("RGB", (60, 40), (0, 60 * number, 0)) for number in range(5)]
    frames[0].save(tmp_path / "clip.gif", save_all=True, append_images=frames[1:], duration=100)
    (tmp_path / "server").mkdir()
    flags = ("--model_path", clip_choice.model_path)
    with served(tmp_path / "server", *flags) as address, visiting(browser) as visit:
        page = visit(address)
        upload(page, None, name="broken.mp4", mimeType="video/mp4", buffer=b"no clip")
        page.get_by_text("this is no clip that is known").wait_for()
        upload(page, tmp_path / "clip.gif")
        page.locator("#maps .strip img").wait_for()
        assert page.locator("#maps img").first.get_attribute("src").startswith("data:image/gif")
        assert not page.locator("#samples").is_visible()
        choose(page, "Classifier", "SqueezeNet")
        page.locator("#samples button").first.click()
        shows(page, "SqueezeNet")


def test_a_detection_is_chosen_and_explained(browser, served, detector_folder, tmp_path):
    path = {"PYTHONPATH": str(detector_folder)}
    flags = ("--model_path", "red_places:detector")
    with served(tmp_path, *flags, **path) as address, visiting(browser) as visit:
        page = visit(address)
        upload(page, MACAW)
        page.locator("#image .boxes img").wait_for()
        choose(page, "Method", "Occlusion")
        page.get_by_text("Occlusion takes a while").wait_for()
        with slowly(page):  # what is chosen is explained, however soon Explain is pressed
            page.locator(".guesses label", has_text="1 ·").click()
            page.get_by_role("button", name="Explain", exact=True).click()
            shows(page, "(box)")
        page.locator("#box").locator("input, textarea").fill("1,2,3")
        page.get_by_role("button", name="Explain", exact=True).click()
        page.get_by_text("expected a detection's number").wait_for()
