"""The notebook, run from top to bottom, against its saved self."""

import re

import pytest
from support import ROOT

NOTEBOOK = ROOT / "notebooks" / "explain.ipynb"
nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")


@pytest.fixture(scope="module")
def saved():
    return nbformat.read(NOTEBOOK, as_version=4)


def said(notebook) -> str:
    """What the cells print and return, as text."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return "\n".join(o.get("text") or o.data.get("text/plain", "") for o in outputs)


def figures(notebook) -> int:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return sum("image/png" in output.get("data", {}) for output in outputs)


def test_it_is_small_and_saved_with_its_output(saved):
    assert NOTEBOOK.stat().st_size < 1_500_000
    counts = [cell.execution_count for cell in saved.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert figures(saved) == 8


def test_it_runs_and_says_what_it_said(saved):
    run = nbformat.from_dict(saved)
    resources = {"metadata": {"path": str(NOTEBOOK.parent)}}
    nbclient.NotebookClient(run, timeout=120, resources=resources).execute()
    assert figures(run) == 8
    assert "stderr" not in [o.get("name") for cell in run.cells for o in cell.get("outputs", ())]
    best = re.compile(r"^ *[\d.]+%  \w+$", re.MULTILINE)
    assert best.findall(said(run)) == best.findall(said(saved))
    assert "times as long" in said(run)
