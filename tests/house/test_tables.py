"""The tables of methods, metrics and views: what every row has."""

import inspect

import pytest

from evaluation import METRICS
from methods import METHODS
from views import VIEWS

ENTRIES = [(name, entry) for table in (METHODS, METRICS, VIEWS) for name, entry in table.items()]


@pytest.mark.parametrize(("name", "entry"), ENTRIES, ids=[name for name, _ in ENTRIES])
def test_every_entry_says_what_it_is_and_what_its_options_are(name, entry):
    assert entry.name == name
    assert entry.summary.endswith(".")
    for option in entry.options.values():
        assert option.help
        assert option.default is not inspect.Parameter.empty
        assert option.parse(str(option.default)) == option.default
