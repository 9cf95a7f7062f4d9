"""Gradients by the pixels, held against Captum's."""

import numpy as np
import pytest
from support import NAMES, image_of, reference, relative_difference

from engines.perturbation import correlation
from methods import METHODS, integrated_gradients
from runtime import noting

TOLERANCE = 5e-2  # and a correlation above 0.999: see `agrees`


def agrees(ours, theirs):
    """But for the gates of ReLU6s that PyTorch's rounding moves, a few of five million an image.

    Pixels were moved by up to 1.3e-2 of the largest and a correlation by up to 9e-6. Ours stand
    still, since they are in float64; along the way of integrated gradients they do not, but there
    a gate counts for one of fifty points.
    """
    theirs = theirs.astype(np.float32)
    assert relative_difference(ours, theirs) < TOLERANCE
    assert correlation(ours, theirs) > 0.999


KEYS = {"SALIENCY": "saliency_absmax", "GUIDED_BACKPROP": "guided_absmax"}


@pytest.mark.parametrize("method", KEYS)
@pytest.mark.parametrize("name", NAMES)
def test_agrees_with_captum(exact, name, method):
    maps = reference(name)
    found = METHODS[method](exact, np.repeat(image_of(maps), 2, 0), maps["classes"])
    for j in (0, 1):
        agrees(found[j], maps[f"{KEYS[method]}_{j}"])


@pytest.mark.parametrize("method", KEYS)
def test_agrees_with_captum_to_the_last_digits_where_every_gate_is_the_same(exact, method):
    """As they are in dog_cat: 5e-7 was measured, of which the committed float16 leaves 3e-4."""
    maps = reference("dog_cat")
    found = METHODS[method](exact, np.repeat(image_of(maps), 2, 0), maps["classes"])
    for j in (0, 1):
        theirs = maps[f"{KEYS[method]}_{j}"]
        digits = np.finfo(theirs.dtype).eps / 2
        assert relative_difference(found[j], theirs.astype(np.float32)) < 1e-5 + digits


@pytest.mark.parametrize("method", KEYS)
@pytest.mark.parametrize("name", NAMES)
def test_in_float32_pixels_are_the_same_but_for_the_gates_that_rounding_moves(lite, name, method):
    maps = reference(name)
    found = METHODS[method](lite, np.repeat(image_of(maps), 2, 0), maps["classes"])
    for j in (0, 1):
        assert correlation(found[j], maps[f"{KEYS[method]}_{j}"].astype(np.float32)) > 0.999


@pytest.mark.parametrize("name", NAMES)
def test_integrated_gradients_agree_with_captum(lite, name):
    maps = reference(name)
    found = METHODS["INTEGRATED_GRADIENTS"](lite, np.repeat(image_of(maps), 2, 0), maps["classes"])
    for j in (0, 1):
        agrees(found[j], maps[f"ig_sum_{j}"])


@pytest.mark.parametrize(("rule", "key"), [("plain", "saliency"), ("guided", "guided")])
@pytest.mark.parametrize("name", NAMES)
def test_signed_gradients_agree_with_captum(exact, name, rule, key):
    maps = reference(name)
    (found,) = exact.input_gradients(image_of(maps), maps["classes"][:1], rule)
    agrees(found, maps[f"{key}_signed_0"])


@pytest.mark.parametrize("name", NAMES)
def test_signed_integrated_gradients_agree_with_captum(lite, name, monkeypatch):
    """Channel by channel, and by the trapezoid rule at as many equal steps."""
    maps = reference(name)
    start, end = np.float32(-127 / 128), lite.preprocess(image_of(maps))
    method, image, classes = METHODS["INTEGRATED_GRADIENTS"], image_of(maps), maps["classes"]
    channels = []
    mean = integrated_gradients.mean_gradients
    monkeypatch.setattr(
        integrated_gradients, "mean_gradients", lambda *a: channels.append(mean(*a)) or channels[-1]
    )
    with noting() as notes:
        method(lite, image, classes[:1])
    agrees(((end - start) * channels[0])[0], maps["ig_signed_0"])
    assert notes["completeness_gap"][0] == pytest.approx(maps["ig_delta_0"], abs=0.05)

    weights = np.full(50, 1 / 50, np.float32)
    weights[[0, -1]] /= 2
    nodes = np.linspace(0, 1, 50, dtype=np.float32)
    batches = [(nodes[i::7], weights[i::7]) for i in range(7)]
    monkeypatch.setattr(integrated_gradients, "path_nodes", lambda steps: batches)
    found = method(lite, np.repeat(image, 2, 0), classes) * weights.sum()  # captum's sum to 0.98
    for j in (0, 1):
        agrees(found[j], maps[f"ig_trapezoid_sum_{j}"])
