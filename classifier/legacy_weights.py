"""Weights of files of Keras 2, each put where its name, or its number, says that it belongs.

Keras 3 goes by their order alone. But a frozen layer's order differs from a trained one's, and four
vectors of a batch norm look alike: what goes astray there computes something else, silently.
"""

import re
from typing import Any

import numpy as np

from classifier.legacy_files import MODELS, renamed

OLD_NAMES = {"DepthwiseConv2D": {"kernel": "depthwise_kernel"}}
UNNAMED = re.compile(r"^variable_\d+$")  # what nobody has named is numbered, anew in each Keras
DEEPEST = 5  # parts of a name that tell weights apart


def load_keras_2_weights(group, model) -> None:
    """Gives the model's layers the weights of an HDF5 group that has one group a layer.

    Raises ValueError where one is missing, too many, or of another shape.
    """
    from keras.src.legacy.saving import legacy_h5_format

    read = legacy_h5_format.load_attributes_from_hdf5_group
    layers = {layer.name: layer for layer in model.layers}
    saved = {renamed(name): group[name] for name in read(group, "layer_names")}
    for name, layer in layers.items():
        names = read(saved[name], "weight_names") if name in saved else []
        _load_layer(layer, {key: np.asarray(saved[name][key]) for key in names})
    lost = [name for name in saved if name not in layers and read(saved[name], "weight_names")]
    if lost:
        raise ValueError(f"weights of layer '{lost[0]}' have no layer to go to")
    finalise(model)


def load_zipped_weights(archive, model, config: dict[str, Any]) -> None:
    """Gives the model the weights of a `.keras` zip of Keras 2, by its layers' kinds and numbers.

    These are numbered in the order of the configuration: "conv2d", "conv2d_1", ... in each model.
    Raises ValueError where some are missing.
    """
    from keras.src.saving import saving_lib

    store = saving_lib.H5IOStore("model.weights.h5", archive=archive, mode="r")
    try:
        _load_numbered(store, model, config, "")
    finally:
        store.close()
    finalise(model)


def _load_numbered(store, model, config: dict[str, Any], folder: str) -> None:
    from keras.src.utils.naming import to_snake_case

    counts: dict[str, int] = {}
    layers = {layer.name: layer for layer in model.layers}
    for data in config["config"]["layers"]:
        kind = to_snake_case(data["class_name"])
        number = counts[kind] = counts.get(kind, -1) + 1
        path = f"{folder}layers/{kind}_{number}" if number else f"{folder}layers/{kind}"
        layer = layers.get(renamed(data["config"]["name"]))
        if data["class_name"] in MODELS:
            _load_numbered(store, layer, data, path + "/")
        elif layer is not None and layer.weights:
            _load_parts(store, layer, path)


def _load_parts(store, layer, path: str) -> None:
    """Gives a layer its weights, and the layers in it theirs, by their attributes."""
    from keras.src.saving import saving_lib

    layer.load_own_variables(store.get(path))
    for attribute, part in saving_lib._walk_saveable(layer):
        if getattr(part, "weights", None) and hasattr(part, "load_own_variables"):
            private = f"{path}/_{attribute}"  # as Keras 2 knew the parts of attention
            inside = private if private in store.h5_file else f"{path}/{attribute}"
            _load_parts(store, part, inside)


def finalise(model) -> None:
    """Lets layers work with the weights that they were given: Normalization keeps copies.

    Keras does so for the layers of a model, and forgets those of models in it.
    """
    for layer in model._flatten_layers():
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()


def _load_layer(layer, arrays: dict[str, np.ndarray]) -> None:
    variables = named_variables(layer)
    if len(variables) != len(arrays):
        raise ValueError(
            f"layer '{layer.name}' has {len(variables)} weights, and the file {len(arrays)} of it"
        )
    for (path, variable), array in _paired(variables, arrays):
        if tuple(variable.shape) != array.shape:
            raise ValueError(f"weight '{path}' is {variable.shape}, and {array.shape} in the file")
        variable.assign(array)


def named_variables(layer) -> list[tuple[str, Any]]:
    """(path, variable) of all weights, trained ones first, named as Keras 2 named them."""
    owners = {
        id(variable): owner
        for owner in layer._flatten_layers()
        for variable in (*owner._trainable_variables, *owner._non_trainable_variables)
    }
    named = []
    for variable in (*layer.trainable_weights, *layer.non_trainable_weights):
        parents, _, name = variable.path.rpartition("/")
        old = OLD_NAMES.get(type(owners.get(id(variable))).__name__, {})
        named.append((f"{parents}/{old.get(name, name)}", variable))
    return named


def _paired(variables: list[tuple[str, Any]], arrays: dict[str, np.ndarray]) -> list[tuple]:
    """((path, variable), array) by the last parts of their names; by order where names differ."""
    parents = {path.split("/")[-2] for path, _ in variables}
    names = [_with_parent(name.removesuffix(":0"), parents) for name in arrays]
    for depth in range(2, DEEPEST + 1):
        ours = [_last_parts(path, depth) for path, _ in variables]
        theirs = dict(zip((_last_parts(name, depth) for name in names), arrays, strict=True))
        if len(set(ours)) == len(ours) and set(ours) == set(theirs):
            return [(v, arrays[theirs[key]]) for v, key in zip(variables, ours, strict=True)]
    for (path, _), name in zip(variables, names, strict=True):
        if _last_parts(path, 1) != _last_parts(name, 1):
            raise ValueError(f"it is not known where weight '{name}' goes: '{path}' comes next")
    return list(zip(variables, arrays.values(), strict=True))


def _with_parent(name: str, parents: set[str]) -> str:
    """ "Conv/BatchNorm/gamma" as "Conv_BatchNorm/gamma", where a layer is now called so."""
    *above, last = name.split("/")
    joined = ["_".join(above[start:]) for start in range(len(above))]
    return next((f"{parent}/{last}" for parent in joined[:-1] if parent in parents), name)


def _last_parts(path: str, depth: int) -> tuple[str, ...]:
    parts = path.lower().split("/")[-depth:]
    return (*parts[:-1], UNNAMED.sub("variable", parts[-1]))
