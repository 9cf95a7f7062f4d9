"""What a run says on the console."""

from types import SimpleNamespace

import numpy as np
import pytest

from evaluation.measure import MetricResults
from pipeline.reporting.console import map_line, remarks


def explained(values, notes) -> SimpleNamespace:
    results = MetricResults(values=values, notes=notes)
    return SimpleNamespace(
        notes={}, diagnosis=None, results=results, map=np.zeros((7, 7)), seconds=1.0
    )


def test_a_map_that_was_evaluated_has_its_values_instead():
    explanation = explained({"DELETION": 0.25, "SPARSITY": 0.5}, {})
    assert map_line(explanation) == "DELETION 0.250, SPARSITY 0.500"


@pytest.mark.parametrize(("share", "is_said"), [(0.32, True), (0.01, False)])
def test_many_ties_are_said_in_words_that_explain_them(share, is_said):
    lines = list(remarks(explained({"DELETION": 0.25}, {"DELETION": {"tied": share}})))
    assert bool(lines) == is_said
    if is_said:
        assert lines[0].startswith("32% of the pixels are tied: as salient as others")
