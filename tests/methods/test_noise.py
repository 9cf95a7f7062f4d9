"""What sampled methods note of their own chance, and what they do where there is nothing to say."""

import numpy as np
import pytest
from support import noise, sequential

from classifier import BlackBox, Classifier, load_classifier
from classifier.labels import numbered_labels
from engines.perturbation import ROUNDING, noted_by_image, score_range
from images import ImageError
from methods import METHODS
from runtime import noting

GRID = np.kron(np.arange(12).reshape(3, 4), np.ones((8, 8), int)).astype(np.int32)  # (24, 32)
WHITE = np.full((1, 24, 32, 3), 255, np.float32)


def function(scores, size=(24, 32)) -> Classifier:
    return Classifier("function", BlackBox(scores, (*size, 3)), numbered_labels(2), lambda x: x)


def curved(images) -> np.ndarray:
    """Probabilities that depend on places, and on pairs and triples of places."""
    left = images[:, :12, :16].mean(axis=(1, 2, 3)) / 255
    right = images[:, 12:, 8:].mean(axis=(1, 2, 3)) / 255
    middle = images[:, 8:16, 8:24].mean(axis=(1, 2, 3)) / 255
    p = 0.1 + 0.5 * left * right * middle + 0.2 * left + 0.2 * left * middle
    return np.stack([1 - p, p], axis=1).astype(np.float32)


def constant(images) -> np.ndarray:
    return np.full((len(images), 2), [0.03, 0.97], np.float32)


SAMPLED = {
    "RISE": {"masks": 96, "grid": 4},
    "LIME": {"samples": 120, "hide": "black"},
    "KERNELSHAP": {"samples": 120, "hide": "black"},
}


@pytest.fixture
def on_a_grid(monkeypatch):
    for name in ("lime", "kernelshap"):
        monkeypatch.setattr(f"methods.{name}.superpixels", lambda *_: GRID)


@pytest.mark.parametrize("name", SAMPLED)
def test_the_standard_error_is_how_maps_of_other_seeds_differ(name, on_a_grid):
    """The spread over 60 seeds is itself off by a tenth; the estimate is for many samples."""
    maps, errors = [], []
    for seed in range(60):
        with noting() as notes:
            (found,) = METHODS[name](function(curved), WHITE, [1], seed=seed, **SAMPLED[name])
        maps.append(found - found.mean() if name == "RISE" else found)
        errors.append(notes["standard_error"][0])
    assert notes["standard_error"].shape == (1, 24, 32)
    expected = np.sqrt(np.var(maps, axis=0, ddof=1).mean())
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(expected, rel=0.3)


@pytest.mark.parametrize("name", SAMPLED)
def test_it_shrinks_with_the_root_of_the_samples(name, on_a_grid):
    (option, count), *_ = SAMPLED[name].items()
    errors = []
    for times in (4, 16):
        with noting() as notes:
            METHODS[name](function(curved), WHITE, [1], **SAMPLED[name] | {option: times * count})
        errors.append(float(np.sqrt(np.mean(notes["standard_error"] ** 2))))
    assert errors[1] == pytest.approx(errors[0] / 2, rel=0.15)


def test_with_all_coalitions_there_is_no_chance(on_a_grid):
    with noting() as notes:
        METHODS["KERNELSHAP"](function(curved), WHITE, [1], samples=4096, hide="black")
    assert notes["exact"]
    np.testing.assert_array_equal(notes["standard_error"], 0)


@pytest.mark.parametrize("name", [*SAMPLED, "OCCLUSION"])
def test_a_score_that_never_changes_is_noted(name, on_a_grid):
    options = SAMPLED.get(name, {"patch": 8, "stride": 8})
    with noting() as notes:
        METHODS[name](function(constant), WHITE.repeat(2, 0), [0, 1], **options)
    np.testing.assert_allclose(notes["score_range"], [0, 0], atol=ROUNDING)
    with noting() as notes:
        METHODS[name](function(curved), WHITE.repeat(2, 0), [0, 1], **options)
    assert (notes["score_range"] > 0.1).all()


def test_the_range_of_scores_is_a_part_of_the_largest():
    scores = np.array([[0.5, 0, -2, 1], [0.4, 0, 2, np.nan]])
    np.testing.assert_allclose(score_range(scores), [0.2, 0, 2, np.nan])


def test_notes_have_a_row_for_each_map():
    images = noise(count=2)[[0, 0, 1]]

    def explain(image, classes):
        maps = np.ones((len(classes), 2, 2)) * classes[:, None, None]
        return maps, {"standard_error": 10 * maps, "score_range": classes / 2}

    with noting() as notes:
        maps = noted_by_image(images, np.array([5, 6, 7]), explain)
    np.testing.assert_array_equal(maps[:, 0, 0], [5, 6, 7])
    np.testing.assert_array_equal(notes["standard_error"], 10 * maps)
    np.testing.assert_array_equal(notes["score_range"], [2.5, 3, 3.5])


@pytest.mark.parametrize("name", ["LIME", "KERNELSHAP"])
def test_an_image_of_one_colour_is_refused_in_a_line(name):
    with pytest.raises(ImageError, match="one colour") as error:
        METHODS[name](load_classifier(sequential()), np.full((1, 32, 32, 3), 255.0), [0])
    assert "\n" not in str(error.value)


def broken(images) -> np.ndarray:
    return np.where([True, False], np.nan, curved(images))


@pytest.mark.parametrize("name", ["LIME", "KERNELSHAP"])
def test_a_class_whose_scores_are_not_finite_has_no_map_and_the_others_have(name, on_a_grid):
    with pytest.raises(ImageError, match="own scores of this image are not finite"):
        METHODS[name](whole(broken), WHITE, [0], **SAMPLED[name])
    maps = METHODS[name](whole(broken), WHITE.repeat(2, 0), [0, 1], **SAMPLED[name])
    assert np.isnan(maps[0]).all()
    expected = METHODS[name](whole(curved), WHITE, [1], **SAMPLED[name])
    np.testing.assert_allclose(maps[1], expected[0], rtol=1e-5, atol=1e-7)


def whole(scores) -> Classifier:
    """A classifier of these scores, without the check that they are probabilities."""
    classifier = function(scores)
    classifier.network._scores = lambda inputs: np.asarray(scores(inputs), np.float32)
    return classifier


@pytest.mark.parametrize("name", ["RISE", "OCCLUSION"])
def test_scores_that_are_not_finite_give_a_map_that_is_not(name):
    options = {"RISE": {"masks": 32}, "OCCLUSION": {"patch": 8, "stride": 8}}[name]
    maps = METHODS[name](whole(broken), WHITE.repeat(2, 0), [0, 1], **options)
    assert np.isnan(maps[0]).all()
    assert np.isfinite(maps[1]).all()


def test_ablating_a_channel_that_only_rounding_feels_weighs_nothing():
    classifier = load_classifier(sequential())
    kernel, bias = classifier.model.get_layer("scores").weights
    kernel.assign(1e-9 * np.ones(kernel.shape))
    bias.assign([1.0, 2.0, 3.0])
    assert not METHODS["ABLATIONCAM"](classifier, noise(), [0, 1]).any()
