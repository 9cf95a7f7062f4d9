"""What is drawn by a command."""

import pytest

import pipeline.reporting.figure_files


@pytest.fixture
def figures(monkeypatch) -> list[dict]:
    """Images, titles, captions and columns of all figures, as they are drawn."""
    recorded = []
    original = pipeline.reporting.figure_files.grid_layout

    def record(images, titles, **options):
        recorded.append({"images": images, "titles": titles} | options)
        original(images, titles, **options)

    monkeypatch.setattr(pipeline.reporting.figure_files, "grid_layout", record)
    return recorded
