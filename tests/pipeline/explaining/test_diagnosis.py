"""A map that means nothing is said to be so: noise, rounding, scores that are not finite."""

import numpy as np
import pytest
from support import bright_classifier

from classifier import BlackBox, Classifier
from classifier.labels import numbered_labels
from methods import METHODS
from pipeline.explaining.diagnosis import NOISE, diagnose
from runtime import noting

RISE, FEM = METHODS["RISE"], METHODS["FEM"]
IMAGE = np.full((8, 8, 3), 90, np.float32)
RAMP = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)


def said(saliency_map, method=RISE, **known) -> str:
    return diagnose(saliency_map, bright_classifier(), IMAGE, 1, method, **known) or ""


def test_a_map_that_differs_no_more_than_by_chance_is_noise():
    for share, is_noise in ((1.05 / NOISE, True), (0.95 / NOISE, False)):
        error = np.full((8, 8), share * RAMP.std(), np.float32)
        assert ("the map is noise" in said(RAMP, noted={"standard_error": error})) == is_noise


def test_a_score_that_changes_by_rounding_alone_makes_no_map():
    assert "does not change with what is hidden" in said(RAMP, noted={"score_range": 1e-7})
    assert not said(RAMP, noted={"score_range": 1e-4})
    assert not said(RAMP, noted={"score_range": np.float32(np.nan)})


def test_a_map_that_is_constant_but_for_rounding_is_said_to_be_constant():
    assert "the same everywhere" in said(1 + 1e-7 * RAMP)
    assert not said(1 + 1e-3 * RAMP)


def test_a_map_of_scores_that_are_not_finite_is_none():
    assert "own score of the class is not finite" in said(RAMP, score=np.nan)
    assert not said(RAMP, score=0.5)
    assert not said(RAMP, FEM, score=np.nan)  # it asks no class


@pytest.mark.parametrize("name", ["RISE", "OCCLUSION"])
def test_a_classifier_that_always_says_the_same_is_never_explained(name):
    def constant(images):
        return np.full((len(images), 2), [0.03, 0.97], np.float32)

    network = BlackBox(constant, (32, 32, 3))
    classifier = Classifier("even", network, numbered_labels(2), lambda x: x)
    image = np.full((32, 32, 3), 90, np.float32)
    options = {"RISE": {"masks": 4000}, "OCCLUSION": {"patch": 8, "stride": 8}}[name]
    with noting() as notes:
        (found,) = METHODS[name](classifier, image[np.newaxis], [1], **options)
    noted = {name: rows[0] for name, rows in notes.items() if isinstance(rows, np.ndarray)}
    words = diagnose(found, classifier, image, 1, METHODS[name], score=0.97, noted=noted)
    assert "the class's score does not change with what is hidden" in words


def test_chance_is_noise_whatever_the_seed_and_a_pixel_that_decides_is_not():
    def chance(images):
        p = np.random.default_rng(int(images.sum()) % 2**32).random(len(images))
        return np.stack([1 - p, p], axis=1).astype(np.float32)

    def pixel(images):
        p = images[:, 4, 20, 0] / 255
        return np.stack([1 - p, p], axis=1)

    image = np.full((32, 32, 3), 255, np.float32)
    for scores, is_noise in ((chance, True), (pixel, False)):
        network = BlackBox(scores, (32, 32, 3))
        classifier = Classifier("it", network, numbered_labels(2), lambda x: x)
        words = []
        for seed in range(8):
            with noting() as notes:
                (found,) = RISE(classifier, image[np.newaxis], [1], masks=1000, seed=seed)
            noted = {"standard_error": notes["standard_error"][0]}
            words.append(diagnose(found, classifier, image, 1, RISE, noted=noted) or "")
        assert sum("the map is noise" in one for one in words) == (8 if is_noise else 0)
