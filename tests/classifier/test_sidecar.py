"""What stands beside a model's file: its class names and preprocessing."""

import json

import keras
import numpy as np
import pytest
from support import backbone, head

from classifier import load_classifier
from classifier.sidecar import read_sidecar


def beside(folder, text: str | bytes, name: str = "mine") -> str:
    """The path of a model with such a file beside it."""
    content = text.encode() if isinstance(text, str) else text
    (folder / f"{name}.json").write_bytes(content)
    (folder / f"{name}.keras").write_bytes(b"")
    return str(folder / f"{name}.keras")


def test_a_colon_in_the_path_hides_nothing(tmp_path):
    folder = tmp_path / "run:3"
    folder.mkdir()
    assert read_sidecar(beside(folder, '{"preprocessing": "tf"}')) == {"preprocessing": "tf"}


def test_a_folder_with_a_dot_in_its_name_has_the_file_of_its_whole_name(tmp_path):
    (tmp_path / "v1.2").mkdir()
    (tmp_path / "v1.2.json").write_text('{"task": "regression"}')
    assert read_sidecar(f"{tmp_path}/v1.2/") == {"task": "regression"}


def test_a_byte_order_mark_is_no_part_of_it(tmp_path):
    path = beside(tmp_path, b"\xef\xbb\xbf" + b'{"multi_label": true}')
    assert read_sidecar(path) == {"multi_label": True}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"input_size": [0, 0]}', "input_size is .height, width. of 4 to 4096 pixels"),
        ('{"input_size": [1, 1]}', "input_size is"),
        ('{"input_size": [2, 2]}', "input_size is"),
        ('{"input_size": [true, 32]}', "input_size is"),
        ('{"input_size": [32.5, 32]}', "input_size is"),
        ('{"input_size": [100000, 100000]}', "input_size is"),
        ('{"input_size": ' + "[" * 100_000 + "]" * 100_000 + "}", "brackets within brackets"),
        ("[" * 100_000, "brackets within brackets"),
        ('{"class_names": ["a", "' + "b" * 1_000_000 + '"]}', "at most 300 printable letters"),
        ('{"class_names": ["a", "b\\nc"]}', "printable"),
        ('{"class_names": ["a", ""]}', "empty names"),
        ('{"class_names": []}', "the list is empty"),
        ('{"class_names": {"a": 0, "b": 2}}', "numbers go from 0 to 1, each once"),
        ('{"class_names": {"a": 0, "b": 0}}', "each once"),
        ('{"class_names": [1, 2]}', "expected a list of names"),
        ('{"class_names": 3}', "class_names is a list of names"),
        ('{"preprocessing": ["tf"]}', "preprocessing is a name"),
        ('{"task": "regresion"}', "task is classification or regression"),
        ('{"task": ["regression"]}', "task is"),
        ('{"multi_label": 1}', "multi_label is true or false"),
        ('{"multilabel": true}', "unknown multilabel.*did you mean 'multi_label'"),
        ('{"task": "regression", "task": "classification"}', "task is said twice"),
        ('["tf"]', "expected names and values"),
        ("{", "is not JSON"),
        (b'{"preprocessing": "\xff"}', "not in UTF-8"),
    ],
)
def test_each_field_is_checked_and_said_in_one_short_line(text, words, tmp_path):
    with pytest.raises(ValueError, match=words) as caught:
        read_sidecar(beside(tmp_path, text))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_size_that_the_model_does_not_take_is_refused(tmp_path):
    model = keras.Sequential([backbone(), *head()], name="mine")
    model.save(tmp_path / "mine.keras")
    fields = {"preprocessing": "tf", "input_size": [64, 64]}
    (tmp_path / "mine.json").write_text(json.dumps(fields))
    with pytest.raises(ValueError, match="takes images of 32 x 32"):
        load_classifier(model_path=tmp_path / "mine.keras")


def test_class_indices_of_keras_are_names(tmp_path):
    model = keras.Sequential([backbone(), *head()], name="mine")
    model.save(tmp_path / "mine.keras")
    fields = {"preprocessing": "tf", "class_names": {"fox": 2, "cat": 0, "dog": 1}}
    (tmp_path / "mine.json").write_text(json.dumps(fields))
    classifier = load_classifier(model_path=tmp_path / "mine.keras")
    assert classifier.labels.names == ["cat", "dog", "fox"]
    assert np.isfinite(classifier.scores(np.zeros((1, 32, 32, 3), np.float32))).all()


def saved_with_sidecar(folder, **fields):
    """The path of a model with these fields in the file beside it."""
    inside = backbone()
    model = keras.Sequential([inside, *head()], name="mine")
    model.save(folder / "mine.keras")
    (folder / "mine.json").write_text(json.dumps(fields))
    return folder / "mine.keras"


def test_the_file_beside_the_model_is_read_by_itself(tmp_path):
    path = saved_with_sidecar(tmp_path, class_names=["a", "b", "c"], preprocessing="tf")
    classifier = load_classifier(model_path=path)
    assert classifier.labels.names == ["a", "b", "c"]
    np.testing.assert_allclose(classifier.preprocess(np.zeros((1, 32, 32, 3))), -1)


def test_arguments_win_over_the_file_beside_the_model(tmp_path):
    path = saved_with_sidecar(tmp_path, class_names=["a", "b", "c"], preprocessing="tf")
    names = tmp_path / "names.txt"
    names.write_text("x\ny\nz\n")
    classifier = load_classifier(model_path=path, class_names=names, preprocessing="none")
    assert classifier.labels.names == ["x", "y", "z"]
    assert classifier.preprocess(np.zeros((1, 32, 32, 3))).max() == 0


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "does not rescale images itself"),
        ({"preprocessing": "pytorch"}, "no preprocessing 'pytorch'"),
        ({"preprocessing": "tf", "class_names": ["a"]}, "1 names for a classifier of 3 classes"),
        ({"preprocesing": "tf"}, "unknown preprocesing"),
        ({"preprocessing": 3}, "preprocessing is a name, got 3"),
        ({"preprocessing": "tf", "class_names": [0, 1, 2]}, "expected a list of names"),
        ({"preprocessing": "tf", "multi_label": "no"}, "multi_label is true or false"),
        ({"preprocessing": "tf", "input_size": 32}, "input_size is .height, width."),
    ],
)
def test_what_is_missing_or_wrong_beside_a_model_is_said(fields, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        load_classifier(model_path=saved_with_sidecar(tmp_path, **fields))


def test_class_names_in_a_file_are_looked_for_beside_the_model(tmp_path):
    (tmp_path / "names.txt").write_text("a\nb\nc\n")
    path = saved_with_sidecar(tmp_path, class_names="names.txt", preprocessing="tf")
    assert load_classifier(model_path=path).labels.names == ["a", "b", "c"]
