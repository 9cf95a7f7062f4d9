"""LIME and Kernel SHAP."""

import math
from itertools import combinations

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import pairwise_distances
from support import NAMES, noise, reference, relative_difference, sequential

from classifier import BlackBox, Classifier, load_classifier
from classifier.labels import numbered_labels
from images import ImageError, resized
from methods import METHODS
from methods.kernelshap import coalitions, kernelshap, shapley_values
from methods.lime import lime, local_model, random_switches
from methods.superpixels import SEGMENTATIONS, hidden_image, superpixels, switched_scores
from runtime import noting


@pytest.mark.parametrize("name", NAMES)
def test_with_the_references_own_samples_lime_agrees(lite, name):
    maps = reference(name)
    image = maps["image_u8"].astype(np.float32)
    switches, segments = maps["lime_data"], maps["lime_segments"]
    classes = maps["classes"].astype(np.int32)
    scores = switched_scores(lite, image, segments, np.zeros_like(image), switches, classes)
    np.testing.assert_allclose(scores, maps["lime_probs"], atol=1e-4)
    coefficients, intercepts, fit = local_model(switches, scores)
    for j in (0, 1):
        assert relative_difference(coefficients[j], maps[f"lime_coef_{j}"]) < 1e-4
        assert intercepts[j] == pytest.approx(maps[f"lime_intercept_{j}"], abs=1e-4)
        assert fit[j] == pytest.approx(maps[f"lime_r2_{j}"], abs=1e-4)


def test_the_local_model_is_scikit_learns_with_lime_s_weights():
    rng = np.random.default_rng(0)
    switches, scores = random_switches(60, 9, 1), rng.random((60, 2))
    distances = pairwise_distances(switches, switches[:1], metric="cosine").ravel()
    weights = np.sqrt(np.exp(-(distances**2) / 0.25**2))
    model = Ridge(alpha=1).fit(switches, scores[:, 1], sample_weight=weights)
    coefficients, intercepts, fit = local_model(switches, scores)
    np.testing.assert_allclose(coefficients[1], model.coef_, rtol=1e-6)
    assert intercepts[1] == pytest.approx(model.intercept_)
    assert fit[1] == pytest.approx(model.score(switches, scores[:, 1], sample_weight=weights))


GRID = np.kron(np.arange(6).reshape(2, 3), np.ones((16, 16), int)).astype(np.int32)[:32, :48]


def additive_classifier(values: np.ndarray) -> Classifier:
    """The second class's probability: a sum of the values of those superpixels that are white."""

    def scores(images):
        on = np.stack([images[:, s == GRID].mean(axis=(1, 2)) > 127 for s in range(6)], axis=1)
        p = 0.1 + on @ values
        return np.stack([1 - p, p], axis=1)

    network = BlackBox(scores, (32, 48, 3))
    return Classifier("additive", network, numbered_labels(2), lambda images: images)


VALUES = np.array([0.3, -0.05, 0.0, 0.2, 0.05, 0.1])
WHITE = np.full((32, 48, 3), 255, np.float32)


def test_hidden_superpixels_are_looked_up_pixel_by_pixel():
    switches = random_switches(40, 6, 0)
    black = np.zeros_like(WHITE)
    scores = switched_scores(
        additive_classifier(VALUES), WHITE, GRID, black, switches, np.array([1], np.int32)
    )
    np.testing.assert_allclose(scores[:, 0], 0.1 + switches @ VALUES, rtol=1e-5)


def test_lime_finds_the_coefficients_of_an_additive_classifier(monkeypatch):
    monkeypatch.setattr("methods.lime.superpixels", lambda *_: GRID)
    with noting() as notes:
        found = lime(additive_classifier(VALUES), WHITE[None], [1], samples=800, hide="black")[0]
    np.testing.assert_allclose(found, VALUES[GRID], atol=0.01)
    assert notes["fit"][0] > 0.99


def exact_shapley(value, count: int) -> np.ndarray:
    """Shapley values by their definition: the mean gain over all orders of arrival."""
    result = np.zeros(count)
    for i in range(count):
        others = [j for j in range(count) if j != i]
        for size in range(count):
            weight = 1 / (count * math.comb(count - 1, size))
            for before in combinations(others, size):
                result[i] += weight * (value({*before, i}) - value(set(before)))
    return result


def game(players: set) -> float:
    """Not additive: two that only count together, one that spoils."""
    return 0.5 * ({0, 3} <= players) + 0.2 * (1 in players) - 0.1 * ({1, 4} <= players)


def test_with_all_coalitions_kernel_shap_is_exact():
    switches, weights = coalitions(6, 64, 0)
    assert len(switches) == 64
    scores = np.array([[game(set(np.flatnonzero(row)))] for row in switches])
    np.testing.assert_allclose(
        shapley_values(switches, weights, scores)[0], exact_shapley(game, 6), atol=1e-10
    )


def test_with_drawn_coalitions_kernel_shap_comes_close_and_keeps_the_sum():
    switches, weights = coalitions(14, 3000, 0)
    scores = np.array([[game(set(np.flatnonzero(row)))] for row in switches])
    values = shapley_values(switches, weights, scores)[0]
    np.testing.assert_allclose(values[:6], exact_shapley(game, 6), atol=0.02)
    assert values.sum() == pytest.approx(game(set(range(14))) - game(set()))


def test_coalitions_come_with_their_opposites_and_favour_small_and_large():
    switches, _ = coalitions(20, 402, 0)
    assert switches[0].sum() == 0
    assert switches[1].sum() == 20
    np.testing.assert_array_equal(switches[2::2] + switches[3::2], 1)
    sizes = switches[2:].sum(axis=1)
    assert ((sizes <= 2) | (sizes >= 18)).mean() > 0.35


def test_kernel_shap_of_an_additive_classifier_is_its_values(monkeypatch):
    monkeypatch.setattr("methods.kernelshap.superpixels", lambda *_: GRID)
    found = kernelshap(additive_classifier(VALUES), WHITE[None], [1], samples=64, hide="black")[0]
    np.testing.assert_allclose(found, VALUES[GRID], atol=1e-5)
    with pytest.raises(ImageError, match="this image's 6 superpixels need samples >= 8, got 5"):
        kernelshap(additive_classifier(VALUES), WHITE[None], [1], samples=5)


@pytest.mark.parametrize("name", SEGMENTATIONS)
def test_segmentations_are_numbered_through_and_the_same_each_time(name, committed):
    image = committed["image_u8"].astype(np.float32)
    segments = superpixels(image, name, seed=0)
    assert segments.shape == (224, 224)
    assert set(np.unique(segments)) == set(range(segments.max() + 1))
    assert 10 < segments.max() < 500
    np.testing.assert_array_equal(segments, superpixels(image, name, seed=0))


@pytest.mark.parametrize("size", [(28, 28), (32, 32), (64, 96)])
@pytest.mark.parametrize("name", SEGMENTATIONS)
def test_small_images_have_as_many_superpixels_as_large_ones(name, size, committed):
    image = resized(committed["image_u8"].astype(np.float32), size)
    segments = superpixels(image, name, seed=0)
    assert segments.shape == size
    assert set(np.unique(segments)) == set(range(segments.max() + 1))
    assert 15 < segments.max() < 200


def test_an_image_without_superpixels_is_said():
    with pytest.raises(ImageError, match="the image has one colour"):
        superpixels(np.full((32, 32, 3), 9.0), "quickshift", 0)
    textured = np.random.default_rng(0).uniform(60, 120, (96, 96, 3))
    with pytest.raises(
        ImageError, match=r"slic finds 1 superpixel .*: try segmentation=quickshift"
    ):
        superpixels(textured, "slic", 0)


def test_a_hidden_superpixel_shows_its_mean_or_black():
    image = np.random.default_rng(0).uniform(0, 255, (32, 48, 3)).astype(np.float32)
    means = hidden_image(image, GRID, "mean")
    for segment in range(6):
        np.testing.assert_allclose(
            means[segment == GRID],
            image[segment == GRID].mean(axis=0)[None].repeat(256, 0),
            rtol=1e-4,
        )
    assert hidden_image(image, GRID, "black").max() == 0


def test_all_classes_come_from_one_run_and_the_seed_decides():
    classifier = load_classifier(sequential())
    images = np.repeat(noise(count=1), 2, axis=0)
    options = {"samples": 64, "segmentation": "slic", "hide": "black"}
    with noting() as notes:
        together = lime(classifier, images, [0, 1], **options)
    assert notes["passes"] == 64
    np.testing.assert_allclose(
        together[1], lime(classifier, images[:1], [1], **options)[0], atol=1e-6
    )
    assert not np.allclose(together, lime(classifier, images, [0, 1], seed=1, **options))


def test_the_labs_preset():
    options = METHODS["LIME"].call(preset="lab").options
    assert (options["samples"], options["hide"], options["shown"]) == (2000, "black", 15)
    assert options["positive_only"]
    assert options["hide_rest"]
