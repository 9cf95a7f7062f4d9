"""Opening the files of Keras, by what is in them: a zip (.keras), or HDF5 (.h5, of any Keras).

Nothing in a file is ever run: safe mode stays on. Where a file cannot be opened, the reason is
looked for in the file and not only in Keras's error.
"""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from classifier import hub
from runtime import first_line

HDF5, ZIP = b"\x89HDF\r\n\x1a\n", b"PK\x03\x04"
LONGEST = 200  # letters of Keras's own errors that are shown
SUFFIXES = (".keras", ".h5", ".hdf5")
BUILD_IT = "give it as --model_path module:function, a function that builds and returns it"
FROM_WEIGHTS = "give --model_path module:function, a function that builds the model and loads them"
COPY_AGAIN = "it is damaged or cut off; copy it again from where it was saved"
KERAS_2_ALONE = {  # classes of Keras 2's own that are no layers of Keras 3
    *("Functional", "Model", "Sequential", "TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"),
    *("LayerScale", "StochasticDepth"),
}
NO_MODELS = {  # how files begin that are something else
    b"version https://git-lfs": "it is a pointer of Git LFS and not the file: git lfs pull",
    b"<": "it is a web page and not a model: download it again",
    b"": "it is empty; copy it again from where it was saved",
}


def open_keras_file(path: str):
    """The Keras model in a file. Raises ValueError with the reason, in one line."""
    with Path(path).open("rb") as file:
        start = file.read(32)
    try:
        if start.startswith(HDF5):
            return _from_hdf5(path)
        if start.startswith(ZIP):
            return _from_zip(path)
        for known, reason in NO_MODELS.items():
            if start.lstrip().startswith(known) and (known or not start):
                raise ValueError(reason)
        raise ValueError("it is neither HDF5 nor a zip, as files of Keras are; save it again")
    except Exception as error:  # Keras raises many kinds
        raise ValueError(f"model '{path}' cannot be loaded: {first_line(error)}") from error


def _from_hdf5(path: str):
    import h5py
    from keras.src.legacy.saving import legacy_h5_format  # which reads an open file

    from classifier.legacy_weights import finalise

    try:
        file = h5py.File(path)
    except OSError as error:
        raise ValueError(COPY_AGAIN) from error
    with file:
        config = file.attrs.get("model_config")
        if config is None:
            raise ValueError(f"these are weights alone, without their model; {FROM_WEIGHTS}")
        config = json.loads(config)
        _with_layers_of_hub(config)
        version = _text(file.attrs.get("keras_version", "2"))
        if not version.startswith(("1", "2")):
            try:
                model = legacy_h5_format.load_model_from_hdf5(file, compile=False, safe_mode=True)
            except Exception as error:
                raise ValueError("; ".join(reason(error, config, version))) from error
            finalise(model)
            return model
        return _of_keras_2(config, file.get("model_weights", {}), version)


def _of_keras_2(config: dict[str, Any], weights, version: str):
    """The model of a Keras 2 configuration, with weights from an HDF5 group."""
    from classifier.legacy_files import model_from_keras_2
    from classifier.legacy_weights import load_keras_2_weights

    try:
        model = model_from_keras_2(config)
        load_keras_2_weights(weights, model)
    except Exception as error:
        raise ValueError(_of_old_keras(error, config, version)) from error
    return model


def _of_old_keras(error: Exception, config: dict[str, Any], version: str) -> str:
    why, _ = reason(error, config, version)
    return (
        f"it was saved by Keras {version}, and {why}; open it with tf_keras (pip install tf_keras) "
        "and export it as a SavedModel, or build it again in Keras 3 and load its weights "
        "(--model_path module:function)"
    )


def _with_layers_of_hub(config: dict[str, Any]) -> None:
    """Has Keras know the layers of keras-hub where a configuration names them.

    Raises ValueError where it is not installed.
    """
    modules = (layer.get("module") or "" for _, layer in _kinds(config))
    if any(module.partition(".")[0] == hub.NAME for module in modules):
        hub.imported()


def _text(value: Any) -> str:
    return value.decode() if hasattr(value, "decode") else str(value)


def _from_zip(path: str):
    from keras.src.saving import saving_lib  # which reads an open file, whatever it is called

    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if "config.json" not in names:
                weights = any(name.endswith(".weights.h5") for name in names)
                raise ValueError(
                    f"these are weights alone, without their model; {FROM_WEIGHTS}"
                    if weights
                    else "it is a zip, but none of Keras; save it again with model.save"
                )
            config = json.loads(archive.read("config.json"))
            saved = json.loads(archive.read("metadata.json")) if "metadata.json" in names else {}
    except (zipfile.BadZipFile, EOFError) as error:
        raise ValueError(COPY_AGAIN) from error
    _with_layers_of_hub(config)
    version = str(saved.get("keras_version", "3"))
    if version.startswith("2."):
        return _from_zip_of_keras_2(path, config, version)
    try:
        with Path(path).open("rb") as file:
            return saving_lib.load_model(file, compile=False, safe_mode=True)
    except Exception as error:
        raise ValueError("; ".join(reason(error, config, version))) from error


def _from_zip_of_keras_2(path: str, config: dict[str, Any], version: str):
    from classifier.legacy_files import model_from_keras_2
    from classifier.legacy_weights import load_zipped_weights

    try:
        model = model_from_keras_2(config)
        with zipfile.ZipFile(path) as archive:
            load_zipped_weights(archive, model, config)
    except Exception as error:
        raise ValueError(_of_old_keras(error, config, version)) from error
    return model


def reason(error: Exception, config: dict[str, Any], version: str) -> tuple[str, str]:
    """Why a model of this configuration, saved by that Keras, was not built; and the way out."""
    import keras

    kinds = dict(_kinds(config))
    if "Lambda" in kinds:
        return "it holds Python code (a Lambda layer), which loading never runs", BUILD_IT
    if "TFSMLayer" in kinds:
        folder = kinds["TFSMLayer"].get("config", {}).get("filepath", "")
        return "it holds a SavedModel of its own (TFSMLayer)", f"give that folder: {folder}"
    custom = [name for name, layer in kinds.items() if _is_own(name, layer)]
    if custom:
        names = ", ".join(custom)
        return f"it has layers of its own ({names}) that only their code can build", BUILD_IT
    if _numbers(version) > _numbers(keras.__version__):
        return (
            f"it was saved by Keras {version}, and this is the older Keras {keras.__version__}",
            "pip install --upgrade keras",
        )
    outside = [name for name in kinds if name.endswith("Lookup") or name == "TextVectorization"]
    if "safe_mode" in str(error) and outside:
        return (
            f"its layer {outside[0]} reads a file of words, which loading never does",
            f"save the part from images to scores alone, or {BUILD_IT}",
        )
    return f"Keras {keras.__version__} cannot build it: {first_line(error)[:LONGEST]}", BUILD_IT


def _kinds(config: Any) -> Iterator[tuple[str, dict]]:
    """(name of the class, its configuration) of every layer, at every depth."""
    if isinstance(config, dict):
        if isinstance(config.get("class_name"), str) and isinstance(config.get("config"), dict):
            yield config["class_name"], config
        for value in config.values():
            yield from _kinds(value)
    elif isinstance(config, list):
        for value in config:
            yield from _kinds(value)


def _is_own(name: str, layer: dict[str, Any]) -> bool:
    """Whether this is a class of the user's own, that Keras has not."""
    import keras

    if "module" in layer:
        module = layer["module"] or ""
        return "registered_name" in layer and not module.startswith(("keras", "builtins", "tf_k"))
    is_layer = "name" in layer.get("config", {}) and "inbound_nodes" in layer
    return is_layer and not hasattr(keras.layers, name) and name not in KERAS_2_ALONE


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")[:2] if part.isdigit()]
