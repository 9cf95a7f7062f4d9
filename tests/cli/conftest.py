"""A small classifier's file, and commands that are run on it."""

import json
from pathlib import Path

import pytest
from support import sequential

import main


@pytest.fixture
def model_file(tmp_path) -> str:
    """A small classifier's file, so that most commands run in no time."""
    sequential().save(tmp_path / "small.keras")
    (tmp_path / "small.json").write_text(json.dumps({"class_names": ["ant", "bee", "Bee"]}))
    return str(tmp_path / "small.keras")


@pytest.fixture
def run(tmp_path, model_file):
    """Runs a command on the small classifier; gives the exit status and the files it wrote."""

    def run(*flags: str, is_on_small: bool = True) -> tuple[int, list[Path]]:
        output = tmp_path / "out"
        model = ["--model_path", model_file] if is_on_small else []
        status = main.main([*model, "--output_dir", str(output), *flags])
        return status, sorted(f for f in output.iterdir() if f.is_file()) if output.is_dir() else []

    return run
