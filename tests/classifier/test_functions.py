"""A user's Python function as a classifier."""

import numpy as np
import pytest
from support import noise

from classifier import load_classifier
from gradcam import gradcam

MODULE = """
import numpy as np
def brightness(images):
    p = images.mean(axis=(1, 2, 3)) / 255
    return np.stack([1 - p, p], axis=1)
brightness.input_size = (20, 30)
brightness.class_names = ["dark", "bright"]
def build():
    import keras
    return keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Rescaling(1 / 255),
        keras.layers.Conv2D(4, 3), keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(2, "softmax")])
def wrong():
    return 3
def shapeless(images):
    return images
def fails(images):
    raise TypeError("not today")
"""


def test_a_users_function_is_a_classifier(tmp_path, monkeypatch, capsys):
    (tmp_path / "own_classifier.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    dark = load_classifier(model_path="own_classifier:brightness")
    assert "your own code" in capsys.readouterr().err
    assert dark.input_size == (20, 30)
    assert dark.labels.names == ["dark", "bright"]
    np.testing.assert_allclose(dark.scores(np.full((3, 20, 30, 3), 51.0))[:, 1], 0.2, rtol=1e-6)
    built = load_classifier(model_path="own_classifier:build")
    assert gradcam(built, noise(), [0, 1]).shape == (2, 30, 30)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("own_classifier:wrong", "gave a int"),
        ("own_classifier:absent", "absent"),
        ("no_such_module_here:build", "no_such_module_here"),
        ("own_classifier:shapeless", "expected .5, classes."),
        ("own_classifier:fails", "fails on a black image: TypeError"),
        ("broken_classifier:f", "SyntaxError"),
    ],
)
def test_a_users_function_that_will_not_do_is_said(path, words, tmp_path, monkeypatch):
    (tmp_path / "own_classifier.py").write_text(MODULE)
    (tmp_path / "broken_classifier.py").write_text("def f(:")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match=words):
        load_classifier(model_path=path)
