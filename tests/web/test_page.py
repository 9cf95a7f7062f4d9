"""The page in a real browser, served as a visitor finds it; no request leaves this machine."""

import io
import json
import re
from contextlib import contextmanager

import numpy as np
import pytest
from support import ROOT

DOG_CAT, MACAW = (str(ROOT / f"data/{name}.jpg") for name in ("dog_cat", "macaw"))
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def visitor(address, browser):
    """Opens the page for a visitor; whatever it asks of another host fails the test."""
    contexts, asked, errors = [], [], []

    def visitor(**how):
        context = browser.new_context(**how)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        page.get_by_role("button", name="Explain").wait_for()
        return page

    yield visitor
    for context in contexts:
        context.close()
    own = (address, "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == []
    assert errors == []


def upload(page, file, **content) -> None:
    page.locator("#upload input[type=file]").set_input_files(content or file)


def caption(page) -> str:
    """What stands under the first map, once it is there."""
    return page.locator("#maps figcaption").nth(1).inner_text()


def shows(page, words: str) -> None:
    page.locator("#maps figcaption", has_text=words).first.wait_for()


def choose(page, label: str, words: str) -> None:
    """Picks from a list, typing what it should be completed from."""
    box = page.get_by_label(label, exact=True).first
    box.click()
    box.press("Control+a")
    box.press_sequentially(words)
    page.get_by_role("option", name=words, exact=True).click()


@contextmanager
def drawn_anew(page):
    """What is done inside has the first map drawn in another way, and that has come."""
    before = page.locator("#maps img").nth(1).get_attribute("src")
    yield
    page.wait_for_function(
        "before => (document.querySelectorAll('#maps img')[1]?.src ?? before) != before",
        arg=before,
    )


def downloaded(page, words: str, folder) -> bytes:
    """The content of the file behind a link; it is in the folder, by its own name."""
    with page.expect_download() as coming:
        page.locator("#downloads a", has_text=words).click()
    file = folder / coming.value.suggested_filename
    coming.value.save_as(file)
    return file.read_bytes()


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
