"""Where the maps of two small trained transformers lie, on discs whose places are known."""

import numpy as np
import pytest
from scipy.ndimage import binary_dilation
from small_vit import PATCH, discs, trained

from classifier import load_classifier
from methods import METHODS

COUNT = 40
BOUNDS = {  # of the energy on the disc or a cell beside it, which is 0.21 of the image
    True: {"RFEM": 0.6, "RFEM_CLASS": 0.7, "CHEFER": 0.45, "ROLLOUT": 0.3, "HIRESCAM": 0.4},
    False: {"RFEM": 0.6, "RFEM_CLASS": 0.7, "CHEFER": 0.4, "ROLLOUT": 0.3},
}
CASES = [(token, name) for token, bounds in BOUNDS.items() for name in bounds]


def energy_on_discs(maps: np.ndarray, decides: np.ndarray) -> float:
    """The mean share of the maps' energy that is on the discs (N, 64, 64), or a cell beside."""
    energy = np.maximum(maps, 0).repeat(PATCH, axis=1).repeat(PATCH, axis=2)
    near = np.array([binary_dilation(disc, iterations=PATCH) for disc in decides])
    total = np.maximum(energy.sum(axis=(1, 2)), 1e-30)
    return float(((energy * near).sum(axis=(1, 2)) / total).mean())


def test_a_map_of_everywhere_has_a_fifth_of_its_energy_there():
    _, _, decides = discs(COUNT, seed=5)
    assert 0.15 < energy_on_discs(np.ones((COUNT, 8, 8)), decides) < 0.25


@pytest.mark.parametrize(("class_token", "name"), CASES)
def test_the_energy_is_on_the_disc_that_decides(class_token, name):
    images, classes, decides = discs(COUNT, seed=5)
    classifier = load_classifier(trained(class_token))
    assert (classifier.scores(images).argmax(axis=1) == classes).mean() > 0.95
    maps = METHODS[name](classifier, images, classes)
    assert energy_on_discs(maps, decides) >= BOUNDS[class_token][name]
