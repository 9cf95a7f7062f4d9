"""Links that carry what is set on the page, and those that no page has made."""

import re
from urllib.parse import urlencode

import pytest

pytest.importorskip("gradio", reason="gradio is not installed (requirements-web.txt)")

import gradio as gr

from web.limits import LONGEST_TEXT
from web.link import is_link, link_fields, read_link

ALL = {  # a value of each kind of field, as a link has it and as the field has it
    "image": ("macaw", "macaw"),
    "method": ("RISE", "RISE"),
    "layer": ("backbone/conv1", "backbone/conv1"),
    "class": ("ant:bee", "ant:bee"),
    "box": ("1,2,3,4", "1,2,3,4"),
    "colormap": ("gray", "gray"),
    "alpha": ("0.35", 0.35),
    "methods": (["RISE", "FEM"], ["RISE", "FEM"]),
    "masking": ("", []),
    "share": ("0.5", 0.5),
    "view": ("FILTERS", "FILTERS"),
    "RISE.masks": ("500", 500),
    "LIME.preset": ("", ""),
    "GRADCAM.relu": ("channels", "channels"),
    "LIME.positive_only": ("true", True),
}


@pytest.fixture
def fields(service, parts_of) -> dict:
    return link_fields(parts_of(service, {}))


def test_a_link_fills_fields_of_every_kind(fields):
    query = "?" + urlencode({name: text for name, (text, _) in ALL.items()}, doseq=True)
    assert is_link(query)
    read = read_link(query, fields)
    assert read == {name: value for name, (_, value) in ALL.items()}
    assert {name: type(value) for name, value in read.items()} == {
        name: type(value) for name, (_, value) in ALL.items()
    }


def test_every_field_but_an_upload_is_in_a_link(fields):
    kinds = (gr.Dropdown, gr.Slider, gr.Number, gr.Checkbox, gr.CheckboxGroup, gr.Radio, gr.Textbox)
    block = next(iter(fields.values())).parent
    while block.parent is not None:
        block = block.parent
    on_page = [part for part in within(block) if isinstance(part, kinds) and part.visible is True]
    left_out = {part.label for part in on_page} - {field.label for field in fields.values()}
    assert left_out == {
        "It sees (choose a class to explain it)",  # the class
        "Detections (choose one to explain it)",  # the box
        "Link to these settings",
    }


def within(block):
    """All parts within a part of the page."""
    for part in getattr(block, "children", []):
        yield part
        yield from within(part)


def test_an_address_without_settings_is_no_link(fields):
    for query in ("", "?", "?__theme=dark"):
        assert not is_link(query)
        assert read_link(query, fields) == {}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?metod=FEM", "no setting 'metod'; did you mean 'method' or 'methods'?"),
        ("?method=FEN", "no method 'FEN'; did you mean 'FEM'?"),
        ("?method=FEM&method=RISE", "method: one value is expected, got 2"),
        ("?methods=FEM&methods=<b>", "no methods '<b>'"),
        ("?methods=FEM" + "&methods=FEM" * 100, "methods: more than 100 are given"),
        ("?alpha=2", "alpha: expected a number from 0 to 1, got '2'"),
        ("?alpha=nan", "alpha: expected a number from 0 to 1, got 'nan'"),
        ("?RISE.masks=10000000000", "RISE.masks: expected a whole number from 0 to 16000"),
        ("?RISE.masks=1.5", "RISE.masks: expected a whole number"),
        ("?LIME.positive_only=1", "no LIME.positive_only '1'"),
        ("?view=../../etc/passwd", "no view '../../etc/passwd'"),
        ("?token=0", "no setting 'token'"),
        ("?answer=0", "no setting 'answer'"),
        ("?class=" + "a" * LONGEST_TEXT, f"this link is longer than {LONGEST_TEXT} letters"),
    ],
)
def test_what_no_page_has_made_is_refused_in_one_line(fields, query, words):
    with pytest.raises(ValueError, match=re.escape(words)) as refusal:
        read_link(query, fields)
    assert len(str(refusal.value)) < 300
    assert "\n" not in str(refusal.value)
