"""The family of class activation maps: references first here, closed forms method by method."""

import numpy as np
import pytest
from support import NAMES, image_of, noise, reference, relative_difference, sequential

from classifier import load_classifier
from engines.activation_maps import activation_maps, average, by_gradients, principal_component
from gradcam import gradcam
from methods import METHODS, ablationcam, gradcampp, hirescam, layercam, scorecam, xgradcam
from representations import upsampled
from runtime import noting

BY_GRADIENTS = {
    "hirescam": hirescam.weighted,
    "xgradcam": xgradcam.weighted,
    "layercam": layercam.weighted,
    "gradcampp": gradcampp.weighted,
}


def before_relu(classifier, maps, weigh) -> np.ndarray:
    """(2, h, w): the image's maps for both classes of a reference, as that is: before ReLU."""
    images = np.repeat(image_of(maps), 2, axis=0)
    return activation_maps(classifier, images, maps["classes"], weigh, signed=True)


def assert_agrees(ours: np.ndarray, maps, key: str, tolerance: float):
    for j, saliency_map in enumerate(ours):
        assert relative_difference(saliency_map, maps[key.format(j)]) < tolerance


@pytest.mark.parametrize("method", BY_GRADIENTS)
@pytest.mark.parametrize("name", NAMES)
def test_gradient_cams_agree_with_pytorch_grad_cam(lite, name, method):
    maps = reference(name)
    ours = before_relu(lite, maps, by_gradients(BY_GRADIENTS[method]))
    assert_agrees(ours, maps, method + "_raw_{}", 1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_cam_agrees_with_49_times_the_grad_cam_of_pytorch(lite, name):
    maps = reference(name)
    ours = METHODS["CAM"](lite, np.repeat(image_of(maps), 2, axis=0), maps["classes"])
    for j in (0, 1):
        theirs = np.maximum(49 * maps[f"gradcam_raw_{j}"], 0)
        assert relative_difference(ours[j], theirs) < 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_eigencam_agrees_with_pytorch_grad_cam_up_to_its_sign(lite, name):
    maps = reference(name)
    ours, theirs = METHODS["EIGENCAM"](lite, image_of(maps), [0])[0], maps["eigencam_raw"]
    assert min(relative_difference(sign * ours, theirs) for sign in (1, -1)) < 1e-4
    assert np.corrcoef(ours.ravel(), lite.features(image_of(maps))[0].mean(-1).ravel())[0, 1] > 0


@pytest.mark.parametrize("name", NAMES)
def test_ablationcam_agrees_with_pytorch_grad_cam(lite, name):
    maps = reference(name)
    with noting() as notes:
        ours = before_relu(lite, maps, ablationcam.weighted_channels)
    assert_agrees(ours, maps, "ablationcam_raw_{}", 1e-3)
    assert notes["passes"] == 1 + 1 + 1280  # both classes from one run
    weights = ablated_weights(lite, maps)
    assert_agrees(weights, maps, "ablationcam_weights_{}", 1e-3)


def ablated_weights(lite, maps) -> np.ndarray:
    """(2, K): what the features are multiplied by, read where each channel is largest."""
    images = np.repeat(image_of(maps), 2, axis=0)
    features = lite.features(images)
    weighted = ablationcam.weighted_channels(lite, images, maps["classes"], lite.layer)
    largest = features.max(axis=(1, 2))
    return np.where(largest > 0, weighted.max(axis=(1, 2)) + weighted.min(axis=(1, 2)), 0) / (
        np.where(largest > 0, largest + features.min(axis=(1, 2)), 1)
    )


@pytest.mark.parametrize(
    "name",
    ["dog_cat", *(pytest.param(n, marks=pytest.mark.slow) for n in NAMES if n != "dog_cat")],
)
def test_scorecam_agrees_with_pytorch_grad_cam(lite, name):
    maps = reference(name)
    with noting() as notes:
        ours = before_relu(lite, maps, scorecam.weighted_channels)
    assert_agrees(ours, maps, "scorecam_raw_{}", 1e-3)
    assert notes["passes"] == 1 + 1280  # both classes from one run


def test_augmented_maps_are_the_mean_over_mirror_images_and_scales():
    """The input is scaled once it is preprocessed: here by a network that subtracts 100 first."""
    classifier = load_classifier(sequential(), preprocessing=lambda images: images - 100)
    images, classes = noise(), [0, 2]
    total = 0
    for factor in (0.9, 1.0, 1.1):
        scaled = load_classifier(sequential(), preprocessing=lambda x, f=factor: f * (x - 100))
        total = total + gradcam(scaled, images, classes)
        total = total + gradcam(scaled, images[:, :, ::-1], classes)[:, :, ::-1]
    ours = gradcam(classifier, images, classes, smooth="augment")
    np.testing.assert_allclose(ours, total / 6, rtol=1e-4, atol=1e-5 * total.max())


def test_principal_maps_are_the_first_component_of_the_weighted_channels():
    classifier = load_classifier(sequential())
    images = noise()
    features, gradients = classifier.feature_gradients(images, [1, 1])
    ours = METHODS["LAYERCAM"](classifier, images, [1, 1], smooth="principal")
    for image, A, g in zip(ours, features, gradients, strict=True):
        rows = (A * np.maximum(g, 0)).reshape(64, -1)
        rows = rows - rows.mean(axis=0)
        expected = rows @ np.linalg.svd(rows)[2][0]
        expected *= np.sign(expected @ rows.mean(axis=1))
        np.testing.assert_allclose(
            image.ravel(), np.maximum(expected, 0), rtol=1e-3, atol=1e-5 * expected.max()
        )


@pytest.mark.parametrize("shape", [(4, 5, 30), (4, 5, 7)])  # more channels than positions; fewer
def test_the_principal_component_is_that_of_numpys_svd(shape):
    channels = np.random.default_rng(0).normal(size=(3, *shape))
    for image, found in zip(channels, principal_component(channels), strict=True):
        rows = image.reshape(20, -1) - image.mean(axis=(0, 1))
        left, strengths, _ = np.linalg.svd(rows)
        expected = left[:, 0] * strengths[0]
        expected *= np.sign(expected @ rows.mean(axis=1))
        np.testing.assert_allclose(found.ravel(), expected, rtol=1e-4, atol=1e-5)


def test_the_principal_component_of_one_pattern_is_that_pattern_the_right_way_up():
    pattern = np.random.default_rng(0).normal(size=(4, 5))
    strengths = np.array([3.0, -1.0, 0.5])  # of the channels, positive in the mean
    (found,) = principal_component((pattern[..., None] * strengths)[None])
    expected = (pattern - pattern.mean()) * np.linalg.norm(strengths)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_several_layers_are_averaged_each_in_0_to_1_at_the_largest_size():
    classifier = load_classifier(sequential())
    images, classes = noise(), [0, 1]
    alone = []
    for layer in ("backbone/relu1", "backbone/last"):
        classifier.layer = layer
        alone.append(gradcam(classifier, images, classes))
    classifier.layer = "relu1, last"
    assert classifier.layer == "backbone/relu1,backbone/last"
    together = gradcam(classifier, images, classes)
    assert together.shape == (2, 16, 16)
    for fine, coarse, found in zip(*alone, together, strict=True):
        fine, coarse = ((m - m.min()) / (m.max() - m.min()) for m in (fine, coarse))
        expected = (fine + upsampled(coarse, (16, 16))) / 2
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


OF_A_LAYER = [name for name, row in METHODS.items() if row.shares_features]


@pytest.mark.parametrize("name", [name for name in OF_A_LAYER if name != "GUIDED_GRADCAM"])
def test_every_method_that_looks_at_layers_looks_at_several(name):
    classifier = load_classifier(sequential(), layer="last,add")
    if name == "CAM":
        with pytest.raises(ValueError, match="behind backbone/add is another"):
            METHODS[name](classifier, noise(), [0, 1])
        return
    maps = METHODS[name](classifier, noise(), [0, 1])
    assert maps.shape == (2, 8, 8)
    assert 0 <= maps.min() < maps.max() <= 1
    for layer in ("last", "add"):
        classifier.layer = layer
        alone = METHODS[name](classifier, noise(), [0, 1])
        assert alone.shape != maps.shape or not np.allclose(alone, maps)


def test_the_average_of_one_map_is_that_map_and_a_flat_map_counts_as_zero():
    maps = noise()[..., 0]
    assert average([maps]) is maps
    flat = np.full((2, 4, 4), 7, np.float32)
    together = average([maps, flat])
    lows, highs = (f(maps, axis=(1, 2), keepdims=True) for f in (np.min, np.max))
    np.testing.assert_allclose(together, (maps - lows) / (highs - lows) / 2, rtol=1e-5)


def random(name: str):
    return pytest.param(name, "random", marks=pytest.mark.slow)


@pytest.mark.parametrize(
    ("name", "weights"),
    [("SqueezeNet", None), random("ResNet50"), random("Xception"), random("VGG19")],
)
def test_every_mechanism_works_on_networks_of_the_trade(name, weights):
    """Gradients, the head alone, and masks, these by an early layer, of fewer channels."""
    classifier = load_classifier(name, weights=weights)
    images = noise(classifier.input_size, 1)[[0, 0]]
    h, w = classifier.features(images[:1]).shape[1:3]
    for method in ("LAYERCAM", "ABLATIONCAM"):
        maps = METHODS[method](classifier, images, [3, 7])
        assert maps.shape == (2, h, w)
        assert np.isfinite(maps).all()
        assert maps[0].any() or method == "ABLATIONCAM"
    if name == "VGG19":
        with pytest.raises(ValueError, match="CAM needs a head"):
            METHODS["CAM"](classifier, images, [3, 7])
    else:
        assert np.isfinite(METHODS["CAM"](classifier, images, [3, 7])).all()
    coarse, *_, fine = classifier.layers_of_all_sizes[::-1]
    assert coarse == classifier.layer
    classifier.layer = fine
    maps = METHODS["SCORECAM"](classifier, images, [3, 7])
    assert min(maps.shape[1:]) > h
    assert np.ptp(maps, axis=(1, 2)).min() > 0
