"""Every metric against a closed form, and all of them against the contract."""

from functools import partial

import keras
import numpy as np
import pytest
from support import bright_classifier, noise, sequential

from classifier import load_classifier
from evaluation import METRICS, drop, gaze, masks, randomisation, road, shape
from evaluation.metric import TRUTHS, unit
from gradcam import gradcam
from methods import METHODS
from registry import parse_call
from runtime import noting

RNG = np.random.default_rng(0)
SIZE = (24, 32)


def some_maps(count: int = 2, size=SIZE) -> np.ndarray:
    return RNG.random((count, *size)).astype(np.float32)


def some_fixations(count: int = 12, size=SIZE) -> np.ndarray:
    return RNG.random((count, 2)) * (size[1], size[0])


def evidence_for(metric, maps, classifier, images) -> list:
    """What the metric needs, invented for two maps."""
    known = {
        "classifier": classifier,
        "images": images,
        "class_indices": np.array([0, 1]),
        "explain": lambda images, indices: gradcam(classifier, images, indices),
        "densities": some_maps(size=maps.shape[1:]),
        "fixations": [some_fixations(size=maps.shape[1:]) for _ in maps],
        "other_fixations": [some_fixations(40, maps.shape[1:]) for _ in maps],
        "masks": some_maps(size=maps.shape[1:]) > 0.7,
    }
    return [known[need] for need in metric.needs]


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_keeps_the_contract(name):
    classifier = load_classifier(sequential())
    images, metric = noise(), METRICS[name]
    maps = some_maps(size=(32, 32))
    evidence = evidence_for(metric, maps, classifier, images)
    options = {"step": 128} if "step" in metric.options else {}
    before = maps.copy()
    values = metric(maps, *evidence, **options)
    np.testing.assert_array_equal(maps, before)
    assert values.shape == (2,)
    assert np.isfinite(values).all()
    np.testing.assert_allclose(values, metric(maps, *evidence, **options), rtol=1e-4)
    alone = [
        metric(
            maps[i : i + 1], *[e if e is classifier else only(e, i) for e in evidence], **options
        )
        for i in range(2)
    ]
    np.testing.assert_allclose(values, np.concatenate(alone), rtol=1e-4, atol=1e-5)


def only(evidence, number: int):
    """The evidence of one of two maps."""
    return evidence if callable(evidence) else evidence[number : number + 1]


@pytest.mark.parametrize("name", [n for n, m in METRICS.items() if m.truths])
def test_a_map_that_is_the_truth_does_better_than_its_opposite(name):
    density = gaze.wooding_map(np.array([[20.0, 8.0], [12, 16]]), SIZE, 1, 3)
    truth = np.stack([density, density])
    maps = np.stack([density, 1 - density]).astype(np.float32)
    known = {
        "densities": truth,
        "fixations": [np.array([[20.0, 8.0], [12, 16]])] * 2,
        "other_fixations": [some_fixations(60)] * 2,
        "masks": truth > 0.5,
    }
    metric = METRICS[name]
    good, bad = metric(maps, *(known[need] for need in metric.needs))
    assert (good > bad) if metric.better == "higher" else (good < bad)


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_says_what_is_better_and_what_it_needs(name):
    assert METRICS[name].better in ("higher", "lower", "")
    assert set(METRICS[name].truths) <= set(TRUTHS)


def test_a_call_is_parsed_with_its_options():
    call = parse_call("deletion:step=448:start=black", METRICS)
    assert str(call) == "DELETION:step=448:start=black"
    with pytest.raises(ValueError, match="no metric 'DELETE'; did you mean 'DELETION'"):
        parse_call("DELETE", METRICS)


def test_pearson_of_a_scaled_map_is_one_and_of_a_constant_one_nan():
    density = some_maps(3)
    maps = np.stack([3 * density[0] + 2, -density[1], np.ones(SIZE, np.float32)])
    np.testing.assert_allclose(gaze.pcc(maps, density), [1, -1, np.nan], rtol=1e-6)


def test_sim_and_kl_by_hand():
    first = np.array([[[1, 1], [2, 0]]], np.float32)  # 0.25 0.25 0.5 0
    second = np.array([[[1, 2], [1, 0]]], np.float32)  # 0.25 0.5 0.25 0
    assert gaze.sim(first, second)[0] == pytest.approx(0.75)
    expected = 0.5 * np.log(0.5 / 0.25) + 0.25 * np.log(0.25 / 0.5)
    assert gaze.kl(first, second)[0] == pytest.approx(expected, rel=1e-6)
    signed = np.array([[[0, 0], [1, -1]]], np.float32)  # lifted: 0.25 0.25 0.5 0
    assert gaze.sim(signed, second)[0] == pytest.approx(0.75)


def test_ssim_of_the_same_map_is_one_and_errors_are_those_of_unit_maps():
    maps = np.array([[[0, 1], [2, 4]]], np.float32)
    other = np.array([[[-3, 0], [5, 10]]], np.float32)
    larger = some_maps(1)
    assert gaze.ssim(larger, 3 * larger)[0] == pytest.approx(1)
    np.testing.assert_allclose(unit(other), [[[0, 0], [0.5, 1]]])
    assert gaze.mae(maps, other)[0] == pytest.approx(0.25 / 4)
    assert gaze.mse(maps, other)[0] == pytest.approx(0.25**2 / 4)


def test_nss_is_the_mean_of_z_scores_at_fixations():
    maps = some_maps(1)
    places = np.array([[3.7, 2.1], [0, 0], [31.9, 23.9], [40, 2]])  # the last is outside
    z = (maps[0].astype(float) - maps[0].mean()) / maps[0].std()
    expected = (z[2, 3] + z[0, 0] + z[23, 31]) / 3
    assert gaze.nss(maps, [places])[0] == pytest.approx(expected, rel=1e-5)


def test_the_shuffled_area_is_the_chance_that_a_fixation_wins():
    maps = some_maps(1)
    places, others = some_fixations(7), some_fixations(30)
    positives, negatives = (gaze.values_at(maps[0], some) for some in (places, others))
    wins = (positives[:, None] > negatives).mean() + 0.5 * (positives[:, None] == negatives).mean()
    assert gaze.auc_shuffled(maps, [places], [others])[0] == pytest.approx(wins)


def test_judds_area_is_one_where_only_fixations_are_lit_and_half_for_a_constant_map():
    maps = np.zeros((2, *SIZE), np.float32)
    maps[0, 5, 6] = 1
    places = [np.array([[6.5, 5.5]])] * 2
    np.testing.assert_allclose(gaze.auc_judd(maps, places), [1, 0.5])


def test_information_gain_is_in_bits_over_the_baseline():
    maps = np.zeros((1, 10, 10), np.float32)
    maps[0, 4, 4] = 1
    others = [RNG.random((5000, 2)) * 10]
    (gain,) = gaze.information_gain(
        maps, [np.array([[4.0, 4.0]])], others, degrees=1, pixels_per_degree=4
    )
    assert gain == pytest.approx(np.log2(0.99 * 100 + 0.01), abs=0.7)  # an even baseline


def test_pointing_counts_the_maximum_on_the_mask_or_near_it():
    maps = np.zeros((1, 10, 10), np.float32)
    maps[0, 2, 5] = 1
    mask = np.zeros((1, 10, 10), bool)
    mask[0, 5:, :] = True
    assert masks.pointing(maps, mask)[0] == 0
    assert masks.pointing(maps, mask, tolerance=3)[0] == 1
    assert masks.pointing(maps, ~mask)[0] == 1
    assert np.isnan(masks.pointing(np.zeros_like(maps), mask)[0])


def test_energy_and_rank_by_hand():
    maps = np.array([[[4, 3], [-2, 1]]], np.float32)
    mask = np.array([[[True, False], [True, True]]])
    assert masks.energy_in_mask(maps, mask)[0] == pytest.approx(5 / 8)
    assert masks.rank_accuracy(maps, mask)[0] == pytest.approx(2 / 3)  # of 4, 3 and 1


def test_sparsity_and_complexity_of_one_pixel_and_of_all_alike():
    one, all_alike = np.zeros((10, 10), np.float32), np.ones((10, 10), np.float32)
    one[3, 3] = -2
    np.testing.assert_allclose(shape.sparsity(np.stack([one, all_alike])), [0.99, 0], atol=1e-9)
    expected = [0, np.log(100)]
    np.testing.assert_allclose(shape.complexity(np.stack([one, all_alike])), expected, atol=1e-9)


def test_drop_gain_and_increase_by_hand():
    images = np.full((2, 8, 8, 3), 51, np.float32)  # p = 0.2 of class 1, 0.8 of class 0
    half = np.zeros((2, 8, 8), np.float32)
    half[:, :4] = 3  # half of the image is left: 0.1 and 0.9
    given = (half, bright_classifier(), images, [1, 0])
    np.testing.assert_allclose(drop.average_drop(*given), [0.5, 0], atol=1e-6)
    np.testing.assert_allclose(drop.average_gain(*given), [0, 0.5], atol=1e-6)
    np.testing.assert_allclose(drop.increase(*given), [0, 1])
    constant = np.ones((2, 8, 8), np.float32)
    assert np.isnan(drop.increase(constant, *given[1:])).all()


def test_imputed_pixels_solve_their_neighbours_means():
    rows, columns = np.mgrid[:9, :9]
    image = (2.0 * rows + 3.0 * columns)[..., np.newaxis]  # linear: its own neighbours' mean
    missing = np.zeros((9, 9), bool)
    missing[2:7, 3:6] = True
    np.testing.assert_allclose(road.linear_imputation(image, missing), image[missing], rtol=1e-10)


def test_road_prefers_the_map_that_knows_where_the_class_is():
    images = np.zeros((1, 8, 8, 3), np.float32)
    images[0, :4, :4] = 255
    good = images[..., 0] + RNG.random((1, 8, 8)).astype(np.float32)
    classifier = bright_classifier()
    (right,), (wrong,) = (road.road(m, classifier, images, [1], noise=0.0) for m in (good, -good))
    assert right == pytest.approx(-wrong, abs=0.02)
    assert right > 0.05


def test_randomisation_tells_a_method_that_looks_at_weights_from_one_that_does_not():
    classifier = load_classifier(sequential())
    images, classes = noise(), np.array([0, 1])
    before = classifier.weights_hash()

    def edges(images, indices):
        return np.abs(np.diff(images.mean(-1), axis=1, append=0)).astype(np.float32)

    maps = edges(images, classes)
    np.testing.assert_allclose(
        randomisation.randomisation(maps, classifier, images, classes, edges), 1
    )
    maps = gradcam(classifier, images, classes)
    with noting() as notes:
        values = randomisation.randomisation(
            maps, classifier, images, classes, lambda i, c: gradcam(classifier, i, c), stages=3
        )
    assert (values < 0.95).all()
    (layers, correlations), _ = notes["cascade"]
    assert layers[0] == 1
    assert values[0] == pytest.approx(np.mean(correlations))
    assert classifier.weights_hash() == before
    np.testing.assert_allclose(maps, gradcam(classifier, images, classes), rtol=1e-5, atol=1e-7)


def test_every_layer_gets_other_weights_and_the_top_one_first():
    classifier = load_classifier(sequential())
    layers = randomisation.weighted_layers(classifier)
    assert layers[0].name == "scores"
    assert layers[-1].name == "conv1"
    with randomisation.put_back(classifier, layers):
        for number, layer in enumerate(layers):
            before = [np.array(variable) for variable in layer.weights]
            randomisation.reinitialise(layer, [0, number])
            assert any((b != np.array(v)).any() for b, v in zip(before, layer.weights, strict=True))


def test_plain_arithmetic_in_the_graph_is_no_layer_to_randomise():
    inputs = keras.Input((32, 32, 3))
    classifier = load_classifier(keras.Model(inputs, sequential()(inputs / 255.0 * 2.0 + 1.0)))
    images, gradcam = noise(count=1), METHODS["GRADCAM"]
    maps = gradcam(classifier, images, [0])
    randomise = METRICS["RANDOMISATION"]
    (value,) = randomise(maps, classifier, images, [0], partial(gradcam, classifier), stages=2)
    assert -1 <= value < 1


def test_black_boxes_have_no_layers_to_randomise():
    with pytest.raises(ValueError, match="no layers"):
        METRICS["RANDOMISATION"](
            some_maps(1, (8, 8)), bright_classifier(), np.zeros((1, 8, 8, 3)), [0], METHODS["RISE"]
        )
