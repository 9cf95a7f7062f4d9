"""DINOv2, ported: as ONNX Runtime has it, and explained without a word about its layers."""

import json

import numpy as np
import pytest
from support import ROOT

from classifier import load_classifier
from engines.attention import attended, on_grid
from images import read_image, resized
from methods import METHODS
from views.attention_maps import program_of

pytestmark = pytest.mark.slow  # 90 MB are downloaded


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    for name in ("onnx", "onnxruntime"):
        pytest.importorskip(name, reason=f"{name} is not installed (tools/requirements.txt)")
    import port_dinov2

    folder = tmp_path_factory.mktemp("dinov2")
    model, network = port_dinov2.ported(folder / "package")
    model.save(folder / "dinov2.keras")
    (folder / "dinov2.json").write_text(json.dumps(port_dinov2.SIDECAR))
    return folder / "dinov2.keras", network


def photo(name: str) -> np.ndarray:
    return resized(read_image(ROOT / "data" / f"{name}.jpg"), (224, 224))[np.newaxis]


@pytest.mark.parametrize("name", ["african_elephant", "american_black_bear"])
def test_its_features_are_those_of_onnx_runtime(networks, name):
    import port_dinov2

    path, network = networks
    classifier = load_classifier(model_path=path)
    inputs = classifier.preprocess(photo(name))
    (tokens,) = port_dinov2.tensors_of(
        network, [port_dinov2.FEATURES], inputs.transpose(0, 3, 1, 2)
    )
    assert np.abs(classifier.scores(photo(name)) - tokens[:, 0]).max() < 1e-3
    grid = classifier.features(photo(name), "norm")
    assert np.abs(grid.reshape(1, -1, 384) - tokens[:, 1:]).max() < 1e-3


@pytest.mark.parametrize("name", ["african_elephant", "american_black_bear"])
def test_the_animal_is_what_its_tokens_and_its_last_heads_are_about(networks, name):
    """Not so ROLLOUT and RFEM: they fall for tokens of the background that stand for the whole
    image in networks without registers (Darcet 2024, https://arxiv.org/abs/2309.16588)."""
    classifier = load_classifier(model_path=networks[0])
    assert classifier.layer == "block_10"
    mask = read_image(ROOT / "data" / "masks" / f"{name}.png")[..., 0] > 127
    on_animal = resized(255.0 * np.repeat(mask[..., None], 3, -1), (16, 16))[..., 0] / 255
    (component,) = np.abs(METHODS["EIGENCAM"](classifier, photo(name), [0]))
    last = attended(classifier, photo(name), [0], program_of(11))
    heads = np.median(on_grid(classifier, last)[0], axis=0)  # one of six looks elsewhere
    for found in (component, heads):
        assert (found * on_animal).sum() / found.sum() > 1.5 * on_animal.mean()
    for method in ("ROLLOUT", "RFEM"):
        (found,) = METHODS[method](classifier, photo(name), [0])
        assert found.max() > 5 * np.median(found)  # one token outweighs
