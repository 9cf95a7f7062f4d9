"""A small classifier, images for it, and commands that are run on it."""

import json

import numpy as np
import pytest
from PIL import Image
from support import noise, sequential

import main
from classifier import load_classifier

NAMES = ["ant", "bee", "cow"]


@pytest.fixture
def model_file(tmp_path) -> str:
    sequential().save(tmp_path / "small.keras")
    (tmp_path / "small.json").write_text(json.dumps({"class_names": NAMES}))
    return str(tmp_path / "small.keras")


@pytest.fixture
def classifier(model_file):
    return load_classifier(model_path=model_file)


@pytest.fixture
def images(tmp_path) -> list[str]:
    """Three images of different sizes."""
    folder = tmp_path / "images"
    folder.mkdir()
    for number, size in enumerate([(40, 60), (32, 32), (50, 40)]):
        pixels = noise(size, 1, number)[0].astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return [str(folder / f"{number}.png") for number in range(3)]


@pytest.fixture
def run(tmp_path, model_file, images):
    """Runs a command; the exit status, the files by their names, and the record."""

    def run(*flags: str, paths=None):
        output = tmp_path / "out"
        given = ["--model_path", model_file, "--output_dir", str(output)]
        status = main.main([*given, "--test_image_path", *(paths or images), *flags])
        files = {f.name: f for f in output.iterdir()} if output.is_dir() else {}
        records = [json.loads(f.read_text()) for f in files.values() if f.suffix == ".json"]
        return status, files, records[0] if records else None

    return run
