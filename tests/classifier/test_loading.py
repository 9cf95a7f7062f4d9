import keras
import numpy as np
import pytest
from keras import layers
from support import backbone, functional, head, noise, quick, sequential, subclassed

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


def test_a_classifier_asked_for_by_name_is_kept():
    assert as_classifier("EfficientNetLite0") is as_classifier("EfficientNetLite0")
    classifier = as_classifier("EfficientNetLite0")
    assert as_classifier(classifier) is classifier


def test_no_images_are_refused():
    with pytest.raises(ValueError, match="no images"):
        load_classifier(sequential()).scores(noise()[:0])
