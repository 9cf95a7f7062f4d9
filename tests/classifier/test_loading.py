import json

import keras
import numpy as np
import pytest
from keras import layers
from support import (
    Subclassed,
    backbone,
    functional,
    head,
    noise,
    quick,
    randomised,
    sequential,
    subclassed,
)

from classifier import as_classifier, load_classifier
from gradcam import gradcam
from methods import METHODS

FORMS = {"sequential": sequential, "functional": functional, "subclassed": subclassed}


def reloaded(model: keras.Model, folder, suffix: str = ".keras"):
    path = folder / f"{model.name}{suffix}"
    model.save(path)
    return load_classifier(model_path=path)


@pytest.mark.parametrize("form", FORMS)
def test_transfer_learned_models_have_the_backbones_last_layer(form):
    classifier = load_classifier(FORMS[form]())
    assert classifier.layer == "backbone/last"
    features, gradients = classifier.feature_gradients(noise(), [0, 1])
    assert features.shape == gradients.shape == (2, 8, 8, 16)
    assert np.abs(gradients).max() > 0


@pytest.mark.parametrize("form", FORMS)
def test_transfer_learned_models_give_the_same_maps_when_reloaded(form, tmp_path):
    model = FORMS[form]()
    fresh, again = load_classifier(model), reloaded(model, tmp_path)
    images = noise()
    np.testing.assert_allclose(fresh.scores(images), again.scores(images), atol=1e-6)
    for name, method in METHODS.items():
        if method.own_layer:
            continue
        maps = (method(loaded, images, [0, 1], **quick(name)) for loaded in (fresh, again))
        np.testing.assert_allclose(*maps, rtol=1e-3, atol=1e-5)
    assert again.layer == "backbone/last"


def test_all_three_forms_explain_alike():
    images = noise()
    maps = [gradcam(load_classifier(form()), images, [0, 2]) for form in FORMS.values()]
    for other in maps[1:]:
        np.testing.assert_allclose(other, maps[0], rtol=1e-4, atol=1e-6)


def test_an_h5_file_is_loaded_too(tmp_path):
    classifier = reloaded(functional(), tmp_path, ".h5")
    assert classifier.layer == "backbone/last"
    assert gradcam(classifier, noise(), [0, 1]).max() > 0


def test_multi_label_sigmoids_are_probabilities_by_themselves(tmp_path):
    classifier = reloaded(sequential(4, "sigmoid"), tmp_path)
    images = noise()
    scores, logits = classifier.scores(images), classifier.logits(images)
    assert not np.allclose(scores.sum(axis=1), 1)
    np.testing.assert_allclose(1 / (1 + np.exp(-logits)), scores, atol=1e-6)
    assert gradcam(classifier, images, [3, 3]).shape == (2, 8, 8)


def test_a_one_output_sigmoid_is_two_classes_with_opposite_logits():
    classifier = load_classifier(sequential(1, "sigmoid"))
    images = noise()
    assert len(classifier.labels) == 2
    np.testing.assert_allclose(classifier.scores(images).sum(axis=1), 1, atol=1e-6)
    logits = classifier.logits(images)
    np.testing.assert_allclose(logits[:, 0], -logits[:, 1])
    _, no = classifier.feature_gradients(images, [0, 0])
    _, yes = classifier.feature_gradients(images, [1, 1])
    np.testing.assert_allclose(no, -yes)


def test_a_model_that_ends_in_logits_is_taken_as_it_is():
    classifier = load_classifier(sequential(3, None))
    images = noise()
    output = classifier.model(images).numpy()
    np.testing.assert_allclose(classifier.logits(images), output, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(classifier.scores(images).sum(axis=1), 1, atol=1e-6)
    multi = load_classifier(sequential(3, None), multi_label=True)
    np.testing.assert_allclose(multi.scores(images), 1 / (1 + np.exp(-output)), atol=1e-5)


@pytest.mark.parametrize(("size", "channels"), [((32, 32), 1), ((24, 48), 3), ((48, 24), 1)])
def test_grey_and_non_square_inputs(size, channels, tmp_path):
    classifier = reloaded(sequential(size=size, channels=channels), tmp_path)
    assert classifier.input_size == size
    images = noise(size)
    maps = gradcam(classifier, images, [0, 1])
    assert maps.shape == (2, size[0] // 4, size[1] // 4)
    if channels == 1:
        luma = images @ np.array([0.299, 0.587, 0.114], np.float32)
        np.testing.assert_allclose(classifier.preprocess(images)[..., 0], luma, rtol=1e-5)


def test_a_model_that_takes_any_size_gets_224():
    inputs = keras.Input((None, None, 3))
    x = layers.Rescaling(1 / 255)(inputs)
    x = layers.Conv2D(4, 3, 4, name="conv")(x)
    for layer in head():
        x = layer(x)
    classifier = load_classifier(keras.Model(inputs, x))
    assert classifier.input_size == (224, 224)
    assert gradcam(classifier, noise((224, 224), 1), [0]).shape == (1, 56, 56)


def saved_with_sidecar(folder, **told):
    inside = backbone()
    model = keras.Sequential([inside, *head()], name="mine")
    model.save(folder / "mine.keras")
    (folder / "mine.json").write_text(json.dumps(told))
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


def test_a_model_that_rescales_needs_no_preprocessing_and_gets_class_numbers(tmp_path):
    classifier = reloaded(sequential(), tmp_path)
    assert classifier.labels.names == ["class 0", "class 1", "class 2"]


def test_rescaling_by_plain_operations_counts_too():
    inputs = keras.Input((32, 32, 3))
    x = backbone()(keras.applications.mobilenet_v2.preprocess_input(inputs))
    for layer in head():
        x = layer(x)
    classifier = load_classifier(keras.Model(inputs, x))
    assert classifier.preprocess(np.full((1, 32, 32, 3), 7.0)).max() == 7


@pytest.mark.parametrize(
    ("told", "words"),
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
def test_what_is_missing_or_wrong_beside_a_model_is_said(told, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        load_classifier(model_path=saved_with_sidecar(tmp_path, **told))


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


def test_a_saved_model_gives_scores_and_says_that_it_has_no_layers(tmp_path):
    model = functional()
    model.export(tmp_path / "mine", verbose=False)
    classifier = load_classifier(model_path=tmp_path / "mine", preprocessing="none")
    images = noise()
    np.testing.assert_allclose(classifier.scores(images), model(images).numpy(), atol=1e-5)
    np.testing.assert_allclose(np.exp(classifier.logits(images)), classifier.scores(images), 1e-4)
    with pytest.raises(ValueError, match="no layers to look into"):
        gradcam(classifier, images, [0, 1])


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


def test_the_layer_can_be_chosen_and_a_wrong_one_is_answered_with_the_nearest():
    assert load_classifier(sequential(), layer="conv2").layer == "backbone/conv2"
    assert load_classifier(sequential(), layer="backbone/add").layer == "backbone/add"
    with pytest.raises(ValueError, match="did you mean 'backbone/conv2'"):
        _ = load_classifier(sequential(), layer="backbone/convv2").layer
    with pytest.raises(ValueError, match="no positions"):
        _ = load_classifier(sequential(), layer="scores").layer


def test_several_layers_can_be_chosen_each_once():
    classifier = load_classifier(sequential(), layer="conv2, backbone/add,conv2")
    assert classifier.layers == ("backbone/conv2", "backbone/add")
    assert classifier.layer == "backbone/conv2,backbone/add"
    with pytest.raises(ValueError, match="no layer 'absent'"):
        classifier.layer = "conv2,absent"


def test_random_weights_are_the_same_each_time_and_leave_the_global_generator_alone():
    import random

    random.seed(3)
    expected = random.random()
    random.seed(3)
    first = load_classifier("MobileNetV3Small", weights="random")
    assert random.random() == expected
    again = load_classifier("MobileNetV3Small", weights="random")
    assert first.weights_hash() == again.weights_hash()
    assert first.random_weights


def test_weights_of_a_file_are_loaded_or_refused(tmp_path):
    model = load_classifier("MobileNetV3Small", weights="random").model
    randomised(model).save_weights(tmp_path / "own.weights.h5")
    loaded = load_classifier("MobileNetV3Small", weights=tmp_path / "own.weights.h5")
    np.testing.assert_array_equal(loaded.model.weights[0], model.weights[0])
    with pytest.raises(ValueError, match="do not fit VGG16"):
        load_classifier("VGG16", weights=tmp_path / "own.weights.h5")
    with pytest.raises(FileNotFoundError, match="no such file"):
        load_classifier("MobileNetV3Small", weights=tmp_path / "absent.weights.h5")


def test_a_download_that_fails_names_the_ways_out(monkeypatch):
    def no_network(*_, **__):
        raise Exception("URL fetch failure on https://example.org: no route\nmore")

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", no_network)
    with pytest.raises(ValueError, match=r"--weights FILE.*random.*EfficientNetLite0") as caught:
        load_classifier("MobileNetV3Small")
    assert "\n" not in str(caught.value)


def test_a_classifier_asked_for_by_name_is_kept():
    assert as_classifier("EfficientNetLite0") is as_classifier("EfficientNetLite0")
    classifier = as_classifier("EfficientNetLite0")
    assert as_classifier(classifier) is classifier


def test_class_names_in_a_file_are_looked_for_beside_the_model(tmp_path):
    (tmp_path / "names.txt").write_text("a\nb\nc\n")
    path = saved_with_sidecar(tmp_path, class_names="names.txt", preprocessing="tf")
    assert load_classifier(model_path=path).labels.names == ["a", "b", "c"]


def test_no_images_are_refused():
    with pytest.raises(ValueError, match="no images"):
        load_classifier(sequential()).scores(noise()[:0])


def test_changed_weights_are_seen_after_forgetting():
    model = sequential()
    classifier = load_classifier(model)
    classifier.network.mode = "folded"
    classifier.scores(noise())
    model.set_weights([2 * weights for weights in model.get_weights()])
    classifier.forget()
    np.testing.assert_allclose(classifier.scores(noise()), model(noise()).numpy(), atol=1e-5)
