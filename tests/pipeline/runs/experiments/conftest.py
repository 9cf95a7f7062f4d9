"""A classifier of colours, images for it, and commands that are run on it."""

import json

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image
from support import noise, sequential

import main
from classifier import load_classifier

NAMES = ["red", "green", "blue"]


def of_colours() -> keras.Model:
    """Its logits are 12 times the mean of red, green and blue; its maps the image's colours."""
    network = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(3, 1, use_bias=False, name="colours"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, "softmax", use_bias=False),
        ]
    )
    network.layers[1].kernel.assign(np.eye(3)[None, None])
    network.layers[3].kernel.assign(12 * np.eye(3))
    return network


@pytest.fixture
def model_file(tmp_path) -> str:
    of_colours().save(tmp_path / "colours.keras")
    (tmp_path / "colours.json").write_text(json.dumps({"class_names": NAMES}))
    return str(tmp_path / "colours.keras")


@pytest.fixture
def classifier(model_file):
    return load_classifier(model_path=model_file)


@pytest.fixture
def images(tmp_path) -> list[str]:
    """A red square on green and blue noise, in two images, one of them wide."""
    paths = [str(tmp_path / f"{number}.png") for number in range(2)]
    for number, (path, size) in enumerate(zip(paths, [(32, 32), (32, 64)], strict=True)):
        pixels = noise(size, 1, number)[0] * [0.1, 0.4, 0.4]
        pixels[4:18, 8:22] = [250, 20, 20]
        Image.fromarray(pixels.astype(np.uint8)).save(path)
    return paths


@pytest.fixture
def run(tmp_path, model_file, images):
    """Runs a command; the exit status, and the files by their names."""

    def run(*flags: str, paths=None, out="out", model=model_file):
        output = tmp_path / out
        given = ["--model_path", model, "--output_dir", str(output)]
        status = main.main([*given, "--test_image_path", *(paths or images), *flags])
        return status, {f.name: f for f in output.iterdir()} if output.is_dir() else {}

    return run


@pytest.fixture
def labels_file(tmp_path) -> str:
    sequential(7, "sigmoid").save(tmp_path / "labels.keras")
    return str(tmp_path / "labels.keras")
