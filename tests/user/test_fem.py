import numpy as np
import pytest
from support import NAMES, image_of, noise, reference, relative_difference, sequential

from classifier import load_classifier
from fem import (
    aggregate_binary_maps,
    compute_binary_maps,
    compute_fem,
    expand_flat_values_to_activation_shape,
    fem,
    fem_of_layer,
    get_img_array,
)
from methods import METHODS
from representations import upsampled
from runtime import noting


def test_of_one_bright_cell_is_the_channels_mean_there():
    features = np.zeros((5, 5, 2), np.float32)
    features[1, 3, 0] = 25  # mean 1, standard deviation 4.9: above 1 + 2 * 4.9
    binary = compute_binary_maps(features)
    assert binary.sum() == 1
    expected = np.zeros((5, 5))
    expected[1, 3] = 1
    np.testing.assert_allclose(aggregate_binary_maps(binary, features), expected, rtol=1e-6)


def test_a_value_at_the_bound_does_not_count():
    features = np.array([0.0, 1.0]).reshape(1, 2, 1)  # mean 0.5, population deviation 0.5
    assert not compute_binary_maps(features, sigma=1).any()
    assert compute_binary_maps(features, sigma=0.9).tolist() == [[[False], [True]]]


@pytest.mark.parametrize("name", NAMES)
def test_agrees_with_the_papers_formula(exact, name):
    """In float64: a value next to its bound is on the same side of it on any processor."""
    maps = reference(name)
    ours = fem(exact, image_of(maps), [0])[0]
    assert relative_difference(ours, maps["fem_paper_raw"]) < 1e-5


def test_ignores_the_class():
    classifier = load_classifier(sequential())
    images = noise()
    np.testing.assert_array_equal(fem(classifier, images, [0, 0]), fem(classifier, images, [1, 2]))


def test_a_higher_k_keeps_less():
    features = np.random.default_rng(0).exponential(size=(7, 7, 64))
    counts = [compute_binary_maps(features, k).sum() for k in (1, 2, 3)]
    assert counts[0] > counts[1] > counts[2] > 0


def test_flat_values_stand_at_every_position():
    expanded = expand_flat_values_to_activation_shape(np.array([1.0, 2.0]), (3, 4))
    assert expanded.shape == (3, 4, 2)
    assert (expanded == [1, 2]).all()


def test_an_image_file_goes_straight_to_its_map(lite, committed):
    assert get_img_array("data/dog_cat.jpg").shape == (400, 800, 3)
    from_file = compute_fem("data/dog_cat.jpg", lite)
    assert np.corrcoef(from_file.ravel(), committed["fem_paper_raw"].ravel())[0, 1] > 0.99


def test_mlfem_is_the_mean_of_the_layers_each_divided_by_its_maximum(lite, committed):
    image = image_of(committed)
    layers = lite.layers_of_all_sizes
    maps = [fem_of_layer(lite, image, layer)[0] for layer in layers]
    assert [len(saliency_map) for saliency_map in maps] == [112, 56, 28, 14, 7]
    large = [np.maximum(upsampled(saliency_map, (112, 112)), 0) for saliency_map in maps]
    scaled = [saliency_map / saliency_map.max() for saliency_map in large]
    for fusion, function in {"mean": np.mean, "max": np.max, "product": np.prod}.items():
        with noting() as notes:
            (ours,) = METHODS["MLFEM"](lite, image, [0], fusion=fusion)
        np.testing.assert_allclose(ours, function(scaled, axis=0), rtol=1e-5, atol=1e-7)
        assert notes["layers"] == list(layers)


def test_mlfem_takes_the_layers_that_were_set():
    classifier = load_classifier(sequential())
    assert classifier.layers_of_all_sizes == ("backbone/relu1", "backbone/last")
    classifier.layer = "add,conv2"
    assert classifier.layers_of_all_sizes == ("backbone/add", "backbone/conv2")
    assert METHODS["MLFEM"](classifier, noise(), [0, 0]).shape == (2, 8, 8)
