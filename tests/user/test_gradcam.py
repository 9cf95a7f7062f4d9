import keras
import numpy as np
import pytest
from keras import layers
from support import NAMES, image_of, noise, reference, relative_difference, sequential

from classifier import load_classifier
from gradcam import GradCAM, gradcam
from methods import METHODS


def test_of_a_linear_head_is_the_weighted_sum_of_features():
    """Behind global pooling and a dense layer, dS_c/dA_k is w_kc / (h w), whatever the image."""
    classifier = load_classifier(sequential())
    images = noise()
    features = classifier.features(images)
    weights = np.asarray(classifier.model.get_layer("scores").kernel)
    expected = np.maximum(features @ weights[:, 2] / (8 * 8), 0)
    np.testing.assert_allclose(gradcam(classifier, images, [2, 2]), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("j", [0, 1])
@pytest.mark.parametrize("name", NAMES)
def test_agrees_with_pytorch_grad_cam(lite, name, j):
    maps = reference(name)
    ours = gradcam(lite, image_of(maps), [maps["classes"][j]])[0]
    theirs = np.maximum(maps[f"gradcam_raw_{j}"], 0)
    assert relative_difference(ours, theirs) < 1e-4


def test_a_batch_gives_what_its_images_give_one_by_one():
    classifier = load_classifier(sequential())
    images, classes = noise(count=3), np.array([0, 1, 2])
    together = gradcam(classifier, images, classes)
    for image, index, expected in zip(images, classes, together, strict=True):
        np.testing.assert_allclose(
            gradcam(classifier, image[None], [index])[0], expected, rtol=1e-4, atol=1e-6
        )


def test_relu_of_the_channels_is_the_labs_order():
    classifier = load_classifier(sequential())
    images = noise()
    features, gradients = classifier.feature_gradients(images, [1, 1])
    weighted = features * gradients.mean(axis=(1, 2), keepdims=True)
    ours = gradcam(classifier, images, [1, 1], relu="channels")
    np.testing.assert_allclose(ours, np.maximum(weighted, 0).sum(axis=-1), rtol=1e-4, atol=1e-6)
    assert not np.allclose(ours, gradcam(classifier, images, [1, 1]))


def test_the_steps_of_the_class_give_the_method(lite, committed):
    cam = GradCAM(lite, committed["image_u8"])
    model = cam.get_model()
    features, logits = model(cam.resize_array())
    assert features.shape == (1, 7, 7, 1280)
    np.testing.assert_allclose(logits[0], committed["logits"], atol=1e-4)
    pooled = cam.pool_gradients(cam.compute_gradients(model, 285))
    assert cam.weight_activation_map(pooled).shape == (1, 7, 7, 1280)
    cam.apply_dimension_average_pooling()
    np.testing.assert_allclose(
        1280 * cam.apply_relu(), gradcam(lite, image_of(committed), [285]), rtol=1e-4, atol=1e-5
    )


def test_an_image_of_any_size_is_resized_and_a_name_will_do():
    cam = GradCAM("EfficientNetLite0", np.full((50, 80, 3), 128, np.uint8))
    assert cam.resize_array().shape == (1, 224, 224, 3)
    scores = cam.classifier.scores(cam.resize_array())
    assert len(cam.get_decode_predictions()(scores)[0]) == 5
    assert np.abs(cam.get_preprocess_input()(cam.resize_array())).max() < 0.1


def test_the_class_decides_where_the_map_lights_up(lite, committed):
    """The dog is on the left half, the cat on the right."""
    dog, cat = METHODS["GRADCAM"](lite, np.repeat(image_of(committed), 2, 0), [235, 285])
    assert np.unravel_index(dog.argmax(), dog.shape)[1] < 3
    assert np.unravel_index(cat.argmax(), cat.shape)[1] > 3
    assert dog[:, :3].sum() > 3 * dog[:, 4:].sum()
    assert cat[:, 4:].sum() > 1.5 * cat[:, :3].sum()


def test_the_logit_is_differentiated_not_the_saturated_probability():
    model = sequential()
    model.get_layer("scores").kernel.assign(model.get_layer("scores").kernel * 1000)
    classifier = load_classifier(model)
    images = noise(count=1)
    best = int(classifier.scores(images)[0].argmax())
    assert classifier.scores(images)[0, best] == 1
    assert gradcam(classifier, images, [best]).max() > 0


def test_a_dense_head_without_pooling_has_a_gradient_for_each_position():
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", name="conv")(inputs)
    x = layers.Dense(2, "softmax", name="scores")(layers.Flatten()(x))
    classifier = load_classifier(keras.Model(inputs, x), preprocessing="tf")
    _, gradients = classifier.feature_gradients(noise((8, 8), 1), [1])
    kernel = np.asarray(classifier.model.get_layer("scores").kernel)[:, 1]
    np.testing.assert_allclose(gradients[0].ravel(), kernel, rtol=1e-5)
