"""Every model of the zoo is explained by a map on the disc, or refused by the row's line."""

import re

import keras
import numpy as np
import pytest
from zoo import (
    formats,
    heads,
    hub,
    hybrids,
    inputs,
    keras2,
    nesting,
    odd_layers,
    precision,
    regression,
    transformers,
    without_maps,
)
from zoo.rows import OPTIONS, SPREADS, Explained
from zoo.scene import OTHER, disc, is_strongest_on_disc, scene, share_on_disc

from methods import METHODS
from runtime import noting

KINDS = (formats, heads, inputs, keras2, nesting, odd_layers, precision, regression)
KINDS += (transformers, without_maps)
EXPLAINED = [row for kind in KINDS for row in kind.EXPLAINED]
REFUSED = [row for kind in KINDS for row in kind.REFUSED]
PLACED = [*hub.PLACED, *hybrids.PLACED]


def by_name(rows):
    """The rows as a test's parameters, by their names; what is known to fail has to fail."""
    return [
        pytest.param(
            row,
            id=row.name,
            marks=[pytest.mark.xfail(strict=True, reason=row.xfail)] if row.xfail else [],
        )
        for row in rows
    ]


@pytest.fixture(autouse=True)
def same_weights():
    """What is not constructed of a model is drawn alike, whatever was drawn before."""
    keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Modules that a row writes are found in its folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)


def map_of(name: str, classifier, row: Explained) -> tuple[np.ndarray, str]:
    """The method's map (h, w), and the caution that it noted, if any."""
    grey = classifier.input_shape[-1] == 1
    images = scene(classifier.input_size, grey)
    METHODS[name].check(classifier)
    with noting() as notes:
        (saliency_map,) = METHODS[name](classifier, images, [row.target], **OPTIONS.get(name, {}))
    if METHODS[name].display == "range":  # RISE's floor is the mean score, and not 0
        saliency_map = saliency_map - saliency_map.min()
    return saliency_map, notes.get("caution", "")


@pytest.mark.parametrize("row", by_name(EXPLAINED))
def test_what_is_explained_has_its_energy_on_the_disc(row, tmp_path):
    classifier = row.load(tmp_path)
    size = classifier.input_size
    images = scene(size, grey=classifier.input_shape[-1] == 1)
    if classifier.task == "classification":
        assert classifier.scores(images)[0].argmax() == row.target
    said = [*classifier.cautions]
    for name in row.methods:
        saliency_map, caution = map_of(name, classifier, row)
        said += [caution] * bool(caution)
        spread = SPREADS.get(name, 0)
        assert share_on_disc(saliency_map, size, spread) >= row.share, name
        assert not row.share or is_strongest_on_disc(saliency_map, size, spread), name
    assert bool(said) == bool(row.caution), said
    assert all(re.search(row.caution, caution) for caution in said), said


@pytest.mark.filterwarnings("ignore::UserWarning")  # Swin's, of masks that there are none
@pytest.mark.parametrize("row", by_name(PLACED))
def test_random_tokens_know_where_the_disc_is(row, tmp_path):
    if row in hub.PLACED:
        pytest.importorskip("keras_hub", reason="keras-hub is not installed")
    keras.utils.set_random_seed(0)
    classifier = row.load(tmp_path)
    assert classifier.layer.endswith(row.layer)
    size = classifier.input_size
    images = scene(size)
    without = np.where(disc(size)[np.newaxis, ..., np.newaxis], np.float32(55), images)
    features = classifier.features(np.concatenate([images, without]))
    change = features[0] - features[1]
    change = np.abs(change - np.median(change, axis=(0, 1))).sum(axis=-1)
    change = np.maximum(change - np.median(change), 0)  # attention tells every token of the disc
    assert change.shape == row.grid
    assert share_on_disc(change, size) >= 0.6
    assert is_strongest_on_disc(change, size, spread=0)
    for name, method in METHODS.items():
        if (method.shares_features and name != "CAM") or (method.by_attention and row.attends):
            method.check(classifier)
        elif method.by_attention:
            with pytest.raises(ValueError, match=r"its attention is between|it has no attention"):
                method.check(classifier)


@pytest.mark.parametrize("row", by_name(REFUSED))
def test_what_is_refused_is_refused_in_its_line(row, tmp_path):
    if row.method is None:
        with pytest.raises(row.error, match=row.line) as caught:
            row.load(tmp_path)
    else:
        classifier = row.load(tmp_path)
        with pytest.raises(row.error, match=row.line) as caught:
            METHODS[row.method].check(classifier)
    assert "\n" not in str(caught.value)


def test_a_map_of_another_place_would_be_found_out():
    size = (64, 64)
    assert share_on_disc(np.ones((16, 16)), size) < 0.2
    assert share_on_disc(disc(size, OTHER).astype(float), size) == 0
    assert not is_strongest_on_disc(disc(size, OTHER), size, spread=12)
    assert share_on_disc(disc(size).astype(float), size) == 1


def test_there_are_a_hundred_rows_each_with_a_name_of_its_own():
    names = [row.name for row in (*EXPLAINED, *REFUSED, *PLACED)]
    assert len(set(names)) == len(names)
    assert len(names) >= 100
