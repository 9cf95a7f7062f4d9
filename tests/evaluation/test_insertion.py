import numpy as np
import pytest
from support import NAMES, bright_classifier, image_of, reference

from evaluation import METRICS
from evaluation.insertion import curves, deleted, inserted, ranks_of, tied_share
from runtime import noting

QUESTIONS = [("ins", inserted, "blur"), ("del", deleted, "mean")]


def check_against(maps, lite):
    ranks = np.empty(maps["insdel_order"].size, np.int32)
    ranks[maps["insdel_order"]] = np.arange(ranks.size)
    given = (ranks.reshape(1, 224, 224), lite, image_of(maps), maps["classes"][:1])
    for key, program, start in QUESTIONS:
        shares, scores = curves(program, *given, 224, start, "probability")
        np.testing.assert_allclose(scores[0], maps[f"{key}_scores"], atol=1e-3)
        area = np.trapezoid(scores[0], shares)
        assert area == pytest.approx(float(maps[f"{key}_auc"]), abs=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_curves_agree_with_the_authors_definition(name, lite):
    check_against(reference(name), lite)


def bright_image():
    images = np.zeros((1, 8, 8, 3), np.float32)
    images[0, :4] = 255  # class 1 has probability 1/2
    return images, (images[..., 0] - np.arange(64).reshape(8, 8)).astype(np.float32)


def test_a_linear_classifiers_areas_are_those_of_triangles():
    images, maps = bright_image()
    classifier = bright_classifier()
    given = (maps, classifier, images, [1])
    with noting() as notes:
        area = METRICS["INSERTION"](*given, step=8, start="black")
    # up from 0 to 1/2 while the lit half is shown, then level
    assert area[0] == pytest.approx(0.5 * 0.5 * 0.5 + 0.5 * 0.5)
    ((shares, scores),) = notes["curve"]
    np.testing.assert_allclose(shares, np.arange(9) / 8)
    np.testing.assert_allclose(scores, [0, 0.125, 0.25, 0.375, 0.5, 0.5, 0.5, 0.5, 0.5])
    assert METRICS["DELETION"](*given, step=8)[0] == pytest.approx(0.5 * 0.5 * 0.5)


def test_an_uneven_last_step_weighs_as_much_as_it_is_wide():
    images, maps = bright_image()
    with noting() as notes:
        area = METRICS["DELETION"](maps, bright_classifier(), images, [1], step=40)
    ((shares, scores),) = notes["curve"]
    np.testing.assert_allclose(shares, [0, 40 / 64, 1])
    assert area[0] == pytest.approx((scores[0] + scores[1]) / 2 * 40 / 64 + scores[1] / 2 * 24 / 64)


def test_the_curve_can_be_of_the_logit():
    images, maps = bright_image()
    with noting() as notes:
        METRICS["DELETION"](maps, bright_classifier(), images, [1], step=32, score="logit")
    ((_, scores),) = notes["curve"]
    assert scores[0] == pytest.approx(np.log(0.5), abs=1e-5)


def test_many_maps_share_batches_and_get_what_each_gets_alone(lite):
    rng = np.random.default_rng(0)
    images = rng.uniform(0, 255, (3, 224, 224, 3)).astype(np.float32)
    maps = rng.random((3, 224, 224)).astype(np.float32)
    given = (lite, images, np.array([1, 2, 3]))
    together = METRICS["INSERTION"](maps, *given, step=5000)
    alone = [
        METRICS["INSERTION"](maps[i : i + 1], lite, images[i : i + 1], [i + 1], step=5000)[0]
        for i in range(3)
    ]
    np.testing.assert_allclose(together, alone, rtol=1e-4)


def test_ties_are_in_reading_order_and_reported():
    maps = np.array([[[1, 3, 1], [2, 3, 1]]], np.float32)
    np.testing.assert_array_equal(ranks_of(maps)[0], [[3, 0, 4], [2, 1, 5]])
    assert tied_share(maps[0]) == pytest.approx(5 / 6)


def test_a_negative_step_is_refused():
    images, maps = bright_image()
    with pytest.raises(ValueError, match="step is at least 0, got step=-1"):
        METRICS["DELETION"](maps, bright_classifier(), images, [1], step=-1)


@pytest.mark.parametrize(("side", "step"), [(8, 1), (28, 4), (32, 5), (64, 18), (224, 224)])
def test_the_step_is_a_224th_of_the_pixels(side, step):
    maps = np.random.default_rng(0).random((1, side, side)).astype(np.float32)
    images = np.zeros((1, side, side, 3), np.float32)
    with noting() as notes:
        METRICS["DELETION"](maps, bright_classifier((side, side, 3)), images, [1])
    assert notes["step"] == [step]
    ((shares, _),) = notes["curve"]
    assert shares[1] == pytest.approx(step / side**2)


def test_a_map_that_is_not_finite_has_no_area():
    images, maps = bright_image()
    maps[0, 0, 0] = np.nan
    assert np.isnan(METRICS["DELETION"](maps, bright_classifier(), images, [1])[0])
