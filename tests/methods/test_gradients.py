"""SALIENCY, SMOOTHGRAD, INTEGRATED_GRADIENTS, GUIDED_BACKPROP, GUIDED_GRADCAM and DECONVNET."""

import keras
import numpy as np
import pytest
from keras import layers
from support import head, noise, randomised, sequential

from classifier import BlackBox, Classifier, load_classifier
from classifier.labels import Labels
from engines.statistics import correlation
from gradcam import gradcam
from methods import METHODS
from pipeline.explaining.diagnosis import diagnose
from representations import upsampled
from runtime import noting

GRADIENTS = [name for name, row in METHODS.items() if row.display.endswith("percentile")]


def linear(size=(6, 6), channels=3, preprocessing="none"):
    """A linear classifier of images in [0, 255], and its weights (H, W, C, classes)."""
    inputs = keras.Input((*size, channels))
    x = layers.Conv2D(4, 3, padding="same", use_bias=False)(inputs)
    x = layers.Dense(3, "softmax", name="scores")(layers.Flatten()(x))
    model = randomised(keras.Model(inputs, x))
    basis = np.eye(size[0] * size[1] * channels).reshape(-1, *size, channels)
    features = keras.Model(inputs, model.layers[-2].output)
    weights = np.asarray(features(basis)) @ np.asarray(model.layers[-1].kernel)
    weights = weights.reshape(*size, channels, 3)
    return load_classifier(model, preprocessing=preprocessing), weights


def smooth():
    """A network without kinks of images (8, 8), rescaled inside, that gives logits."""
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(6, 3, activation="tanh")(layers.Rescaling(1 / 64, -2)(inputs))
    x = layers.Conv2D(6, 3, activation="softplus")(x)
    for layer in head(activation=None):
        x = layer(x)
    return load_classifier(randomised(keras.Model(inputs, x)))


def with_max_pooling():
    inputs = keras.Input((16, 16, 3))
    x = layers.Conv2D(8, 3, activation="relu")(layers.Rescaling(1 / 64, -2)(inputs))
    x = layers.Conv2D(8, 3, activation="relu")(layers.MaxPooling2D()(x))
    for layer in head():
        x = layer(x)
    return load_classifier(randomised(keras.Model(inputs, x)))


def test_of_a_linear_classifier_the_gradient_is_its_weights():
    classifier, weights = linear()
    images, classes = noise((6, 6), 3), [2, 0, 2]
    expected = np.moveaxis(weights[..., classes], -1, 0)
    found = classifier.input_gradients(images, classes)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    for name in ("SALIENCY", "SMOOTHGRAD"):
        maps = METHODS[name](classifier, images, classes)
        np.testing.assert_allclose(maps, np.abs(expected).max(axis=-1), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("baseline", "start"), [("black", -1.0), ("mean", 0.0)])
def test_of_a_linear_classifier_integrated_gradients_are_weights_times_change(baseline, start):
    classifier, weights = linear(preprocessing="tf")  # x / 127.5 - 1
    images = noise((6, 6))
    with noting() as notes:
        maps = METHODS["INTEGRATED_GRADIENTS"](classifier, images, [1, 1], baseline=baseline)
    expected = ((images / 127.5 - 1 - start) * weights[..., 1]).sum(axis=-1)
    np.testing.assert_allclose(maps, expected, rtol=1e-4, atol=1e-5)
    assert np.abs(notes["completeness_gap"]).max() < 1e-3
    assert maps.min() < 0


def test_a_grey_classifier_has_one_channel_of_gradients():
    classifier, weights = linear(channels=1)
    images = noise((6, 6))
    found = classifier.input_gradients(images, [0, 1])
    np.testing.assert_allclose(found, np.moveaxis(weights[..., :2], -1, 0), rtol=1e-4, atol=1e-6)
    assert classifier.in_rgb(found).shape == (2, 6, 6, 3)


def test_channels_are_told_by_what_preprocessing_does_with_colours():
    classifier, _ = linear()
    values = noise((6, 6))
    np.testing.assert_array_equal(classifier.in_rgb(values), values)
    caffe, _ = linear(preprocessing="caffe")  # blue, green, red
    np.testing.assert_array_equal(caffe.in_rgb(values), values[..., ::-1])


def test_integrated_gradients_of_a_smooth_network_are_complete():
    classifier, image = smooth(), noise((8, 8), 1)
    images, classes = np.repeat(image, 3, 0), np.arange(3)
    with noting() as notes:
        maps = METHODS["INTEGRATED_GRADIENTS"](classifier, images, classes, steps=100)
    logits = classifier.logits(np.concatenate([image, 0 * image]))
    np.testing.assert_allclose(maps.sum(axis=(1, 2)), logits[0] - logits[1], rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(notes["logit_difference"], logits[0] - logits[1], rtol=1e-4)
    assert np.abs(notes["completeness_gap"]).max() < 1e-3
    with noting() as coarse:
        METHODS["INTEGRATED_GRADIENTS"](classifier, images, classes, steps=2)
    assert np.abs(coarse["completeness_gap"]).max() > 10 * np.abs(notes["completeness_gap"]).max()


def test_smoothgrad_is_the_mean_over_noisy_copies():
    classifier, image = smooth(), noise((8, 8), 1)
    found = METHODS["SMOOTHGRAD"](classifier, image, [1], samples=20, noise=0.1, seed=3)
    draws = np.random.default_rng(3).standard_normal((20, 8, 8, 3), np.float32)
    copies = image + 0.1 * (image.max() - image.min()) * draws
    gradients = classifier.input_gradients(copies, np.ones(20, int))
    expected = np.abs(gradients.mean(axis=0)).max(axis=-1)
    np.testing.assert_allclose(found[0], expected, rtol=1e-3, atol=1e-7)
    other = METHODS["SMOOTHGRAD"](classifier, image, [1], samples=20, noise=0.1, seed=4)
    assert not np.allclose(found, other, rtol=1e-3)


def test_smoothgrad_without_noise_is_saliency():
    classifier, images = load_classifier(sequential()), noise()
    found = METHODS["SMOOTHGRAD"](classifier, images, [0, 1], noise=0.0)
    expected = METHODS["SALIENCY"](classifier, images, [0, 1])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)


def test_guided_gradcam_is_the_product_of_the_two():
    classifier, images, classes = load_classifier(sequential()), noise(), [0, 1]
    guided = METHODS["GUIDED_BACKPROP"](classifier, images, classes)
    cams = [upsampled(cam, (32, 32)) for cam in gradcam(classifier, images, classes)]
    found = METHODS["GUIDED_GRADCAM"](classifier, images, classes)
    np.testing.assert_allclose(found, guided * cams, rtol=1e-4, atol=1e-7)


def test_deconvolution_without_max_pooling_says_that_it_is_blind():
    blind, seeing = load_classifier(sequential()), with_max_pooling()
    for classifier, size, same in ((blind, (32, 32), True), (seeing, (16, 16), False)):
        images = noise(size)
        with noting() as notes:
            first, second = METHODS["DECONVNET"](classifier, images, [0, 0])
        assert np.allclose(first, second, atol=1e-4 * first.max()) == same
        assert ("caution" in notes) == same


@pytest.mark.parametrize("name", GRADIENTS)
def test_a_batch_gives_what_its_images_give_one_by_one(name):
    classifier, images, classes = load_classifier(sequential()), noise(count=10), [0, 1] * 5
    maps = METHODS[name](classifier, images, classes)
    for image, index, expected in zip(images, classes, maps, strict=True):
        alone = METHODS[name](classifier, image[None], [index])[0]
        np.testing.assert_allclose(alone, expected, rtol=1e-3, atol=1e-5 * np.abs(maps).max())


@pytest.mark.parametrize("name", GRADIENTS)
@pytest.mark.parametrize("count", [3, 10])
def test_several_classes_of_one_image_share_its_forward_pass(name, count, monkeypatch):
    classifier = load_classifier(sequential(12))
    classes, image = np.arange(count), noise(count=1)
    expected = [METHODS[name](classifier, image, [index])[0] for index in classes]
    original, runs = classifier.network.run, []

    def counting(program, arrays, *rest, **options):
        runs.append(len(arrays[0]))
        return original(program, arrays, *rest, **options)

    monkeypatch.setattr(classifier.network, "run", counting)
    found = METHODS[name](classifier, np.repeat(image, count, 0), classes)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5 * np.abs(found).max())
    if count == 3 and name in ("SALIENCY", "GUIDED_BACKPROP"):
        assert runs == [1]


@pytest.mark.parametrize("name", GRADIENTS)
def test_a_function_of_images_has_no_gradient(name):
    box = BlackBox(lambda inputs: np.full((len(inputs), 2), 0.5), (8, 8, 3))
    classifier = Classifier("box", box, Labels(["ant", "bee"]), lambda images: images)
    with pytest.raises(ValueError, match="no layers to look into"):
        METHODS[name](classifier, noise((8, 8)), [0, 1])


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("SMOOTHGRAD", {"samples": 0}),
        ("SMOOTHGRAD", {"noise": -0.1}),
        ("INTEGRATED_GRADIENTS", {"steps": 0}),
    ],
)
def test_options_out_of_range_are_refused(name, options):
    with pytest.raises(ValueError, match=f"{name}: .*got"):
        METHODS[name](load_classifier(sequential()), noise(), [0, 1], **options)


@pytest.mark.parametrize("name", ["SMOOTHGRAD", "INTEGRATED_GRADIENTS"])
def test_what_was_stopped_is_the_mean_of_what_was_done(name, stop_at_run):
    classifier, weights = linear()
    stop_at_run(2)
    image = noise((6, 6), 1)
    with noting() as notes:
        (found,) = METHODS[name](classifier, image, [0])
    assert notes["stopped_early"]
    assert notes["passes"] < 25
    strength = np.abs(weights[..., 0]).max(axis=-1)
    share = (image[0] * weights[..., 0]).sum(axis=-1)
    expected = {"SMOOTHGRAD": strength, "INTEGRATED_GRADIENTS": share}[name]
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["SMOOTHGRAD", "INTEGRATED_GRADIENTS"])
def test_in_bfloat16_they_come_close(name):
    exact, coarse = (load_classifier(sequential(), precision=p) for p in ("float32", "bfloat16"))
    images = noise(count=1)
    with noting() as notes:
        found = METHODS[name](coarse, images, [0])
    assert correlation(found, METHODS[name](exact, images, [0])) > 0.95
    assert notes["float32_correlation"]["gradients"] > 0.95


def test_a_map_of_gradients_that_means_nothing_is_diagnosed():
    image, flat = noise(count=1)[0], np.zeros((32, 32))

    def words(model, name="SALIENCY"):
        classifier = load_classifier(model, preprocessing="none")
        return diagnose(flat, classifier, image, 0, METHODS[name])

    def after(*steps):
        first = layers.Rescaling(1 / 255)
        return randomised(keras.Sequential([keras.Input((32, 32, 3)), first, *steps, *head()]))

    shut = after(layers.Conv2D(4, 3, bias_initializer=keras.initializers.Constant(-1e6)))
    shut.layers[1].activation = keras.activations.relu
    shut.layers[1].bias.assign([-1e6] * 4)
    assert "ReLUs that are all shut" in words(shut)
    rounding = after(layers.Lambda(keras.ops.round), layers.Conv2D(4, 3))
    assert "rounding" in words(rounding, "INTEGRATED_GRADIENTS")
    flat += 1
    mean = keras.Sequential([keras.Input((32, 32, 3)), *head()])
    assert "the same everywhere: the class's gradient is the same at every pixel" in words(mean)
    flat -= 1
    for name in ("GUIDED_BACKPROP", "GUIDED_GRADCAM", "INTEGRATED_GRADIENTS"):
        model = sequential()
        kernel = model.get_layer("scores").kernel
        kernel.assign(abs(np.asarray(kernel)))
        assert "leaves nothing of it" in words(model, name)
