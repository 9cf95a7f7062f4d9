"""The record of a run: all that it takes to do it again, as JSON beside the figures."""

import importlib.metadata
import json
import math
import platform
from pathlib import Path
from typing import Any

import numpy as np

from classifier import Classifier
from registry import Call
from runtime import write_text
from runtime.version import VERSION

PACKAGES = (
    "tensorflow",
    "keras",
    "numpy",
    "opencv-python",
    "matplotlib",
    "scikit-image",
    "scipy",
    "pillow",
)


def versions() -> dict[str, str]:
    """Versions of the toolkit, of Python and of the packages that have a say in the numbers."""
    versions = {"toolkit": VERSION, "python": platform.python_version()}
    return versions | {package: importlib.metadata.version(package) for package in PACKAGES}


def classifier_record(classifier: Classifier) -> dict[str, Any]:
    """What identifies a classifier, and where its logits and features come from."""
    record = {"name": classifier.name, **classifier.source, "input_size": classifier.input_size}
    record |= {"precision": classifier.precision, "task": classifier.task}
    record["cautions"] = list(classifier.cautions)
    if not classifier.has_layers:
        return record | {"logit": classifier.logit_source, "layer": None}
    return record | {
        "weights_sha256": classifier.weights_hash(),
        "logit": classifier.logit_source,
        "layer": classifier.layer or None,
    }


def call_record(call: Call) -> dict[str, Any]:
    """The name of a method, view or metric, and all of its options, defaults included."""
    record = {"name": call.name, "options": call.options}
    if hasattr(call.entry, "class_agnostic"):
        record["class_agnostic"] = call.entry.class_agnostic
    if preset := call.given.get("preset"):
        record["preset"] = preset
    return record


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Writes the record; folders are made as needed."""
    text = json.dumps(finite(record), indent=2, ensure_ascii=False, default=str, allow_nan=False)
    write_text(path, text + "\n")


def finite(value: Any) -> Any:
    """The value with None for each number that JSON does not have, and arrays as lists."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
