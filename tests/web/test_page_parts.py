"""How the page looks, and what it does without the server."""

import pytest
from page_visits import DOG_CAT, choose, drawn_anew, shows, upload


@pytest.mark.parametrize(("width", "is_beside"), [(1400, True), (1000, True), (980, False)])
def test_the_result_is_beside_the_form_where_there_is_room(visitor, width, is_beside):
    page = visitor(viewport={"width": width, "height": 600})
    shows(page, "African elephant")
    form, result = (page.locator(place).bounding_box() for place in ("#form", "#result"))
    assert (result["x"] >= form["x"] + form["width"]) == is_beside
    assert (result["y"] >= form["y"] + form["height"]) != is_beside
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("#form").hover()
    page.mouse.wheel(0, 3000)
    button = page.get_by_role("button", name="Explain", exact=True)
    seen = "element => element.getBoundingClientRect().bottom <= innerHeight"
    page.wait_for_function(seen, arg=button.element_handle())
    assert (0 <= page.locator("#maps").bounding_box()["y"] < 100) == is_beside  # it stays in sight


def test_the_map_is_wiped_off_the_image_by_keyboard_and_stays_so(visitor):
    page = visitor()
    upload(page, DOG_CAT)
    shows(page, "German shepherd")
    image, over = page.locator("#maps .frame").all()
    assert image.bounding_box()["width"] == over.bounding_box()["width"]
    assert image.bounding_box()["height"] == over.bounding_box()["height"]
    slider = page.get_by_label("How much of the map lies over the image")
    slider.press("Home")
    assert wiped(page) == ["100%"]
    for _ in range(10):
        slider.press("ArrowRight")
    assert wiped(page) == ["80%"]
    with drawn_anew(page):
        choose(page, "Shown as", "isolines")
    assert slider.input_value() == "20"
    page.get_by_role("button", name="Compare methods").click()
    page.get_by_role("button", name="Compare", exact=True).click()
    shows(page, "any class")
    assert wiped(page) == ["80%"] * 3
    slider.nth(2).press("End")
    assert wiped(page) == ["0%"] * 3
    assert [one.input_value() for one in slider.all()] == ["100"] * 3


def wiped(page) -> list[str]:
    """How much of each map is wiped off."""
    clips = page.locator(".frame.over img").evaluate_all(
        "images => images.map(image => getComputedStyle(image).clipPath)"
    )
    return [clip.removeprefix("inset(0px ").split(" ")[0] for clip in clips]
