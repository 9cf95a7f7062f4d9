"""Classifiers by name: the embedded ones, and all of `keras.applications` as Keras has them."""

import random
import sys
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from classifier.names import check_weights, embedded_names, full_name
from runtime import first_line

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


def find_application(name: str) -> Application:
    """The application of that name, in any case. Raises ValueError with the nearest names."""
    return applications()[full_name(name)]


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
    check_weights(weights)
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
            "that needs no download: " + ", ".join(embedded_names())
        ) from error
