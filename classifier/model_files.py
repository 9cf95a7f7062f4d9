"""Opening what a user calls a model: a file, a SavedModel folder, or a function of their own."""

import importlib
import inspect
import re
import sys
from pathlib import Path

from classifier.keras_files import SUFFIXES, open_keras_file
from classifier.saved_models import open_saved_model
from runtime import first_line

INSIDE_FOLDERS = (".pb", ".index", ".data-00000-of-00001")


def open_model(path: str, trust: bool = False):
    """The Keras model, or the function images -> scores, that `path` stands for.

    With `trust`, a SavedModel may do more than compute. Raises ValueError or FileNotFoundError.
    """
    check_path(path)
    if is_function(path):
        return _from_module(*path.split(":"))
    return open_saved_model(path, trust) if Path(path).is_dir() else open_keras_file(path)


def check_path(path: str) -> None:
    """Raises ValueError or FileNotFoundError for what is no model, as its name has it."""
    if is_function(path):
        return
    if not Path(path).exists():
        raise FileNotFoundError(f"model '{path}': no such file")
    if not Path(path).is_dir() and Path(path).suffix.lower() not in SUFFIXES:
        folder = "; give the folder that it is in" if path.endswith(INSIDE_FOLDERS) else ""
        raise ValueError(
            f"model '{path}': expected .keras, .h5, a SavedModel or module:function{folder}"
        )


def is_function(path: str) -> bool:
    """Whether this is `module:function` and no file."""
    return bool(re.fullmatch(r"[\w.]+:\w+", path)) and not Path(path).exists()


def _from_module(module: str, function: str):
    """What the user's function gives: this runs the user's own code, and says so."""
    print(f"running {module}:{function}, your own code", file=sys.stderr)
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    try:
        model = getattr(importlib.import_module(module), function)
        model = model if _needs_images(model) else model()
    except Exception as error:  # the user's own code
        reason = f"{type(error).__name__}: {first_line(error)}"
        raise ValueError(f"model '{module}:{function}' fails: {reason}") from error
    if not callable(model):
        raise ValueError(
            f"model '{module}:{function}' gave a {type(model).__name__}; "
            "expected a Keras model or a function images -> scores"
        )
    return model


def _needs_images(model) -> bool:
    """Whether this is a model or a function of images, and not one that makes such a thing."""
    if hasattr(model, "layers") or not callable(model):
        return True
    return any(
        parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        for parameter in inspect.signature(model).parameters.values()
    )
