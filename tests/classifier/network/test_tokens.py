"""Rows of tokens: where their grid is, found by running, and what of it reaches the logits."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops
from small_vit import PATCH, WIDTH, vit

from classifier import load_classifier
from classifier.network.grid import Grid
from classifier.network.target_layer import layer_lines
from methods import METHODS


def noise(size=(64, 64), count=2):
    return np.random.default_rng(1).uniform(0, 255, (count, *size, 3)).astype(np.float32)


def target_grid(model) -> tuple[str, Grid]:
    (target,) = load_classifier(model).network.places.targets
    return target.path, target.grid


@pytest.mark.parametrize(
    ("options", "layer", "grid"),
    [
        ({}, "block_0", Grid(1, 8, 8)),  # the last block's grid is not read
        ({"registers": 4}, "block_0", Grid(5, 8, 8)),
        ({"class_token": False}, "norm", Grid(0, 8, 8)),
        ({"class_token": False, "registers": 4}, "norm", Grid(4, 8, 8)),
        ({"size": (64, 96)}, "block_0", Grid(1, 8, 12)),
        ({"size": (96, 64), "class_token": False}, "norm", Grid(0, 12, 8)),
    ],
)
def test_the_grid_is_behind_the_prefix_and_the_target_is_the_last_that_is_read(
    options, layer, grid
):
    assert target_grid(vit(**options)) == (layer, grid)


def rows_of_tokens(arrange, attention: bool = True) -> keras.Model:
    """Patches, put into an order by `arrange` (N, 8, 8, C) -> (N, T, C), and read by their mean."""
    inputs = keras.Input((64, 64, 3))
    x = layers.Conv2D(WIDTH, PATCH, PATCH)(layers.Rescaling(1 / 255)(inputs))
    x = arrange(x)
    if attention:
        x = layers.Add()([x, layers.MultiHeadAttention(2, 8)(x, x)])
    x = layers.Dense(WIDTH, "relu", name="last")(x)
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(inputs, layers.Dense(2, "softmax")(x), name="mine")


def in_order(x):
    return layers.Reshape((64, WIDTH))(x)


def column_by_column(x):
    return layers.Reshape((64, WIDTH))(ops.transpose(x, (0, 2, 1, 3)))


def window_by_window(x):
    x = ops.reshape(x, (-1, 2, 4, 2, 4, WIDTH))
    return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, 64, WIDTH))


def upside_down(x):
    return layers.Reshape((64, WIDTH))(x[:, ::-1])


def class_token_behind(x):
    return layers.ZeroPadding1D((0, 1))(in_order(x))


def test_a_class_token_may_stand_behind_the_grid():
    assert target_grid(rows_of_tokens(class_token_behind)) == ("last", Grid(0, 8, 8))


@pytest.mark.parametrize("attention", [True, False])
@pytest.mark.parametrize("arrange", [column_by_column, window_by_window, upside_down])
def test_tokens_in_another_order_are_no_grid_of_places(arrange, attention):
    places = load_classifier(rows_of_tokens(arrange, attention)).network.places
    with pytest.raises(ValueError, match="its tokens follow no grid of places"):
        places.find_layer("last")
    assert all(target.path != "last" for target in places.targets)


def test_a_map_of_windows_is_none_of_places_and_one_put_together_again_is():
    def windows(x):
        x = ops.transpose(ops.reshape(x, (-1, 2, 4, 2, 4, WIDTH)), (0, 1, 3, 2, 4, 5))
        x = layers.Dense(WIDTH, name="within")(ops.reshape(x, (-1, 4, 16, WIDTH)))
        x = layers.Add()([x, layers.MultiHeadAttention(2, 8, attention_axes=(2,))(x, x)])
        x = ops.transpose(ops.reshape(x, (-1, 2, 2, 4, 4, WIDTH)), (0, 1, 3, 2, 4, 5))
        return ops.reshape(x, (-1, 64, WIDTH))

    classifier = load_classifier(rows_of_tokens(windows, attention=False))
    assert classifier.map_layers == ("last",)
    with pytest.raises(ValueError, match="its positions are not those of the image"):
        classifier.layer = "within"
    assert "within" not in classifier.layers_of_all_sizes


def test_features_are_the_grids_tokens_as_maps_and_gradients_are_by_them():
    model = vit(registers=2)
    classifier = load_classifier(model)
    images = noise()
    features, gradients = classifier.feature_gradients(images, [0, 1])
    block = keras.Model(model.input, model.get_layer("block_0").output)
    tokens = np.asarray(block(images))
    np.testing.assert_allclose(features, tokens[:, 3:].reshape(2, 8, 8, WIDTH), atol=1e-5)
    head = keras.Model(model.get_layer("block_0").output, model.get_layer("read").output)
    with tf.GradientTape() as tape:
        given = tf.constant(tokens)
        tape.watch(given)
        logits = head(given) @ model.get_layer("scores").kernel
        chosen = logits[0, 0] + logits[1, 1]
    expected = np.asarray(tape.gradient(chosen, given))[:, 3:].reshape(2, 8, 8, WIDTH)
    np.testing.assert_allclose(gradients, expected, atol=1e-5 * np.abs(expected).max())
    assert np.abs(gradients).max() > 0


@pytest.mark.parametrize("mode", ["eager", "compiled", "folded"])
def test_features_that_are_given_take_the_tokens_place_beside_the_class_token(mode):
    classifier = load_classifier(vit())
    classifier.network.mode = mode
    images = noise()
    features, gradients = classifier.feature_gradients(images, [0, 1])
    _, same = classifier.feature_gradients(images, [0, 1], features=features)
    np.testing.assert_allclose(same, gradients, atol=1e-5 * np.abs(gradients).max())
    _, others = classifier.feature_gradients(images, [0, 1], features=-features)
    assert np.abs(others - gradients).max() > 1e-2 * np.abs(gradients).max()


def nested(model):
    inputs = keras.Input((64, 64, 3))
    return keras.Model(inputs, model(inputs), name="mine")


def reloaded(model, tmp_path):
    model.save(tmp_path / "mine.keras")
    return keras.saving.load_model(tmp_path / "mine.keras")


def test_nested_and_reloaded_it_is_the_same(tmp_path):
    model = vit()
    images = noise()
    expected = METHODS["HIRESCAM"](load_classifier(model), images, [0, 1])
    for other in (nested(model), reloaded(nested(model), tmp_path)):
        classifier = load_classifier(other)
        assert classifier.layer == "mine/block_0"
        found = METHODS["HIRESCAM"](classifier, images, [0, 1])
        np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


def test_list_layers_shows_the_grids_and_layer_takes_any_of_them():
    classifier = load_classifier(vit(registers=1))
    lines = {line.split()[0]: line for line in layer_lines(classifier)}
    assert "66 x 32 = 2 + 8 x 8" in lines["block_0"]
    assert lines["block_0"].endswith("<- target layer")
    assert "64 x 32 = 8 x 8" in lines["row"]
    images = noise()
    for layer in ("block_1", "row", "patches", "norm"):
        classifier.layer = layer
        assert METHODS["FEM"](classifier, images, [0, 1]).shape == (2, 8, 8)


def test_behind_the_last_that_is_read_a_gradient_is_zero():
    classifier = load_classifier(vit())
    classifier.layer = "block_1"
    _, gradients = classifier.feature_gradients(noise(), [0, 1])
    assert np.abs(gradients).max() == 0


def test_an_image_that_is_cropped_before_it_is_cut_is_drawn_where_it_is():
    inputs = keras.Input((96, 96, 3))
    x = layers.CenterCrop(64, 64)(inputs)
    model = keras.Model(inputs, vit()(x), name="mine")
    classifier = load_classifier(model)
    np.testing.assert_allclose(
        classifier.map_region(classifier.layer), (1 / 6, 1 / 6, 2 / 3, 2 / 3), atol=0.01
    )
    whole = load_classifier(nested(vit()))
    assert whole.map_region(whole.layer) == (0, 0, 1, 1)


def test_what_does_not_come_of_the_image_has_no_places():
    with pytest.raises(ValueError, match="its tokens follow no grid of places"):
        load_classifier(vit()).find_layer("places")
