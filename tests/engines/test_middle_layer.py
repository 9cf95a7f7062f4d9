"""Class activation maps of a middle layer, where the members of the family differ, by reference.

Ours are computed in float64. A derivative hangs on gates, and a gate whose input is 5.5e-7 below 0
is opened by one processor's rounding and shut by another's: in float32 HIRESCAM and LAYERCAM of
dog_cat are off by 4e-3 where one gate is, and the gates that rounding may move are one to nine an
image. In float64 each stands where it does without rounding, on any processor. So do all of
PyTorch's, in the layers behind this one and these nine images.
"""

import numpy as np
import pytest
from support import NAMES, image_of, reference, relative_difference

from engines.perturbation import correlation
from fem import fem
from gradcam import GradCAM, gradcam
from methods import gradcampp, hirescam, layercam, xgradcam

LAYER = "block11_add"
ROUNDING = 1e-5  # of the largest value; 3e-6 was measured
ULP = np.finfo(np.float32).eps
OF_GRADIENTS = 2e-6  # PyTorch's rounding, of a channel's largest gradient; ours in float32: 1.8e-6


@pytest.fixture
def middle(exact):
    """The classifier in float64, looking at its eleventh block's output."""
    before = exact.layer
    exact.layer = LAYER
    yield exact
    exact.layer = before


def weighted_by_mean(features, gradients):
    return features * gradients.mean(axis=(1, 2), keepdims=True)


WITHOUT_DIVISION = {
    "gradcam": weighted_by_mean,
    "hirescam": hirescam.weighted,
    "layercam": layercam.weighted,
}


@pytest.mark.parametrize("method", WITHOUT_DIVISION)
@pytest.mark.parametrize("name", NAMES)
def test_maps_by_gradients_agree_with_pytorch_grad_cam(middle, name, method):
    maps, expected = reference(name), reference("mid_layer")
    images = np.repeat(image_of(maps), 2, axis=0)
    features, gradients = middle.feature_gradients(images, maps["classes"])
    found = WITHOUT_DIVISION[method](features, gradients).sum(axis=-1)
    for j, ours in enumerate(found):
        assert relative_difference(ours, expected[f"{name}/{method}_{j}"]) < ROUNDING


def xgradcam_sway(A, g):
    """|A_k dw_k/dS| times the rounding of S, w = sum(A g) / S."""
    total, rounding = sum_and_rounding(A)
    return np.abs(A * (A * g).sum(axis=(1, 2), keepdims=True) / total**2 * rounding)


def gradcampp_sway(A, g):
    """|A_k dw_k/dS| times the rounding of S, and |A_k dw_k/dg| times that of g.

    w = sum of g^3 / d over g > 0, d = 2 g^2 + S g^3 + e. So dw/dS = -g^6 / d^2, and
    dw/dg = g^2 (2 g^2 + 3 e) / d^2. In macaw's map of class 0 one d is 3e-4 of its terms.
    """
    total, rounding = sum_and_rounding(A)
    e, positive = gradcampp.STABILISER, np.maximum(g, 0)
    squared = (2 * positive**2 + total * positive**3 + e) ** 2
    by_total = positive**6 / squared * rounding
    of_gradients = OF_GRADIENTS * np.abs(g).max(axis=(1, 2), keepdims=True)
    by_gradient = positive**2 * (2 * positive**2 + 3 * e) / squared * of_gradients
    return np.abs(A) * (by_total + by_gradient).sum(axis=(1, 2), keepdims=True)


def sum_and_rounding(A):
    """S, the sum over positions, and what its last digit is, of terms that may all but cancel."""
    return (values.sum(axis=(1, 2), keepdims=True) for values in (A, ULP * np.abs(A)))


WITH_DIVISION = {
    "xgradcam": (xgradcam.weighted, xgradcam_sway),
    "gradcampp": (gradcampp.weighted, gradcampp_sway),
}


@pytest.mark.parametrize("method", WITH_DIVISION)
@pytest.mark.parametrize("name", NAMES)
def test_maps_that_divide_agree_with_pytorch_grad_cam_as_far_as_rounding_lets_them(
    middle, name, method
):
    """XGRADCAM and GRADCAM++ divide by sums over positions, whose terms have both signs here.

    PyTorch's features differ from exact ones by rounding, and the means of all but cancelling
    terms in more than their last digits: so features get the means that PyTorch's have. What the
    last digit of the sums and of its gradients may still do, to first order, is allowed.
    """
    maps, expected = reference(name), reference("mid_layer")
    weigh, sway = WITH_DIVISION[method]
    images = np.repeat(image_of(maps), 2, axis=0)
    features, gradients = (
        a.astype(float) for a in middle.feature_gradients(images, maps["classes"])
    )
    shift = expected[f"{name}/features_mean"] - features.mean(axis=(1, 2), keepdims=True)
    assert np.abs(shift).max() < 1e-5
    features += shift
    allowed = sway(features, gradients).sum(axis=-1)
    for j, ours in enumerate(weigh(features, gradients).sum(axis=-1)):
        theirs = expected[f"{name}/{method}_{j}"]
        largest = np.abs(theirs).max()
        assert allowed[j].max() < 5e-2 * largest  # or nothing would be proved
        assert (np.abs(ours - theirs) < ROUNDING * largest + allowed[j]).all()


@pytest.mark.parametrize("name", NAMES)
def test_fem_and_gradcam_agree_as_they_are_called(middle, name):
    maps, expected = reference(name), reference("mid_layer")
    images = np.repeat(image_of(maps), 2, axis=0)
    assert relative_difference(fem(middle, images[:1], [0])[0], expected[f"{name}/fem"]) < ROUNDING
    for j, ours in enumerate(gradcam(middle, images, maps["classes"])):
        theirs = np.maximum(expected[f"{name}/gradcam_{j}"], 0)
        assert relative_difference(ours, theirs) < ROUNDING


@pytest.mark.parametrize("j", [0, 1])
@pytest.mark.parametrize("name", NAMES)
def test_the_steps_of_gradcam_agree(exact, name, j):
    maps, expected = reference(name), reference("mid_layer")
    cam = GradCAM(exact, image_of(maps))
    gradients = cam.compute_gradients(exact.layer_model(LAYER), maps["classes"][j])
    ours = cam.weight_activation_map(cam.pool_gradients(gradients)).sum(axis=-1)[0]
    assert relative_difference(ours, expected[f"{name}/gradcam_{j}"]) < ROUNDING


@pytest.mark.parametrize("name", NAMES)
def test_in_float32_gradients_are_the_same_but_for_the_gates_that_rounding_moves(exact, lite, name):
    """What was proved in float64 is what is used: gates moved a correlation by 2e-6 at most."""
    maps = reference(name)
    images = np.repeat(image_of(maps), 2, axis=0)
    expected, found = (c.feature_gradients(images, maps["classes"], LAYER) for c in (exact, lite))
    assert relative_difference(found[0], expected[0]) < ROUNDING
    for j in (0, 1):
        assert correlation(found[1][j], expected[1][j]) > 0.9999
