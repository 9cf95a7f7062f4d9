"""Why this class and not that: contrasts of two classes, and what speaks against one."""

import json

import numpy as np
import pytest
from support import ROOT, bright_classifier, noise, quick, sequential

import main
from classifier import load_classifier
from gradcam import GradCAM
from methods import METHODS
from pipeline import explain
from pipeline.explaining.explanation import percent, points


def classifier_of_three():
    return load_classifier(sequential(), class_names=["ant", "bee", "index:2"])


def test_a_contrasts_gradient_is_the_difference_of_its_classes():
    classifier = classifier_of_three()
    index = classifier.contrast(2, 0)
    _, found = classifier.feature_gradients(noise(), [index, index])
    _, plus = classifier.feature_gradients(noise(), [2, 2])
    _, minus = classifier.feature_gradients(noise(), [0, 0])
    np.testing.assert_allclose(found, plus - minus, atol=1e-6)
    against = classifier.contrast(None, 0)
    _, found = classifier.feature_gradients(noise(), [against, against])
    np.testing.assert_allclose(found, -minus, atol=1e-6)


def test_scores_and_predictions_do_not_know_contrasts():
    classifier = classifier_of_three()
    before = classifier.scores(noise())
    index = classifier.contrast(1, 0)
    assert index == classifier.contrast(1, 0) == 3
    assert classifier.contrast(None, 1) == 4
    np.testing.assert_allclose(classifier.scores(noise()), before, rtol=1e-5)
    assert classifier.logits(noise()).shape == (2, 3)
    assert classifier.score_of(before[0], index) == pytest.approx(before[0, 1] - before[0, 0])
    assert (classifier.title(3), classifier.title(4)) == ("bee - ant", "-bee")
    with pytest.raises(ValueError, match="from 0 to 2"):
        classifier.contrast(3, 0)


OF_A_CLASS = [n for n, row in METHODS.items() if not (row.class_agnostic or row.own_layer)]


@pytest.mark.parametrize("name", OF_A_CLASS)
def test_every_method_explains_contrasts(name):
    classifier = classifier_of_three()
    index = classifier.contrast(1, 0)
    maps = METHODS[name](classifier, noise(), [index, index], **quick(name))
    assert np.isfinite(maps).all()
    plain = METHODS[name](classifier, noise(), [1, 1], **quick(name))
    assert not np.allclose(maps, plain)


def test_black_boxes_have_contrasts_too():
    classifier = bright_classifier()
    index = classifier.contrast(1, 0)
    images = np.full((1, 8, 8, 3), 255, np.float32)
    (found,) = METHODS["OCCLUSION"](
        classifier, images, [index], patch=4, stride=4, score="probability"
    )
    np.testing.assert_allclose(found, 2 * 16 / 64, atol=1e-6)  # light goes down, dark goes up


def test_the_labs_steps_take_a_contrast(lite):
    cam = GradCAM(lite, noise((224, 224), 1))
    gradients = cam.compute_gradients(cam.get_model(), lite.contrast(386, 101))
    assert gradients.shape == (1, 7, 7, 1280)


def test_an_image_whose_class_is_the_one_it_is_held_against_is_told_of(capsys, tmp_path):
    image = str(ROOT / "data/macaw.jpg")
    arguments = ["--test_image_path", image, "--output_dir", str(tmp_path)]
    assert main.main([*arguments, "--target=predicted:macaw"]) == 1
    assert "cannot be held against itself" in capsys.readouterr().err
    assert main.main([*arguments, "--target=predicted:goose"]) == 0
    (record,) = tmp_path.glob("macaw*predicted_goose.json")
    (row,) = json.loads(record.read_text())["explanations"]
    assert row["label"] == "macaw - goose"
    assert row["probability"] == pytest.approx(0.908, abs=1e-3)


def test_programs_of_contrasts_that_are_gone_are_dropped():
    classifier = load_classifier(sequential())
    network = classifier.network
    network.mode = "compiled"
    for minus in (1, 2):
        index = classifier.contrast(0, minus)
        METHODS["SALIENCY"](classifier, noise(count=1), [index])
    assert {key[3] for key in network._programs} <= {(), network.contrasts}
    network.contrasts = ()
    assert {key[3] for key in network._programs} <= {()}


def test_a_contrast_is_said_in_points_and_a_class_in_percent():
    assert points(0.743) == "+74.3 points of probability"
    assert points(-0.777) == "-77.7 points of probability"
    assert points(-2.5, "regression") == "-2.5"
    classifier = load_classifier(sequential())
    image = noise(count=1)[0].astype(np.uint8)
    against = explain(classifier, image, "GRADCAM", target="-class 1")
    of_class = explain(classifier, image, "GRADCAM", target="class 1")
    assert against.class_title == f"-class 1: {points(-of_class.probability)}"
    assert of_class.class_title == f"class 1 {percent(of_class.probability)}"
