"""Ranges of options' numbers."""

import pytest

from evaluation import METRICS
from methods import METHODS
from registry import Bounds
from views import VIEWS

ENTRIES = [*METHODS.values(), *VIEWS.values(), *METRICS.values()]


@pytest.mark.parametrize(
    ("bounds", "inside", "outside", "words"),
    [
        (Bounds(least=1), [1, 5], [0, -1], "at least 1"),
        (Bounds(above=0, below=1), [0.5], [0, 1, 2], "above 0 and below 1"),
        (Bounds(least=0, most=1), [0, 1], [-0.1, 1.1], "at least 0 and at most 1"),
        (Bounds(least=0), [0], [float("nan")], "at least 0"),
    ],
)
def test_bounds_hold_their_numbers_and_say_them(bounds, inside, outside, words):
    assert all(number in bounds for number in inside)
    assert not any(number in bounds for number in outside)
    assert str(bounds) == words


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_defaults_and_presets_are_in_range(entry):
    for settings in ({o.name: o.default for o in entry.options.values()}, *entry.presets.values()):
        entry.with_preset(settings)


def test_a_call_from_python_is_held_to_the_same_range():
    with pytest.raises(ValueError, match="RISE: masks is at least 1, got masks=0"):
        METHODS["RISE"](None, None, None, masks=0)
