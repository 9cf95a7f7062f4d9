"""Loading a classifier: by name, from a file, or from the user's own function."""

import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from classifier import hub
from classifier.applications import build, find_application
from classifier.classifier import Classifier
from classifier.input_shape import input_shape
from classifier.labels import read_labels
from classifier.model_files import open_model
from classifier.names import is_known
from classifier.network.folding import has_bfloat16
from classifier.network.network import Network
from classifier.own_models import around_function, around_model
from classifier.sidecar import check_field, read_sidecar
from runtime import escaped

DEFAULT_MODEL = "EfficientNetLite0"
PRECISIONS = ("float32", "bfloat16")
IMAGENET = 1000  # classes, of which keras-hub keeps the usual order


def load_classifier(
    model_name: Any = DEFAULT_MODEL,
    *,
    model_path: str | Path | None = None,
    class_names: str | Path | list[str] | None = None,
    preprocessing: str | Callable | None = None,
    multi_label: bool | None = None,
    task: str | None = None,
    trust: bool = False,
    weights: str | Path | None = None,
    layer: str | None = None,
    precision: str = "float32",
) -> Classifier:
    """The classifier of that name, of that file, or around that Keras model.

    Args:
        model_name: An embedded classifier, a model of `keras.applications`, a preset of keras-hub,
            or a Keras model.
        model_path: A `.keras` or `.h5` file, a SavedModel folder, or `module:function`, whose
            function returns a Keras model, or takes images and returns scores (N, K), or boxes
            (N, D, 4) and scores (N, D, K) as a detector does.
        class_names: A list of names, a file of them, `imagenet` or `coco`.
        preprocessing: `none`, `tf`, `caffe`, `torch`, the name of an application, or a function.
        multi_label: Whether a model that ends in logits takes their sigmoid, not their softmax.
        task: `classification` or `regression`, whose raw outputs are explained. By itself, one
            output that is no probability, of a model without class names, is a regression's.
        trust: Whether a SavedModel may do more than compute: it is a program.
        weights: A Keras weights file or `random`, for a classifier by name.
        layer: The target layer, if not the one that the rule finds; or several, with commas.
        precision: Of perturbation passes (RISE, LIME, ...): `float32` or `bfloat16`.

    A file `mine.json` beside `mine.keras` may give `class_names`, `preprocessing`, `multi_label`,
    `task` and `input_size`; arguments win. What a reader should know of the classifier is printed,
    and kept as its `cautions`. Raises ValueError or FileNotFoundError, in one line.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision '{precision}': expected one of {', '.join(PRECISIONS)}")
    options = _given(
        class_names=class_names, preprocessing=preprocessing, multi_label=multi_label, task=task
    )
    if weights is not None and (model_path is not None or not isinstance(model_name, str)):
        raise ValueError("weights go with a classifier by name; a model file has its own")
    if model_path is not None:
        classifier = _from_path(str(model_path), options, trust)
    elif isinstance(model_name, str):
        classifier = _by_name(model_name, options, weights)
    else:
        classifier = around_model(model_name, model_name.name, options)
    if layer is not None:
        classifier.layer = layer
    _set_precision(classifier, precision)
    for caution in classifier.cautions:
        print(escaped(f"caution: {caution}"), file=sys.stderr)
    return classifier


@lru_cache(maxsize=2)  # the lab's helpers ask for one by name again and again
def known_classifier(model_name: str, weights: str | None = None) -> Classifier:
    """The classifier of that name, kept for the next who asks."""
    return load_classifier(model_name, weights=weights)


def as_classifier(model_name, weights: str | None = None) -> Classifier:
    """`model_name` itself where it is a Classifier, else the one of that name."""
    return (
        model_name if isinstance(model_name, Classifier) else known_classifier(model_name, weights)
    )


def _given(**options: Any) -> dict[str, Any]:
    """The options that were given. Raises ValueError for a task that there is not."""
    given = {key: value for key, value in options.items() if value is not None}
    if "task" in given:
        check_field("task", given["task"])
    return given


def _set_precision(classifier: Classifier, precision: str) -> None:
    if precision != "float32" and not classifier.has_layers:
        raise ValueError(f"precision {precision} needs a Keras model; {classifier.name} is none")
    if precision != "float32" and not has_bfloat16():
        print("this processor has no bfloat16: slower than float32", file=sys.stderr)
    classifier.precision = precision


def _by_name(name: str, options: dict[str, Any], weights) -> Classifier:
    if not is_known(name) and hub.is_preset(name):
        return _from_hub(name, options, weights)
    application = find_application(name)
    if options:
        raise ValueError(
            f"{', '.join(options)} go with a model file; {application.name} has its own"
        )
    model = build(application, weights)
    network = Network(model, input_shape(model, {}), application.preprocess)
    kind = "imagenet" if weights is None else "random" if weights == "random" else "file"
    return Classifier(
        application.name,
        network,
        read_labels("imagenet"),
        application.preprocess,
        weights=kind,
        source={"model_name": application.name, "weights": str(weights or "imagenet")},
    )


def _from_hub(name: str, options: dict[str, Any], weights) -> Classifier:
    """The classifier of a preset of keras-hub, with its own preprocessing."""
    if weights not in (None, "random"):
        raise ValueError(f"a preset of keras-hub has its own weights, or random ones: {name}")
    if "preprocessing" in options:
        raise ValueError(f"preprocessing goes with a model file; {name} has its own")
    preset = hub.load_preset(name, random=weights == "random")
    options = {"preprocessing": preset.preprocess, "multi_label": False} | options
    if preset.model.output_shape[-1] == IMAGENET:
        options = {"class_names": "imagenet"} | options
    if preset.size:
        options["input_size"] = preset.size
    classifier = around_model(preset.model, Path(name).name, options)
    classifier.weights = weights or "preset"
    classifier.source = {"model_name": name, "weights": str(weights or "preset")}
    return classifier


def _from_path(path: str, options: dict[str, Any], trust: bool) -> Classifier:
    options = read_sidecar(path) | options
    model = open_model(path, trust)
    around = around_model if hasattr(model, "layers") else around_function
    name = Path(path).stem if Path(path).exists() else path.partition(":")[0]
    return around(model, name, options)
