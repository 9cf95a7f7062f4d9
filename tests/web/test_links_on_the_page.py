"""The sample that a page opens with, and links from one visitor to another, in a real browser."""

import re

import pytest
from page_visits import DOG_CAT, MACAW, caption, choose, drawn_anew, shows, upload

GRADCAM = "Grad-CAM · EfficientNetLite0 · African elephant"


def link_of(page) -> str:
    """The link that the page copies."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy", exact=True).click()
    page.get_by_role("button", name="Copied", exact=True).wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url == page.locator("#link").locator("input, textarea").input_value()
    return link


def settings(page) -> dict[str, str]:
    """What stands in the fields of the form that everyone sees."""
    names = ("Classifier", "Method", "Layer", "Any other class", "Shown as", "Colormap")
    return {name: page.get_by_label(name, exact=True).first.input_value() for name in names}


@pytest.mark.parametrize("which", ["one", "the next"])
def test_each_visitor_opens_an_explained_sample_and_its_settings(visitor, address, which):
    page = visitor()
    shows(page, GRADCAM)
    assert settings(page) == {
        "Classifier": "EfficientNetLite0",
        "Method": "Grad-CAM",
        "Layer": "the last",
        "Any other class": "African elephant",
        "Shown as": "overlay",
        "Colormap": "as it suits",
    }
    checked = page.locator(".guesses label", has=page.locator("input:checked"))
    assert "African elephant" in checked.inner_text()
    assert link_of(page) == f"{address}/"
    with drawn_anew(page):  # what is shown is the visitor's, as if it had been asked for
        choose(page, "Shown as", "isolines")
    page.get_by_role("button", name="Explain", exact=True).click()
    page.wait_for_url(re.compile(r"\?representation=isolines$"))


def test_a_link_shows_another_visitor_the_same(visitor):
    page = visitor()
    shows(page, GRADCAM)
    page.locator("#samples button").nth(6).click()
    shows(page, "German shepherd")
    choose(page, "Classifier", "SqueezeNet")
    shows(page, "SqueezeNet")
    choose(page, "Any other class", "tabby")
    shows(page, "tabby")
    choose(page, "Method", "LayerCAM")
    shows(page, "LayerCAM")
    choose(page, "smooth", "augment")
    page.get_by_role("button", name="Explain", exact=True).click()
    shows(page, "smooth=augment")
    with drawn_anew(page):
        choose(page, "Colormap", "gray")
    page.get_by_role("button", name="Does it hold?").click()
    page.get_by_label("kept, and all else hidden").check()
    link, shown, source = link_of(page), caption(page), page.locator("#maps img").nth(1)
    another = visitor(path=link[link.index("/?") :])
    shows(another, "smooth=augment")
    another.wait_for_url(link)
    assert caption(another) == shown
    assert settings(another) == settings(page)
    another.wait_for_function(
        "map => document.querySelectorAll('#maps img')[1].src == map",
        arg=source.get_attribute("src"),
    )
    another.get_by_role("button", name="Does it hold?").click()
    assert another.get_by_label("kept, and all else hidden").is_checked()


def test_a_link_to_an_upload_has_its_settings_and_not_the_image(visitor):
    page = visitor()
    upload(page, DOG_CAT)
    shows(page, "German shepherd")
    choose(page, "Any other class", "tabby")
    shows(page, "tabby")
    link = link_of(page)
    assert re.search(r"/\?image=uploaded&class=index:\d+$", link)
    another = visitor(path=link[link.index("/?") :])
    another.get_by_text("This link carries settings, and not the image").wait_for()
    assert another.locator("#image img, #maps img").count() == 0
    upload(another, MACAW)
    shows(another, "tabby")


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("?method=<img src=x onerror=alert(1)>", "no method '<img src=x onerror=alert(1)>'"),
        ("?layer=no/such", "no layer 'no/such'"),
        ("?class=" + "a" * 3000, "this link is longer than 2000 letters"),
    ],
)
def test_a_link_that_no_page_has_made_is_said_and_the_sample_is_there(visitor, query, line):
    page = visitor(path=f"/{query}")
    page.get_by_text(f"This link cannot be opened: {line}").wait_for()
    shows(page, GRADCAM)


def test_a_class_of_a_link_that_there_is_not_is_said(visitor):
    page = visitor(path="/?class=no such class")
    page.get_by_text("no class 'no such class'").wait_for()
