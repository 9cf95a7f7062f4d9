"""Classifiers by name: the embedded ones, and all of `keras.applications` as Keras has them."""

import random
import sys
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from classifier import hub
from registry import suggest
from runtime import first_line

ALIASES = {"ResNet": "ResNet50"}
RANDOM_WEIGHTS_SEED = 0


class Application(NamedTuple):
    """A classifier that is known by name."""

    name: str
    constructor: Callable  # (weights=...) -> keras.Model
    preprocess: Callable[[np.ndarray], np.ndarray]
    embedded: bool


def applications() -> dict[str, Application]:
    """All classifiers known by name; constructors and preprocessing are Keras's own.

    What a module of `keras.applications` calls `preprocess_input` belongs to its constructors.
    """
    import keras

    from classifier.embedded import EMBEDDED

    known = {f.__name__: Application(f.__name__, f, EMBEDDED[f], True) for f in EMBEDDED}
    for name, constructor in sorted(vars(keras.applications).items()):
        if name[0].isupper() and callable(constructor):
            preprocess = sys.modules[constructor.__module__].preprocess_input
            known[name] = Application(name, constructor, _copying(preprocess), False)
    return known


def canonical(name: str) -> str:
    """The classifier's full name without its case, also where `name` is short for it."""
    aliases = {alias.casefold(): full_name.casefold() for alias, full_name in ALIASES.items()}
    return aliases.get(name.casefold(), name.casefold())


def find_application(name: str) -> Application:
    """The application of that name, in any case. Raises ValueError with the nearest name."""
    known = applications()
    by_folded = {canonical(full_name): known[full_name] for full_name in known}
    if canonical(name) not in by_folded:
        nearest = suggest(name, [*known, *hub.preset_names()]) + hub.hint(name)
        raise ValueError(f"no classifier '{name}'{nearest} (or give --model_path)")
    return by_folded[canonical(name)]


def is_application(name: str) -> bool:
    """Whether there is an application of that name, in any case."""
    return canonical(name) in {canonical(known) for known in applications()}


def _copying(preprocess: Callable) -> Callable[[np.ndarray], np.ndarray]:
    """Keras's preprocessing writes into what it is given; this one does not."""
    return lambda images: preprocess(np.array(images, np.float32))


def build(application: Application, weights: str | Path | None = None):
    """The Keras model with its ImageNet weights, with `random` ones, or with those of a file.

    Random weights are the same each time. Raises ValueError where the weights cannot be had or
    do not fit.
    """
    with _afresh():
        if weights is None:
            return _pretrained(application)
        model = application.constructor(weights=None)
    if weights == "random":
        return model
    if not Path(weights).is_file():
        raise FileNotFoundError(f"weights '{weights}': no such file (or say: --weights random)")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what does not fit, the error says enough
            model.load_weights(weights)
    except Exception as error:  # Keras raises many kinds
        raise ValueError(
            f"weights '{weights}' do not fit {application.name}: {first_line(error)}"
        ) from error
    return model


@contextmanager
def _afresh():
    """Inside, Keras names unnamed layers and seeds initializers as if nothing came before."""
    from keras.src.backend.common import global_state  # the counters have no public face

    state, names = random.getstate(), global_state.get_global_attribute("object_name_uids")
    random.seed(RANDOM_WEIGHTS_SEED)  # where Keras's initializers take their seeds from
    global_state.set_global_attribute("object_name_uids", None)
    try:
        yield
    finally:
        random.setstate(state)
        global_state.set_global_attribute("object_name_uids", names)


def _pretrained(application: Application):
    try:
        return application.constructor(weights="imagenet")
    except Exception as error:  # Keras raises plain Exception for a failed download
        raise ValueError(
            f"the ImageNet weights of {application.name} cannot be had ({first_line(error)}); "
            "give --weights FILE, or --weights random for a sanity check, or take a classifier "
            "that needs no download: " + embedded_names()
        ) from error


def embedded_names() -> str:
    """The names of the classifiers that need no download, as a sentence would list them."""
    return ", ".join(name for name, known in applications().items() if known.embedded)
