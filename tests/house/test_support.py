"""What the tests of all rooms lean on."""

import keras
import numpy as np
import pytest
from reference_maps import COMMITTED
from support import backbone, image_of, noise, reference


@pytest.mark.parametrize("images", [noise(count=10), noise(seed=1)], ids=["ten", "others"])
def test_no_relu_of_the_small_network_is_on_the_edge_of_its_kink(images):
    """Else a gradient would be another on another processor: inputs are up to 6, 5e-7 a digit."""
    model = backbone()
    relus = [layer for layer in model.layers if isinstance(layer, keras.layers.ReLU)]
    inputs = keras.Model(model.input, [relu.input for relu in relus])(images / 127.5 - 1)
    assert len(relus) == 2
    for values in inputs:
        assert np.abs(values).min() > 20 * 5e-7


@pytest.mark.parametrize("name", ["dog_cat", "polar_bear"])
def test_the_committed_reference_maps_are_those_of_the_whole_reference(name):
    """Where EXPLAINER_REFERENCE names it; off by what `shrink.py` rounds."""
    committed, whole = np.load(COMMITTED / f"{name}.npz"), reference(name)
    np.testing.assert_array_equal(image_of(committed), image_of(whole))
    for key in committed.files:
        ours, theirs = (maps[key].astype(float) for maps in (committed, whole))
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=2**-9 * np.abs(theirs).max())
