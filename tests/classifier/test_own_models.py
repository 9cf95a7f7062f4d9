import json
import zipfile

import keras
import numpy as np
import pytest
from keras import layers
from support import backbone, functional, head, noise, sequential

from classifier import load_classifier
from classifier.model_files import open_model
from evaluation import METRICS
from evaluation.randomisation import weighted_layers
from methods import METHODS


def one_output(activation=None) -> keras.Model:
    return sequential(1, activation)


def test_one_linear_output_without_names_is_a_regression_and_stays_as_it_is(capsys):
    model = one_output()
    classifier = load_classifier(model)
    assert classifier.task == "regression"
    assert "taken for a regression" in capsys.readouterr().err
    assert classifier.labels.names == ["output"]
    expected = model(noise())
    np.testing.assert_allclose(classifier.scores(noise()), expected, rtol=1e-5)
    np.testing.assert_allclose(classifier.logits(noise()), expected, rtol=1e-5)


def test_what_lowers_a_regressions_output_is_the_contrast_without_a_plus():
    classifier = load_classifier(one_output())
    lowers = classifier.contrast(None, classifier.labels.index("output"))
    assert classifier.title(lowers) == "-output"
    _, up = classifier.feature_gradients(noise(), [0, 0])
    _, down = classifier.feature_gradients(noise(), [lowers, lowers])
    np.testing.assert_allclose(up, -down)
    assert np.abs(up).max() > 0


@pytest.mark.parametrize(
    "options",
    [{"class_names": ["no", "yes"]}, {"task": "classification"}, {"multi_label": True}],
)
def test_who_names_classes_or_the_task_gets_a_classifier(options):
    model = one_output()
    classifier = load_classifier(model, **options)
    z = model(noise()).numpy()
    assert classifier.task == "classification"
    np.testing.assert_allclose(classifier.logits(noise()), np.hstack([-z, z]), rtol=1e-5)


def test_a_regression_that_is_said_has_its_outputs_names():
    model = sequential(2, None)
    classifier = load_classifier(model, task="regression", class_names=["x", "y"])
    assert classifier.labels.names == ["x", "y"]
    np.testing.assert_allclose(classifier.scores(noise()), model(noise()), rtol=1e-5)
    unnamed = load_classifier(model, task="regression")
    assert unnamed.labels.names == ["output 0", "output 1"]
    with pytest.raises(ValueError, match="3 names for a regression of 2 outputs"):
        load_classifier(model, task="regression", class_names=["x", "y", "z"])


@pytest.mark.parametrize("activation", ["tanh", "relu", "softplus"])
def test_an_output_that_is_no_probability_is_no_class(activation):
    model = one_output(activation)
    classifier = load_classifier(model)
    assert classifier.task == "regression"
    np.testing.assert_allclose(classifier.scores(noise()), model(noise()), rtol=1e-5, atol=1e-6)


def test_a_saturated_regression_still_has_a_gradient():
    model = one_output("tanh")
    model.layers[-1].bias.assign([50.0])
    classifier = load_classifier(model)
    np.testing.assert_allclose(classifier.scores(noise()), 1)
    _, gradients = classifier.feature_gradients(noise(), [0, 0])
    assert np.abs(gradients).max() > 0


def test_a_number_that_is_in_0_to_1_by_chance_is_no_probability():
    inputs = keras.Input((8, 8, 3))
    light = keras.ops.mean(inputs / 255, axis=(1, 2))[:, :1]
    model = keras.Model(inputs, 1.5 * light)  # 0.75 on an image of noise
    assert load_classifier(model, preprocessing="none").task == "regression"
    model = keras.Model(inputs, 1.0 * light)
    assert load_classifier(model, preprocessing="none").task == "classification"


def test_a_sigmoid_is_a_probability_and_says_nothing(capsys):
    classifier = load_classifier(one_output("sigmoid"))
    assert classifier.task == "classification"
    assert classifier.cautions == ()
    assert capsys.readouterr().err == ""


def test_outputs_that_are_taken_for_logits_are_said_unless_told():
    assert "taken for logits" in load_classifier(sequential(3, None)).cautions[0]
    assert load_classifier(sequential(3, None), multi_label=False).cautions == ()


def test_a_function_of_one_number_is_a_regression_too(tmp_path, monkeypatch):
    text = "def light(images):\n    return images.mean(axis=(1, 2, 3))[:, None]\n"
    text += "light.input_size = (8, 8)\n"
    (tmp_path / "own_regression.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    classifier = load_classifier(model_path="own_regression:light")
    assert classifier.task == "regression"
    np.testing.assert_allclose(classifier.scores(np.full((1, 8, 8, 3), 51.0)), [[51]])
    for name, options in {"RISE": {"masks": 8}, "OCCLUSION": {"patch": 4, "stride": 4}}.items():
        assert METHODS[name](classifier, noise((8, 8)), [0, 0], **options).shape[0] == 2


def preprocessed(function) -> keras.Model:
    inputs = keras.Input((32, 32, 3))
    x = backbone()(function(inputs))
    for layer in head():
        x = layer(x)
    return keras.Model(inputs, x, name="mine")


@keras.saving.register_keras_serializable("tests")
class Scaling(layers.Layer):
    """Scales by a plain operation within its own call, that no hook sees."""

    def call(self, inputs):
        return inputs / 255.0


PREPROCESSING = {
    "caffe": keras.applications.vgg16.preprocess_input,
    "torch": keras.applications.densenet.preprocess_input,
    "tf": keras.applications.mobilenet_v2.preprocess_input,
    "minus the mean": lambda x: x - 127.0,
    "to grey": lambda x: keras.ops.repeat(x[..., :1] / 255, 3, axis=-1),
    "a layer's own": lambda x: Scaling()(x),
    "normalization": lambda x: layers.Normalization(mean=127.0, variance=60.0**2)(x),
    "after a crop": lambda x: layers.Rescaling(1 / 255)(layers.RandomFlip()(x)),
}


@pytest.mark.parametrize("mode", PREPROCESSING)
def test_preprocessing_inside_is_seen_and_a_second_one_is_warned_of(mode):
    model = preprocessed(PREPROCESSING[mode])
    classifier = load_classifier(model)
    expected = model(noise(), training=False)
    np.testing.assert_allclose(classifier.scores(noise()), expected, atol=1e-5)
    assert classifier.cautions == ()
    assert load_classifier(model, preprocessing="none").cautions == ()
    twice = load_classifier(model, preprocessing="VGG16").cautions
    assert "preprocesses its images itself, and preprocessing VGG16" in twice[0]


@pytest.mark.parametrize(
    "function", [lambda x: x, lambda x: layers.Resizing(32, 32)(layers.ZeroPadding2D(3)(x))]
)
def test_what_only_moves_pixels_is_no_preprocessing(function):
    with pytest.raises(ValueError, match="does not rescale images itself"):
        load_classifier(preprocessed(function))
    assert load_classifier(preprocessed(function), preprocessing="VGG16").cautions == ()


@keras.saving.register_keras_serializable("tests")
class Raising(layers.Layer):
    def call(self, inputs):
        raise RuntimeError("not today\nnor tomorrow")

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, inputs.dtype)


def test_a_layer_that_raises_is_said_in_one_line():
    with pytest.raises(ValueError, match=r"mine fails on an image of noise.*not today") as caught:
        load_classifier(preprocessed(lambda x: Raising()(x)), preprocessing="tf")
    assert "\n" not in str(caught.value)


def test_weights_that_are_not_finite_are_said_with_their_layer():
    model = functional()
    model.get_layer("scores").bias.assign([np.nan, 0, 0])
    with pytest.raises(ValueError, match="scores are not finite: layer scores has weights"):
        load_classifier(model)


def test_a_network_without_maps_is_explained_by_what_needs_none():
    inputs = keras.Input((32, 32, 3))
    x = layers.Dense(8, "relu")(layers.Flatten()(layers.Rescaling(1 / 255)(inputs)))
    classifier = load_classifier(keras.Model(inputs, layers.Dense(3, "softmax")(x), name="mlp"))
    assert classifier.layer == ""
    options = {"RISE": {"masks": 8}, "OCCLUSION": {"patch": 8, "stride": 8}, "SALIENCY": {}}
    for name, given in options.items():
        METHODS[name].check(classifier)
        assert np.ptp(METHODS[name](classifier, noise(), [0, 1], **given)) > 0
    with pytest.raises(ValueError, match=r"GRADCAM cannot explain mlp: no layer .* gives maps"):
        METHODS["GRADCAM"].check(classifier)


def test_plain_arithmetic_in_the_graph_has_no_weights_to_randomise():
    classifier = load_classifier(preprocessed(lambda x: x / 127.5 - 1))
    assert all(layer.weights for layer in weighted_layers(classifier))
    assert "RANDOMISATION" in METRICS


def saved(folder, name: str = "mine.keras"):
    path = folder / name
    functional().save(path)
    return path


def test_a_file_that_is_cut_off_is_said_to_be(tmp_path):
    for name in ("mine.keras", "mine.h5"):
        path = saved(tmp_path, name)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        with pytest.raises(ValueError, match="damaged or cut off; copy it again"):
            open_model(str(path))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1", "pointer of Git LFS"),
        (b"<!DOCTYPE html><html>", "a web page and not a model"),
        (b"\x08\x01\x12", "neither HDF5 nor a zip"),
    ],
)
def test_what_is_no_model_is_said_to_be_what_it_is(content, words, tmp_path):
    for name in ("mine.keras", "mine.h5"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=words):
            open_model(str(tmp_path / name))


def rewritten(path, **changes):
    """The zip with other texts in it."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            change = changes.get(name.split(".")[0])
            archive.writestr(name, change(content.decode()) if change else content)


def test_a_newer_keras_is_named_where_it_is_the_reason(tmp_path):
    path = saved(tmp_path)
    newer = {"keras_version": "3.999.0", "date_saved": ""}
    rewritten(
        path,
        metadata=lambda _: json.dumps(newer),
        config=lambda text: text.replace('"GlobalAveragePooling2D"', '"GlobalMedianPooling2D"'),
    )
    with pytest.raises(ValueError, match=r"Keras 3\.999\.0, and this is .*pip install --upgrade"):
        open_model(str(path))


def test_weights_alone_are_said_to_be(tmp_path):
    functional().save_weights(tmp_path / "only.weights.h5")
    with pytest.raises(ValueError, match=r"weights alone.*module:function"):
        open_model(str(tmp_path / "only.weights.h5"))


def test_a_saved_model_inside_a_file_is_no_lambda(tmp_path):
    functional().export(tmp_path / "saved", verbose=False)
    inputs = keras.Input((32, 32, 3))
    layer = layers.TFSMLayer(str(tmp_path / "saved"), call_endpoint="serve")
    keras.Model(inputs, layer(inputs)).save(tmp_path / "mine.keras")
    with pytest.raises(ValueError, match=r"\(TFSMLayer\); give that folder: .*saved"):
        open_model(str(tmp_path / "mine.keras"))


def test_words_in_a_file_are_no_lambda(tmp_path):
    lookup = layers.StringLookup(vocabulary=["cat", "dog"], invert=True)
    inputs = keras.Input((4,), dtype="int64")
    keras.Model(inputs, lookup(inputs)).save(tmp_path / "mine.keras")
    (tmp_path / "words.txt").write_text("cat\ndog\n")
    words = json.dumps(str(tmp_path / "words.txt"))
    rewritten(
        tmp_path / "mine.keras",
        config=lambda text: text.replace('["cat", "dog"]', words),
    )
    with pytest.raises(ValueError, match="its layer StringLookup reads a file of words"):
        open_model(str(tmp_path / "mine.keras"))


def test_normalization_in_a_nested_model_has_the_files_numbers(tmp_path):
    inputs = keras.Input((32, 32, 3))
    normalization = layers.Normalization()
    inside = keras.Model(inputs, layers.Conv2D(4, 3)(normalization(inputs)), name="inside")
    normalization.adapt(np.full((1, 32, 32, 3), 100.0) + noise(count=1))
    model = keras.Sequential([keras.Input((32, 32, 3)), inside, *head()])
    expected = model(noise())
    for name in ("mine.h5", "mine.keras"):
        model.save(tmp_path / name)
        np.testing.assert_allclose(open_model(str(tmp_path / name))(noise()), expected, atol=1e-5)
