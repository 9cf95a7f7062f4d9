"""Attention as it is heard in a graph: what is refused, and what is put back."""

import numpy as np
import pytest
from keras import layers, ops
from small_vit import WIDTH, vit
from support import noise, sequential

from classifier import load_classifier
from methods import METHODS

NAMES = [name for name, row in METHODS.items() if row.by_attention]
CLASSES = [0, 1]


def images(count: int = 2) -> np.ndarray:
    return np.random.default_rng(2).uniform(0, 255, (count, 64, 64, 3)).astype(np.float32)


@pytest.mark.parametrize("name", NAMES)
def test_a_network_without_attention_is_refused_in_a_line(name):
    classifier = load_classifier(sequential())
    with pytest.raises(
        ValueError, match=f"{name} cannot explain .*: it has no attention"
    ) as caught:
        METHODS[name].check(classifier)
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="it has no attention between tokens"):
        METHODS[name](classifier, noise(), CLASSES)


def test_attention_within_windows_is_refused_in_a_line():
    def within_windows(x, block):
        x = ops.reshape(x, (-1, 4, 16, WIDTH))
        attention = layers.MultiHeadAttention(2, 8, attention_axes=(2,))
        return ops.reshape(attention(x, x), (-1, 64, WIDTH))

    classifier = load_classifier(vit(class_token=False, attend=within_windows))
    for name in NAMES:
        with pytest.raises(ValueError, match=f"{name} cannot explain mine: its attention is "):
            METHODS[name].check(classifier)


def test_flash_attention_is_off_inside_and_only_there():
    model = vit()
    expected = METHODS["CHEFER"](load_classifier(model), images(), CLASSES)
    attention = [model.get_layer(f"attention_{block}") for block in range(2)]
    for layer in attention:
        layer._flash_attention = True  # as a file may say that was saved elsewhere
    with pytest.raises(ValueError, match="Flash attention is not supported"):
        model(images())
    found = METHODS["CHEFER"](load_classifier(model), images(), CLASSES)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert all(layer._flash_attention is True for layer in attention)
