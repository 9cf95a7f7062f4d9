"""Loading a classifier: by name, from a file, or from the user's own function."""

import importlib
import inspect
import json
import re
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from classifier.applications import build, find_application, first_line
from classifier.classifier import BlackBox, Classifier
from classifier.labels import Labels, numbered_labels, read_labels
from classifier.network import Network
from classifier.preprocessing import find_preprocessing

DEFAULT_MODEL = "EfficientNetLite0"
DEFAULT_SIZE = (224, 224)  # where a model takes pictures of any size
PRECISIONS = ("float32", "bfloat16")
SIDECAR_KEYS = {"class_names", "preprocessing", "multi_label", "input_size"}


def load_classifier(
    model_name: Any = DEFAULT_MODEL,
    *,
    model_path: str | Path | None = None,
    class_names: str | Path | list[str] | None = None,
    preprocessing: str | Callable | None = None,
    multi_label: bool | None = None,
    weights: str | Path | None = None,
    layer: str | None = None,
    precision: str = "float32",
) -> Classifier:
    """The classifier of that name, of that file, or around that Keras model.

    Args:
        model_name: An embedded classifier, a model of `keras.applications`, or a Keras model.
        model_path: A `.keras` or `.h5` file, a SavedModel folder, or `module:function`, whose
            function returns a Keras model or takes pictures and returns scores.
        class_names: A list of names, a file of them, `imagenet` or `coco`.
        preprocessing: `none`, `tf`, `caffe`, `torch`, the name of an application, or a function.
        multi_label: Whether a model that ends in logits takes their sigmoid, not their softmax.
        weights: A Keras weights file or `random`, for a classifier by name.
        layer: The target layer, if not the one that the rule finds.
        precision: Of perturbation passes (RISE, LIME, ...): `float32` or `bfloat16`.

    A file `mine.json` beside `mine.keras` may give `class_names`, `preprocessing`, `multi_label`
    and `input_size`; arguments win. Raises ValueError or FileNotFoundError, in one line.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision '{precision}': expected one of {', '.join(PRECISIONS)}")
    told = {
        "class_names": class_names,
        "preprocessing": preprocessing,
        "multi_label": multi_label,
    }
    told = {key: value for key, value in told.items() if value is not None}
    if weights is not None and (model_path is not None or not isinstance(model_name, str)):
        raise ValueError("weights go with a classifier by name; a model file has its own")
    if model_path is not None:
        classifier = _from_path(str(model_path), told)
    elif isinstance(model_name, str):
        classifier = _by_name(model_name, told, weights)
    else:
        classifier = _around_model(model_name, model_name.name, told)
    if layer is not None:
        classifier.layer = layer
    classifier.precision = precision
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


def _by_name(name: str, told: dict[str, Any], weights) -> Classifier:
    application = find_application(name)
    if told:
        raise ValueError(f"{', '.join(told)} go with a model file; {application.name} has its own")
    model = build(application, weights)
    kind = "imagenet" if weights is None else "random" if weights == "random" else "file"
    return Classifier(
        application.name,
        Network(model, _input_shape(model, {})),
        read_labels("imagenet"),
        application.preprocess,
        weights=kind,
        source={"model_name": application.name, "weights": str(weights or "imagenet")},
    )


def _from_path(path: str, told: dict[str, Any]) -> Classifier:
    told = _sidecar(path) | told
    found = _open(path)
    around = _around_model if hasattr(found, "layers") else _around_function
    return around(found, Path(path).stem, told)


def _open(path: str):
    """The Keras model, or the function pictures -> scores, that `path` stands for."""
    if re.fullmatch(r"[\w.]+:\w+", path) and not Path(path).exists():
        return _from_module(*path.split(":"))
    if not Path(path).exists():
        raise FileNotFoundError(f"model '{path}': no such file")
    if Path(path).is_dir():
        return _from_saved_model(path)
    if Path(path).suffix not in (".keras", ".h5", ".hdf5"):
        raise ValueError(f"model '{path}': expected .keras, .h5, a SavedModel or module:function")
    import keras

    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises many kinds
        raise ValueError(f"model '{path}' cannot be loaded: {_why_not(error)}") from error


def _why_not(error: Exception) -> str:
    text = str(error)
    remedy = "give it as --model_path module:function, a function that builds and returns it"
    if "safe_mode" in text or "unsafe" in text:
        return f"it holds Python code (a Lambda layer), which loading never runs; {remedy}"
    if "register_keras_serializable" in text or "Unknown layer" in text:
        return f"it has layers of its own that only their code can build; {remedy}"
    return first_line(error)


def _from_module(module: str, function: str):
    """What the user's function gives: this runs the user's own code, and says so."""
    print(f"running {module}:{function}, your own code", file=sys.stderr)
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module), function)
    except ModuleNotFoundError as error:
        raise ValueError(f"model '{module}:{function}': {error}") from error
    except AttributeError as error:
        raise ValueError(f"model '{module}:{function}': {first_line(error)}") from error
    needed = [
        parameter
        for parameter in inspect.signature(found).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    found = found if needed or hasattr(found, "layers") else found()
    if not callable(found):
        raise ValueError(
            f"model '{module}:{function}' gave a {type(found).__name__}; "
            "expected a Keras model or a function pictures -> scores"
        )
    return found


def _from_saved_model(path: str) -> Callable:
    """The serving function of a SavedModel folder, which Keras 3 opens for inference only."""
    import tensorflow as tf

    try:
        loaded = tf.saved_model.load(path)
    except OSError as error:
        raise ValueError(f"model '{path}' is no SavedModel: {first_line(error)}") from error
    names = list(loaded.signatures)
    if not names:
        raise ValueError(f"model '{path}' has no serving signature")
    serve = loaded.signatures["serving_default" if "serving_default" in names else names[0]]
    arguments = serve.structured_input_signature[1]
    if len(arguments) != 1 or len(serve.structured_outputs) != 1:
        raise ValueError(
            f"model '{path}' takes {len(arguments)} inputs and gives "
            f"{len(serve.structured_outputs)} outputs; a classifier has one of each"
        )
    ((argument, spec),) = arguments.items()

    def scores(inputs):
        (output,) = serve(**{argument: tf.cast(inputs, spec.dtype)}).values()
        return output.numpy()

    scores.input_shape = spec.shape.as_list()
    scores.loaded = loaded  # alive as long as its function is
    scores.needs_preprocessing = True
    return scores


def _sidecar(path: str) -> dict[str, Any]:
    """What `mine.json` beside `mine.keras` says of the model; nothing where there is none."""
    file = Path(path).with_suffix(".json")
    if ":" in path or not file.is_file():
        return {}
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"'{file}' is not JSON: {error}") from error
    unknown = set(told) - SIDECAR_KEYS if isinstance(told, dict) else {str(told)[:40]}
    if unknown:
        raise ValueError(
            f"'{file}': unknown {', '.join(sorted(unknown))}; it may give "
            + ", ".join(sorted(SIDECAR_KEYS))
        )
    return told


def _around_model(model, name: str, told: dict[str, Any]) -> Classifier:
    network = Network(model, _input_shape(model, told), bool(told.get("multi_label")))
    outputs = network.survey.output.shape[-1]
    preprocess = told.get("preprocessing")
    if preprocess is None and rescales_itself(network.survey.calls):
        preprocess = "none"
    labels = _labels(told, outputs)
    return _finished(name, network, labels, preprocess, told)


def _around_function(function: Callable, name: str, told: dict[str, Any]) -> Classifier:
    network = BlackBox(function, _input_shape(function, told))
    outputs = network.scores(np.zeros((1, *network.input_shape), np.float32))["scores"].shape[1]
    preprocess = told.get("preprocessing")
    if preprocess is None and not getattr(function, "needs_preprocessing", False):
        preprocess = "none"
    told.setdefault("class_names", getattr(function, "class_names", None))
    return _finished(name, network, _labels(told, outputs), preprocess, told)


def _finished(name, network, labels, preprocess, told) -> Classifier:
    if preprocess is None:
        raise ValueError(
            f"{name} does not rescale pictures itself, so say what it was trained on: "
            f"--preprocessing none, tf, caffe, torch or an application's name (or {name}.json)"
        )
    if network.input_shape[2] == 1 and preprocess not in ("none", "tf"):
        raise ValueError(f"{name} takes grey pictures: preprocessing none or tf, not {preprocess}")
    function = find_preprocessing(preprocess) if isinstance(preprocess, str) else preprocess
    source = {"preprocessing": str(preprocess), "class_names": str(told.get("class_names"))}
    return Classifier(name, network, labels, function, weights="file", source=source)


def _labels(told: dict[str, Any], outputs: int) -> Labels:
    """The classes told of, or numbers; one output stands for two classes."""
    count = max(outputs, 2)
    names = told.get("class_names")
    if names is None:
        return numbered_labels(count)
    labels = Labels(names) if isinstance(names, list) else read_labels(names)
    if len(labels) != count:
        raise ValueError(f"class_names: {len(labels)} names for a classifier of {count} classes")
    return labels


def _input_shape(found, told: dict[str, Any]) -> tuple[int, int, int]:
    """(height, width, channels) of a model's or function's pictures."""
    shape = getattr(found, "input_shape", None)
    if shape is None and hasattr(found, "get_build_config"):
        shape = (found.get_build_config() or {}).get("input_shape")
    size = told.get("input_size") or getattr(found, "input_size", None) or DEFAULT_SIZE
    shape = shape or (None, *size, 3)
    if isinstance(shape, (dict, list)) and not isinstance(shape[0], (int, type(None))):
        raise ValueError(f"the model has {len(shape)} inputs; a classifier has one picture")
    if len(shape) != 4:
        raise ValueError(f"the model takes inputs {tuple(shape)}; expected (N, H, W, C)")
    return (shape[1] or size[0], shape[2] or size[1], shape[3] or 3)


def rescales_itself(calls) -> bool:
    """Whether the model scales its pictures before its first layer with weights."""
    import keras

    for call in calls:
        if isinstance(call.layer, (keras.layers.Rescaling, keras.layers.Normalization)):
            return True
        if type(call.layer).__name__ in ("TrueDivide", "Divide", "Subtract", "Multiply"):
            return True
        if call.is_weighted and call.is_leaf:
            return False
    return False
