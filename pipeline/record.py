"""The record of a run: all that it takes to do it again, as JSON beside the figures."""

import importlib.metadata
import json
import platform
from pathlib import Path
from typing import Any

from classifier import Classifier
from methods import METHODS, MethodCall

PACKAGES = ("tensorflow", "keras", "numpy", "opencv-python", "matplotlib", "scikit-image", "pillow")
DISPLAY_RULE = "upsampled bilinearly to the picture and divided by their maximum"


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that have a say in the numbers."""
    return {"python": platform.python_version()} | {
        package: importlib.metadata.version(package) for package in PACKAGES
    }


def classifier_record(classifier: Classifier) -> dict[str, Any]:
    """What identifies a classifier, and where its logits and features come from."""
    network = classifier.network
    record = {"name": classifier.name, **classifier.source, "input_size": classifier.input_size}
    if not classifier.has_layers:
        return record | {"logit": network.logits_from, "layer": None}
    return record | {
        "weights_sha256": classifier.weights_hash(),
        "logit": network.survey.logits.description,
        "layer": classifier.layer,
        "twin_refused": network.twin_refused,
    }


def method_record(call: MethodCall) -> dict[str, Any]:
    """A method's name and all of its options, defaults included."""
    method = METHODS[call.name]
    options = {name: option.default for name, option in method.options.items()} | call.given
    return {"name": call.name, "options": options, "class_agnostic": method.class_agnostic}


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Writes the record; folders are made as needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record, indent=2, ensure_ascii=False, default=str)
    path.write_text(text + "\n", encoding="utf-8")
