"""Files that Keras 2 wrote, with constructed weights in the place of theirs.

They are those of `tools/keras2_files.py`; arrays are replaced in the file itself, so that a weight
that is read into the wrong place moves the map.
"""

import io
import shutil
import zipfile
from pathlib import Path

import h5py
import numpy as np
from support import ROOT
from zoo.rows import Explained, Refused
from zoo.weights import CHANNELS, eye, says

FILES = ROOT / "tests" / "classifier" / "files"
WEIGHTS = "model.weights.h5"  # in a zip


def normalised(images):
    """What Normalization makes of images, whose numbers stay as they are in the files."""
    return (images - 127.0) / np.sqrt(4000.0)


def constructed_array(name: str, old: np.ndarray) -> np.ndarray | None:
    """What stands in the place of a file's array, by its shape and name; None where it stays."""
    if old.shape == (3, 3, 3, CHANNELS):
        return eye(normalised, 3)[0] / 9
    if old.shape == (3, 3, CHANNELS, 1):
        return np.full(old.shape, 1 / 9)
    if old.ndim == 2 and old.shape[1] <= CHANNELS:
        return says(*old.shape)
    if old.ndim == 2:
        return np.equal.outer(np.arange(old.shape[0]), np.arange(old.shape[1]) % CHANNELS)
    if old.ndim == 1 and old.shape != (3,):
        return np.full(old.shape, "gamma" in name or "variance" in name)
    if old.shape == (3,) and "bias" in name:
        return np.zeros(3)
    return None


def names_of(group: h5py.Group) -> dict[str, h5py.Dataset]:
    """The arrays of a layer by what they are; a zip has numbers alone, in Keras 2's order."""
    arrays = {name: item for name, item in group.items() if isinstance(item, h5py.Dataset)}
    norm = {4: ("gamma", "beta", "mean", "variance"), 3: ("beta", "mean", "variance")}
    names = norm.get(len(arrays))
    if names is None or {item.shape for item in arrays.values()} != {(CHANNELS,)}:
        names = tuple("bias" if item.shape == (3,) else "" for item in arrays.values())
        names = names if len(arrays) == 2 else ("",) * len(arrays)
    is_numbered = all(name.isdigit() for name in arrays)
    return dict(zip(names, arrays.values(), strict=True)) if is_numbered else arrays


def reconstruct(group: h5py.Group) -> None:
    """Replaces the arrays of an HDF5 group, and of those within."""
    for name, array in names_of(group).items():
        new = constructed_array(name, np.asarray(array))
        if new is not None:
            array[...] = np.broadcast_to(new, array.shape)
    for item in group.values():
        if isinstance(item, h5py.Group):
            reconstruct(item)


def reconstructed(name: str):
    """The row's file: that of Keras 2 with other weights."""

    def write(folder: Path) -> Path:
        path = folder / name
        shutil.copy(FILES / name, path)
        if path.suffix == ".h5":
            with h5py.File(path, "r+") as file:
                reconstruct(file["model_weights"])
            return path
        with zipfile.ZipFile(path) as archive:
            files = {one: archive.read(one) for one in archive.namelist()}
        weights = io.BytesIO(files[WEIGHTS])
        with h5py.File(weights, "r+") as file:
            reconstruct(file)
        files[WEIGHTS] = weights.getvalue()
        with zipfile.ZipFile(path, "w") as archive:
            for one, content in files.items():
                archive.writestr(one, content)
        return path

    return write


def as_it_is(name: str):
    def write(folder: Path) -> Path:
        return Path(shutil.copy(FILES / name, folder / name))

    return write


OPENED = (
    *("tf212_frozen_nested.h5", "tf212_half_frozen.h5", "tf212_teachable.h5"),
    *("tf212_shared_twice.h5", "tf215_frozen_nested.keras", "tf215_half_frozen.keras"),
    "tf215_shared_twice.keras",
)

EXPLAINED = tuple(
    Explained(name=name, make=reconstructed(name), options={"preprocessing": "none"}, share=0.6)
    for name in OPENED
)

REFUSED = (
    Refused(
        name="lambda of Keras 2",
        make=as_it_is("tf212_with_lambda.h5"),
        line=r"saved by Keras 2\.12.*Python code \(a Lambda layer\).*tf_keras.*SavedModel",
    ),
    Refused(
        name="layer of one's own of Keras 2",
        make=as_it_is("tf212_with_own_layer.h5"),
        line=r"saved by Keras 2\.12.*layers of its own \(Own\).*tf_keras.*SavedModel",
    ),
    Refused(
        name="tokens of Keras 2, by their layer",
        make=as_it_is("tf215_attention.keras"),
        method="GRADCAM",
        line="mix its positions as tokens",
    ),
)
