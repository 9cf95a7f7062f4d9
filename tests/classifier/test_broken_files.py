"""Files of models that cannot be loaded are refused in one line."""

import keras
import pytest
from keras import layers
from support import Subclassed, head, subclassed

from classifier import load_classifier


def test_a_file_with_python_code_is_refused_in_one_line(tmp_path):
    model = keras.Sequential([keras.Input((32, 32, 3)), layers.Lambda(lambda x: x / 255), *head()])
    model.save(tmp_path / "mine.keras")
    with pytest.raises(ValueError, match=r"holds Python code.*module:function") as caught:
        load_classifier(model_path=tmp_path / "mine.keras")
    assert "\n" not in str(caught.value)


def test_a_file_with_unknown_layers_is_refused_in_one_line(tmp_path, monkeypatch):
    model = subclassed()
    model.save(tmp_path / "mine.keras")
    monkeypatch.delitem(
        keras.saving.get_custom_objects(), keras.saving.get_registered_name(Subclassed)
    )
    monkeypatch.setattr(Subclassed, "__module__", "gone")
    text = "layers of its own|cannot be loaded"
    with pytest.raises(ValueError, match=text) as caught:
        load_classifier(model_path=tmp_path / "mine.keras")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"\x89HDF\r\n\x1a\n"])
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_broken_file_is_refused_in_one_line(content, suffix, tmp_path):
    path = tmp_path / f"mine{suffix}"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="cannot be loaded") as caught:
        load_classifier(model_path=path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_an_unknown_suffix_are_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file"):
        load_classifier(model_path=tmp_path / "mine.keras")
    (tmp_path / "mine.onnx").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"expected \.keras, \.h5"):
        load_classifier(model_path=tmp_path / "mine.onnx")
