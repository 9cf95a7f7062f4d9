"""What is drawn by a command."""

import pytest

import pipeline.reporting.figure_files


@pytest.fixture
def figures(monkeypatch) -> list[dict]:
    """What stands on all figures, as they are drawn: the fields of their sheets."""
    recorded = []
    original = pipeline.reporting.figure_files.grid_layout

    def record(**sheet):
        recorded.append(sheet)
        original(**sheet)

    monkeypatch.setattr(pipeline.reporting.figure_files, "grid_layout", record)
    return recorded
