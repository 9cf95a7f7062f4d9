"""What a run says on the console."""

import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from evaluation.measure import MetricResults
from pipeline.dataset.runner import Outcome
from pipeline.reporting.console import Console, map_line, remarks


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


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_the_rate_is_of_what_this_run_did(clock, capsys):
    console = Console(100)
    clock[0] = 20
    console.total(done=98, stored=60, failed=2, store=Path("results/store"))
    console.total(done=100, stored=100, failed=0, store=Path("results/store"))
    first, second = capsys.readouterr().out.splitlines()
    assert first == (
        "98 of 100 images: 60 already stored, 38 explained in 20 s (1.9 a second), 2 failed; "
        "results/store"
    )
    assert second == "100 of 100 images: 100 already stored, 0 failed; results/store"


def test_ray_counts_from_when_its_workers_began(clock, capsys):
    clock[0] = 50
    Console(100, started=10).total(done=100, stored=60, failed=0, store=Path("store"))
    assert "40 explained in 40 s (1.0 a second)" in capsys.readouterr().out


@pytest.mark.parametrize("count", [20, 400])
def test_the_first_batch_gives_an_estimate_of_the_whole(count, clock, capsys):
    outcomes = [Outcome(Path("a.png"), is_stored=number < 4) for number in range(count)]
    for number, _ in enumerate(Console(count).progress(outcomes, at_once=4)):
        clock[0] += 20 * (number % 4 == 0 and number > 3)
    lines = capsys.readouterr().err.splitlines()
    left = "60 s" if count == 20 else "33 min"
    assert lines[0] == f"8 of {count} images (4 already stored), about {left} left"
