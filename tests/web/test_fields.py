"""The fields by which a visitor sets options."""

import pytest

pytest.importorskip("gradio", reason="gradio is not installed (requirements-web.txt)")

from methods import METHODS
from views import VIEWS
from web.fields import field


def test_each_option_has_a_field_of_its_kind():
    fields = {
        ("ATTENTION", "layer"): ("Textbox", "attention"),
        ("RISE", "masks"): ("Number", 4000),
        ("RISE", "keep"): ("Number", 0.5),
        ("GRADCAM", "relu"): ("Dropdown", "sum"),
    }
    for (method, option), expected in fields.items():
        shown = field(METHODS[method].options[option])
        assert (type(shown).__name__, shown.value) == expected


OPTIONS = [
    pytest.param(option, id=f"{name}:{option.name}")
    for table in (METHODS, VIEWS)
    for name, entry in table.items()
    for option in entry.options.values()
]


@pytest.mark.parametrize("option", OPTIONS)
def test_a_field_takes_its_own_default(option):
    assert field(option).preprocess(option.default) == option.default
