"""Files that TensorFlow 2.12 and 2.15 wrote (`tools/keras2_files.py`), and what they computed."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from classifier import load_classifier
from classifier.legacy_files import OPERATIONS, model_from_keras_2, slices, translated
from classifier.model_files import open_model

FILES = Path(__file__).parent / "files"
OPENED = sorted(p.name for p in FILES.glob("tf21*") if "_with_" not in p.name)


def images() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype("float32")


@pytest.mark.parametrize("name", OPENED)
def test_files_of_keras_2_give_what_old_keras_gave(name):
    version, _, case = Path(name).stem.partition("_")
    expected = np.load(FILES / f"expected_{version}.npz")[case]
    output = open_model(str(FILES / name))(images(), training=False)
    np.testing.assert_allclose(output, expected, atol=1e-5)


def test_hdf5_is_read_whatever_its_name(tmp_path):
    expected = np.load(FILES / "expected_tf212.npz")["half_frozen"]
    for name in ("mine.keras", "mine.H5", "mine.hdf5"):
        shutil.copy(FILES / "tf212_half_frozen.h5", tmp_path / name)
        output = open_model(str(tmp_path / name))(images(), training=False)
        np.testing.assert_allclose(output, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "words"),
    [("lambda", "Python code .a Lambda layer"), ("own_layer", r"layers of its own \(Own\)")],
)
def test_what_cannot_be_opened_names_old_keras_the_reason_and_the_ways_out(name, words):
    way = rf"saved by Keras 2\.12\.0, and .*{words}.*tf_keras.*SavedModel"
    with pytest.raises(ValueError, match=way) as caught:
        open_model(str(FILES / f"tf212_with_{name}.h5"))
    assert "\n" not in str(caught.value)


def test_weights_that_have_nowhere_to_go_are_refused(tmp_path):
    import h5py

    path = tmp_path / "mine.h5"
    shutil.copy(FILES / "tf212_half_frozen.h5", path)
    with h5py.File(path, "r+") as file:
        dense = file["model_weights/dense"]
        dense.attrs["weight_names"] = [b"dense/kernel:0"]
    with pytest.raises(ValueError, match=r"Keras 2\.12.*'dense' has 2 weights, and the file 1"):
        open_model(str(path))


def layer(kind: str, **config) -> dict:
    return {"class_name": kind, "config": {"name": "one", **config}}


def test_a_key_that_says_nothing_is_left_out_and_one_that_does_is_refused():
    assert "fused" not in translated(layer("BatchNormalization", fused=None))["config"]
    with pytest.raises(ValueError, match=r"has virtual_batch_size=.*which Keras 3 has not"):
        translated(layer("BatchNormalization", virtual_batch_size=4))


def test_an_activation_whose_formula_has_changed_keeps_the_old_one():
    inputs = layer("InputLayer", batch_input_shape=[None, 3])
    inputs["config"]["name"] = "in"
    dense = layer("Activation", activation="hard_sigmoid")
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": [inputs, dense]}}
    values = np.array([[-2.0, 0.5, 9.0]], np.float32)
    np.testing.assert_allclose(model_from_keras_2(config)(values), [[0.1, 0.6, 1.0]], atol=1e-6)


def test_an_operation_that_reaches_out_of_the_graph_is_no_part_of_a_model():
    assert not any("io." in name or "py_func" in name for name in OPERATIONS)
    operation = layer("TFOpLambda", function="io.write_file")
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": [operation]}}
    with pytest.raises(Exception, match=r"io\.write_file"):
        model_from_keras_2(config)


def test_slices_are_what_stood_between_the_brackets():
    spec = [{"class_name": "__ellipsis__"}, {"start": None, "stop": None, "step": -1}, 2]
    assert slices(spec) == (Ellipsis, slice(None, None, -1), 2)


def test_a_model_of_old_keras_is_explained_with_its_own_preprocessing():
    classifier = load_classifier(model_path=FILES / "tf212_operations.h5")
    expected = np.load(FILES / "expected_tf212.npz")["operations"]
    np.testing.assert_allclose(classifier.scores(images()), expected, atol=1e-5)
