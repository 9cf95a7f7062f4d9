"""The record of a run: all that it takes to do it again, as JSON beside the figures."""

import importlib.metadata
import json
import math
import platform
from pathlib import Path
from typing import Any

from classifier import Classifier
from evaluation import METRICS, MetricCall
from methods import METHODS, MethodCall
from runtime import write_text
from views import VIEWS, ViewCall

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
    """Versions of Python and of the packages that have a say in the numbers."""
    return {"python": platform.python_version()} | {
        package: importlib.metadata.version(package) for package in PACKAGES
    }


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


def method_record(call: MethodCall) -> dict[str, Any]:
    """A method's name and all of its options, defaults included."""
    method = METHODS[call.name]
    options = method.all_options(call.given)
    preset = call.given.get("preset")
    record = {"name": call.name, "options": options, "class_agnostic": method.class_agnostic}
    return record | ({"preset": preset} if preset else {})


def view_record(call: ViewCall) -> dict[str, Any]:
    """A view's name and all of its options, defaults included."""
    return {"name": call.name, "options": VIEWS[call.name].all_options(call.given)}


def metric_record(call: MetricCall) -> dict[str, Any]:
    """A metric's name and all of its options, defaults included."""
    return {"name": call.name, "options": METRICS[call.name].all_options(call.given)}


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Writes the record; folders are made as needed."""
    text = json.dumps(finite(record), indent=2, ensure_ascii=False, default=str, allow_nan=False)
    write_text(path, text + "\n")


def finite(value: Any) -> Any:
    """The same without numbers that JSON does not have: None for NaN and infinities."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
