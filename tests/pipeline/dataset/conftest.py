"""A dozen images, a small model, and runs of both."""

import pytest
from PIL import Image
from support import ROOT, sequential

import main
from pipeline.dataset import explanation_units, store

NAMES = ("macaw", "coffee", "polar_bear", "cat_chelsea")


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("model") / "small.keras"
    sequential().save(file)
    return file


@pytest.fixture
def images(tmp_path):
    """A dozen small images of different sizes, in nested folders."""
    folder = tmp_path / "images"
    for number in range(12):
        own = folder / ("even" if number % 2 == 0 else "odd")
        own.mkdir(parents=True, exist_ok=True)
        image = Image.open(ROOT / f"data/{NAMES[number % 4]}.jpg")
        image.resize((40 + 3 * number, 50)).save(own / f"{number:02}.png")
    return folder


@pytest.fixture
def run(images, model_file, tmp_path):
    """Runs main on the images; the status and the store's rows."""

    def run(*arguments, methods="GRADCAM,FEM", out="out"):
        status = main.main(
            [
                *("--test_image_path", str(images), "--model_path", str(model_file)),
                *("--output_dir", str(tmp_path / out), f"--explanation_method={methods}"),
                *(() if "--display_type=bare" in arguments else ("--representation=none",)),
                *arguments,
            ]
        )
        return status, store.read(tmp_path / out) if status < 2 else None

    return run


@pytest.fixture
def explained(monkeypatch):
    """The images and methods that were explained, in their order."""
    calls = []
    explain_batch = explanation_units.explain_batch

    def recorded(batch, classifier, targets):
        calls.extend((one.path.name, str(method)) for one in batch for method in one.methods)
        return explain_batch(batch, classifier, targets)

    monkeypatch.setattr(explanation_units, "explain_batch", recorded)
    return calls
