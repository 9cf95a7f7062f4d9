"""Opening what a user calls a model: a file, a SavedModel folder, or a function of their own."""

import importlib
import inspect
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from classifier.applications import first_line


def _is_names(value) -> bool:
    names = isinstance(value, list) and all(isinstance(name, str) for name in value)
    return names or isinstance(value, str)


def _is_size(value) -> bool:
    return isinstance(value, list) and [type(side) for side in value] == [int, int]


# What the JSON file beside a model may say: whether a value fits, and what would.
SIDECAR = {
    "class_names": (_is_names, "a list of names, a file of them, imagenet or coco"),
    "preprocessing": (lambda value: isinstance(value, str), "a name"),
    "multi_label": (lambda value: isinstance(value, bool), "true or false"),
    "input_size": (_is_size, "[height, width]"),
}


def open_model(path: str):
    """The Keras model, or the function images -> scores, that `path` stands for."""
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
        found = found if _needs_images(found) else found()
    except Exception as error:  # the user's own code
        reason = f"{type(error).__name__}: {first_line(error)}"
        raise ValueError(f"model '{module}:{function}' fails: {reason}") from error
    if not callable(found):
        raise ValueError(
            f"model '{module}:{function}' gave a {type(found).__name__}; "
            "expected a Keras model or a function images -> scores"
        )
    return found


def _needs_images(found) -> bool:
    """Whether this is a model or a function of images, and not one that makes such a thing."""
    if hasattr(found, "layers") or not callable(found):
        return True
    return any(
        parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        for parameter in inspect.signature(found).parameters.values()
    )


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


def sidecar(path: str) -> dict[str, Any]:
    """What `mine.json` beside `mine.keras` says of the model; nothing where there is none.

    Class names in a file are looked for beside it. Raises ValueError for anything unexpected.
    """
    file = Path(path).with_suffix(".json")
    if ":" in path or not file.is_file():
        return {}
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"'{file}' is not JSON: {first_line(error)}") from error
    if not isinstance(told, dict):
        raise ValueError(f"'{file}': expected names and values, got {str(told)[:40]}")
    for key, value in told.items():
        fits, expected = SIDECAR.get(key, (None, ""))
        if fits is None:
            raise ValueError(f"'{file}': unknown {key}; it may give {', '.join(SIDECAR)}")
        if not fits(value):
            raise ValueError(f"'{file}': {key} is {expected}, got {str(value)[:40]}")
    names = told.get("class_names")
    if isinstance(names, str) and (file.parent / names).is_file():
        told["class_names"] = str(file.parent / names)
    return told
