"""The door to keras-hub: its image classifiers by the names of their presets.

keras-hub is no requirement (requirements-hub.txt): what asks for it says so where it is missing.
"""

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from runtime import first_line

NAME = "keras_hub"
MISSING = "pip install -r requirements-hub.txt"
LONGEST = 160  # letters of a reason


class Preset(NamedTuple):
    """An image classifier of keras-hub, with its own way from RGB in [0, 255] to its input."""

    model: Any
    preprocess: Callable[[np.ndarray], np.ndarray]
    size: tuple[int, int] | None  # (height, width) that it was trained at, where it says so


def is_installed() -> bool:
    return importlib.util.find_spec(NAME) is not None


def imported():
    """keras-hub, whose layers Keras then knows. Raises ValueError where it is not installed."""
    if not is_installed():
        raise ValueError(f"it needs keras-hub, which is not installed ({MISSING})")
    return importlib.import_module(NAME)


def is_preset(name: str) -> bool:
    """Whether this is a preset of an image classifier, by its name or the folder that it is in."""
    if not is_installed():
        return False
    return (Path(name) / "task.json").is_file() or name in preset_names()


def may_be_preset(name: str) -> bool:
    """Whether it may be a preset, as far as can be told without importing keras-hub."""
    return is_installed() and ("_" in name or (Path(name) / "task.json").is_file())


def preset_names() -> list[str]:
    """The presets of keras-hub's `ImageClassifier`; none where it is not installed."""
    return list(imported().models.ImageClassifier.presets) if is_installed() else []


def load_preset(name: str, random: bool = False) -> Preset:
    """The classifier of that preset, with its weights or random ones.

    Raises ValueError, in one line with the ways out, where it cannot be had.
    """
    try:
        task = imported().models.ImageClassifier.from_preset(name, load_weights=not random)
    except Exception as error:  # of the network, of Kaggle, of Keras
        raise ValueError(
            f"the preset {name} of keras-hub cannot be had ({first_line(error)[:LONGEST]}); "
            "download it where there is a network and give the folder of task.json as its name, "
            "or save the model there and give --model_path"
        ) from error
    converter = getattr(task.preprocessor, "image_converter", None)
    if converter is None:
        return Preset(task, lambda images: images, None)
    return Preset(task, as_converted(converter), getattr(converter, "image_size", None))


def as_converted(converter) -> Callable[[np.ndarray], np.ndarray]:
    """What keras-hub's converter does to images (N, H, W, 3) that have their size already."""

    def preprocess(images: np.ndarray) -> np.ndarray:
        converted = np.asarray(converter(np.array(images, np.float32)), np.float32)
        if converted.shape != images.shape:
            raise ValueError(
                f"keras-hub makes {converted.shape} of images {images.shape}: its converter is for "
                f"{converter.image_size}"
            )
        return converted

    return preprocess


def hint(name: str) -> str:
    """ "; presets of keras-hub need ..." where this may be one and keras-hub is not installed."""
    return f"; presets of keras-hub need: {MISSING}" if "_" in name and not is_installed() else ""
