import keras
import numpy as np
import pytest
from small_vit import vit
from support import noise, sequential

from classifier import load_classifier
from runtime import noting
from views import VIEWS
from views.activations import tiles_of
from views.mosaic import mosaic

view = VIEWS["ATTENTION_MAPS"]


def images(count: int = 2) -> np.ndarray:
    return np.random.default_rng(2).uniform(0, 255, (count, 64, 64, 3)).astype(np.float32)


def scores_of_block(model, block: int, images: np.ndarray) -> np.ndarray:
    """(N, heads, T, T), as the layer itself gives them where it is asked to."""
    layer = model.get_layer(f"attention_{block}")
    x = keras.Model(model.input, layer.input)(images)
    x = x[0] if isinstance(x, (list, tuple)) else x
    return np.asarray(layer(x, x, return_attention_scores=True)[1])


@pytest.mark.parametrize("block", [0, 1, -1])
def test_the_tiles_are_the_heads_rows_of_the_class_token(block):
    model = vit(registers=1)
    expected = scores_of_block(model, block % 2, images())[:, :, 0, 2:].reshape(2, 4, 8, 8)
    drawn = view(load_classifier(model), images(), block=block)
    for image, maps in zip(drawn, expected, strict=True):
        assert np.abs(image.astype(int) - mosaic(tiles_of(maps))).max() <= 2


def test_a_position_may_attend_in_the_place_of_the_class_token():
    model = vit()
    expected = scores_of_block(model, 1, images(1))[:, :, 1 + 8 * 3 + 5, 1:].reshape(4, 8, 8)
    with noting() as notes:
        (drawn,) = view(load_classifier(model), images(1), row=3, column=5)
    assert np.abs(drawn.astype(int) - mosaic(tiles_of(expected))).max() <= 2
    assert notes["attention"] == [{"block": 1, "heads": 4}]
    assert view.describe(load_classifier(model), None, notes) == (
        "block 1 (of 2), 4 heads in their order"
    )


def test_what_there_is_not_is_refused_in_a_line():
    classifier = load_classifier(vit())
    with pytest.raises(ValueError, match="blocks go from 0 to 1, got 2"):
        view(classifier, images(), block=2)
    with pytest.raises(ValueError, match="8 rows and 8 columns, both from 0 on; got row=8"):
        view(classifier, images(), row=8, column=0)
    with pytest.raises(ValueError, match=r"ATTENTION_MAPS is not for .*: it has no attention"):
        view(load_classifier(sequential()), noise())
