"""Loading a classifier: by name, from a file, or from the user's own function."""

import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from classifier.applications import build, find_application, first_line
from classifier.black_box import BlackBox
from classifier.classifier import Classifier
from classifier.detector import Detector
from classifier.labels import Labels, numbered_labels, read_labels
from classifier.model_files import open_model, sidecar
from classifier.network.folding import has_bfloat16
from classifier.network.network import Network
from classifier.preprocessing import find_preprocessing

DEFAULT_MODEL = "EfficientNetLite0"
DEFAULT_SIZE = (224, 224)  # where a model takes images of any size
DEFAULT_FRAMES = 16  # where it takes clips of any length
PRECISIONS = ("float32", "bfloat16")
NO_PREPROCESSING = (
    "{0} does not rescale images itself, so say what it was trained on: --preprocessing none, "
    "tf, caffe, torch or an application's name (or write it into {0}.json)"
)


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
            function returns a Keras model, or takes images and returns scores (N, K), or boxes
            (N, D, 4) and scores (N, D, K) as a detector does.
        class_names: A list of names, a file of them, `imagenet` or `coco`.
        preprocessing: `none`, `tf`, `caffe`, `torch`, the name of an application, or a function.
        multi_label: Whether a model that ends in logits takes their sigmoid, not their softmax.
        weights: A Keras weights file or `random`, for a classifier by name.
        layer: The target layer, if not the one that the rule finds; or several, with commas.
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
    if precision != "float32" and not classifier.has_layers:
        raise ValueError(f"precision {precision} needs a Keras model; {classifier.name} is none")
    if precision != "float32" and not has_bfloat16():
        print("this processor has no bfloat16: slower than float32", file=sys.stderr)
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
    network = Network(model, _input_shape(model, {}), application.preprocess)
    kind = "imagenet" if weights is None else "random" if weights == "random" else "file"
    return Classifier(
        application.name,
        network,
        read_labels("imagenet"),
        application.preprocess,
        weights=kind,
        source={"model_name": application.name, "weights": str(weights or "imagenet")},
    )


def _from_path(path: str, told: dict[str, Any]) -> Classifier:
    told = sidecar(path) | told
    found = open_model(path)
    around = _around_model if hasattr(found, "layers") else _around_function
    name = Path(path).stem if Path(path).exists() else path.partition(":")[0]
    return around(found, name, told)


def _around_model(model, name: str, told: dict[str, Any]) -> Classifier:
    preprocess = _preprocessing(told)
    shape = _input_shape(model, told)
    network = Network(model, shape, preprocess or _unchanged, bool(told.get("multi_label")))
    labels = _labels(told, network.trace.output.shape[-1])
    if preprocess is None:
        if not rescales_itself(network.trace.calls):
            raise ValueError(NO_PREPROCESSING.format(name))
        preprocess = _unchanged
    return _own_classifier(name, network, labels, preprocess, told)


def _around_function(function: Callable, name: str, told: dict[str, Any]) -> Classifier:
    preprocess = _preprocessing(told)
    if preprocess is None and getattr(function, "needs_preprocessing", False):
        raise ValueError(NO_PREPROCESSING.format(name))
    network = BlackBox(function, _input_shape(function, told))
    black = np.zeros((1, *network.input_shape), np.float32)
    try:
        if isinstance(function(black), (tuple, list)):  # boxes and scores
            network = Detector(function, network.input_shape)
        first = network.scores(black)["scores"]
    except ValueError:
        raise
    except Exception as error:  # the user's own code
        reason = f"{type(error).__name__}: {first_line(error)}"
        raise ValueError(f"{name} fails on a black image: {reason}") from error
    names = getattr(function, "class_names", None)
    detects = isinstance(network, Detector)
    labels = _labels({"class_names": names} | told, first.shape[1], detects)
    return _own_classifier(name, network, labels, preprocess or _unchanged, told)


def _own_classifier(name, network, labels, preprocess, told) -> Classifier:
    source = {key: str(value) for key, value in told.items()}
    return Classifier(name, network, labels, preprocess, weights="file", source=source)


def _preprocessing(told: dict[str, Any]) -> Callable | None:
    """The function that was told of by name or given itself; None where nothing was."""
    preprocess = told.get("preprocessing")
    return find_preprocessing(preprocess) if isinstance(preprocess, str) else preprocess


def _unchanged(images: np.ndarray) -> np.ndarray:
    return images


def _labels(told: dict[str, Any], outputs: int, detects: bool = False) -> Labels:
    """The classes told of, or numbers; one output stands for two classes, but of a detector."""
    count = outputs if detects else max(outputs, 2)
    names = told.get("class_names")
    if names is None:
        return numbered_labels(count)
    labels = Labels(names) if isinstance(names, list) else read_labels(names)
    if len(labels) != count:
        raise ValueError(f"class_names: {len(labels)} names for a classifier of {count} classes")
    return labels


def _input_shape(found, told: dict[str, Any]) -> tuple[int, ...]:
    """(height, width, channels) of a model's or function's images; frames before it of clips."""
    shape = getattr(found, "input_shape", None)
    if shape is None and hasattr(found, "get_build_config"):
        shape = (found.get_build_config() or {}).get("input_shape")
    size = told.get("input_size") or getattr(found, "input_size", None) or DEFAULT_SIZE
    shape = shape or (None, *size, 3)
    if isinstance(shape, (dict, list)) and not isinstance(shape[0], (int, type(None))):
        raise ValueError(f"the model has {len(shape)} inputs; a classifier has one image")
    if len(shape) not in (4, 5):
        raise ValueError(
            f"the model takes inputs {tuple(shape)}; expected (N, H, W, C), or (N, T, H, W, C)"
        )
    frames = (shape[1] or DEFAULT_FRAMES,) if len(shape) == 5 else ()
    shape = (*frames, shape[-3] or size[0], shape[-2] or size[1], shape[-1] or 3)
    if shape[-1] == 1 and told.get("preprocessing", "none") not in ("none", "tf"):
        raise ValueError(
            f"the model takes grey images: preprocessing none or tf, not {told['preprocessing']}"
        )
    return shape


def rescales_itself(calls) -> bool:
    """Whether the model scales its images before its first layer with weights."""
    import keras

    for call in calls:
        if isinstance(call.layer, (keras.layers.Rescaling, keras.layers.Normalization)):
            return True
        if type(call.layer).__name__ in ("TrueDivide", "Divide", "Subtract", "Multiply"):
            return True
        if call.is_weighted and call.is_leaf:
            return False
    return False
