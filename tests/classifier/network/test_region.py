import keras
import numpy as np
import pytest
from keras import layers
from support import noise, randomised

from classifier import load_classifier
from engines.activation_maps import placed
from methods import METHODS
from runtime import noting

DOT = (36, 20)  # y, x of the one bright pixel in 96 x 96


def peak_network(*first, size=(96, 96)) -> keras.Model:
    """A network whose logit is its features' sum; its 3 x 3 kernel passes brightness on."""
    inputs = keras.Input((*size, 3))
    x = layers.Rescaling(1 / 255)(inputs)
    for layer in first:
        x = layer(x)
    x = layers.Conv2D(4, 4, 4, "same", kernel_initializer="ones", name="last")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(2, kernel_initializer="ones")(x))


def dotted(size=(96, 96), dot=DOT) -> np.ndarray:
    images = np.zeros((1, *size, 3), np.float32)
    images[0, dot[0] - 2 : dot[0] + 3, dot[1] - 2 : dot[1] + 3] = 255
    return images


def strongest(saliency_map: np.ndarray) -> tuple[float, float]:
    """(y, x) of the maximum, in parts of the map's sides."""
    place = np.unravel_index(saliency_map.argmax(), saliency_map.shape)
    return tuple((p + 0.5) / n for p, n in zip(place, saliency_map.shape, strict=True))


def classified(model):
    return load_classifier(model, preprocessing="none", multi_label=False)


CROPS = {
    "center crop": ([layers.CenterCrop(64, 64)], (1 / 6, 1 / 6, 2 / 3, 2 / 3)),
    "cropping": ([layers.Cropping2D(((8, 24), (0, 48)))], (1 / 12, 0, 2 / 3, 0.5)),
    "crop and resize": ([layers.CenterCrop(80, 80), layers.Resizing(40, 40)], None),
    "padding": ([layers.ZeroPadding2D(32)], (-1 / 3, -1 / 3, 5 / 3, 5 / 3)),
    "uneven padding": ([layers.ZeroPadding2D(((32, 0), (0, 32)))], (-1 / 3, 0, 4 / 3, 4 / 3)),
}


@pytest.mark.parametrize("name", CROPS)
def test_a_map_lies_on_what_the_network_sees_of_the_image(name):
    first, expected = CROPS[name]
    classifier = classified(peak_network(*[type(x).from_config(x.get_config()) for x in first]))
    region = classifier.map_region("last")
    if expected is not None:
        np.testing.assert_allclose(region, expected, atol=0.01)
    for method in ("GRADCAM", "FEM", "HIRESCAM", "MLFEM"):
        (saliency_map,) = METHODS[method](classifier, dotted(), [1])
        np.testing.assert_allclose(strongest(saliency_map), np.divide(DOT, 96), atol=0.05)


def test_a_crop_is_seen_in_slices_and_by_keeping_the_aspect_ratio():
    inputs = keras.Input((96, 96, 3))
    sliced = keras.Model(inputs, inputs[:, 16:80, 8:72])
    region = classified(peak_network(sliced)).map_region("last")
    np.testing.assert_allclose(region, (1 / 6, 1 / 12, 2 / 3, 2 / 3), atol=0.01)
    wide = layers.Resizing(64, 64, crop_to_aspect_ratio=True)
    region = classified(peak_network(wide, size=(96, 192))).map_region("last")
    np.testing.assert_allclose(region, (0, 0.25, 1, 0.5), atol=0.02)


def test_what_lies_outside_of_a_crop_is_0():
    classifier = classified(peak_network(layers.CenterCrop(48, 48)))
    maps = placed(np.ones((1, 12, 12), np.float32), classifier, "last")
    expected = np.zeros((24, 24))
    expected[6:18, 6:18] = 1
    np.testing.assert_array_equal(maps[0], expected)


def test_kernels_that_eat_a_padding_leave_the_whole_image():
    padded = [layers.ZeroPadding2D(3), layers.Conv2D(4, 7, 2), layers.ReLU()]
    classifier = classified(peak_network(*padded, size=(32, 32)))
    assert classifier.map_region("last").is_whole
    (saliency_map,) = METHODS["GRADCAM"](classifier, noise(count=1), [1])
    assert saliency_map.shape == (4, 4)


def test_a_crop_behind_the_first_weights_counts():
    crop = [layers.Conv2D(3, 3, padding="same", name="first"), layers.Cropping2D(24)]
    region = classified(peak_network(*crop)).map_region("last")
    np.testing.assert_allclose(region, (0.25, 0.25, 0.5, 0.5), atol=0.01)


def test_an_uneven_padding_behind_the_first_weights_counts():
    pad = [layers.Conv2D(3, 1, name="first"), layers.ZeroPadding2D(((32, 0), (0, 32)))]
    region = classified(peak_network(*pad)).map_region("last")
    np.testing.assert_allclose(region, (-1 / 3, 0, 4 / 3, 4 / 3), atol=0.01)


@keras.saving.register_keras_serializable("tests")
class Turned(layers.Layer):
    """The image turned by a right angle."""

    def call(self, inputs):
        return keras.ops.transpose(inputs, (0, 2, 1, 3))


def turned() -> keras.Model:
    inputs = keras.Input((96, 96, 3))
    return keras.Model(inputs, Turned()(inputs))


def sliced_behind_weights() -> keras.Model:
    inputs = keras.Input((96, 96, 3))
    return keras.Model(inputs, layers.Conv2D(3, 1, name="first")(inputs)[:, :48, :48])


@pytest.mark.parametrize("first", [turned, sliced_behind_weights])
def test_what_is_not_understood_is_said(first):
    classifier = classified(peak_network(first()))
    with noting() as notes:
        METHODS["GRADCAM"](classifier, dotted(), [1])
    assert "may not lie where it is drawn" in notes["caution"]


MOVED_BEHIND = {
    "flipped": lambda x: keras.ops.flip(x, axis=2),
    "reversed": lambda x: x[:, ::-1],
    "rolled": lambda x: keras.ops.roll(x, 3, axis=1),
    "transposed": lambda x: keras.ops.transpose(x, (0, 2, 1, 3)),
    "permuted": lambda x: layers.Permute((2, 1, 3))(x),
    "taken in another order": lambda x: keras.ops.take(x, np.roll(np.arange(96), 9), axis=1),
    "axes swapped": lambda x: keras.ops.swapaxes(x, 1, 2),
    "padded by an operation": lambda x: keras.ops.pad(x, ((0, 0), (40, 0), (0, 0), (0, 0))),
    "joined": lambda x: layers.Concatenate(axis=1)([x, x]),
}


@pytest.mark.parametrize("moved", MOVED_BEHIND)
def test_maps_that_are_moved_behind_the_first_weights_are_said_to_be(moved):
    inputs = keras.Input((96, 96, 3))
    x = MOVED_BEHIND[moved](layers.Conv2D(3, 1, name="first")(inputs))
    classifier = classified(peak_network(keras.Model(inputs, x)))
    assert classifier.map_region("last") is None


def test_networks_that_take_the_whole_image_are_left_as_they_are():
    classifier = classified(peak_network(layers.Conv2D(3, 9), layers.Conv2D(3, 9)))
    assert classifier.map_region("last") == (0, 0, 1, 1)


def halves() -> keras.Model:
    """Two branches, of the left and the right half; only the right one's weight is not small."""
    inputs = keras.Input((96, 96, 3))
    scaled = layers.Rescaling(1 / 255)(inputs)
    ends = []
    for name, crop in {"left": (0, 48), "right": (48, 0)}.items():
        x = layers.Cropping2D(((0, 0), crop))(scaled)
        x = layers.Conv2D(4, 4, 4, "same", kernel_initializer="ones", name=f"{name}_conv")(x)
        ends.append(layers.GlobalMaxPooling2D()(x))
    x = layers.Concatenate()(ends)
    return keras.Model(inputs, layers.Dense(2, kernel_initializer="ones")(x))


def test_all_ends_of_branches_are_target_layers_each_on_its_part():
    classifier = classified(halves())
    assert sorted(classifier.layers) == ["left_conv", "right_conv"]
    for dot in ((36, 20), (60, 80)):
        (saliency_map,) = METHODS["GRADCAM"](classifier, dotted(dot=dot), [1])
        assert saliency_map.shape == (24, 24)
        np.testing.assert_allclose(strongest(saliency_map), np.divide(dot, 96), atol=0.05)


def test_a_branch_that_decides_nothing_is_not_drawn_as_strong_as_the_one_that_does():
    model = halves()
    classifier = classified(model)
    weights = np.ones((8, 2), np.float32)
    weights[:4] *= 0.01  # what the left branch, the first of the two, gives
    model.layers[-1].kernel.assign(weights)
    images = dotted(dot=(36, 20)) + dotted(dot=(60, 80))
    for method in ("GRADCAM", "HIRESCAM", "LAYERCAM"):
        (saliency_map,) = METHODS[method](classifier, images, [1])
        assert saliency_map[:, :12].max() < 0.05 * saliency_map[:, 12:].max()
    classifier.layer = "left_conv,right_conv"  # who sets them gets their plain average
    (saliency_map,) = METHODS["GRADCAM"](classifier, images, [1])
    np.testing.assert_allclose(saliency_map[:, :12].max(), saliency_map[:, 12:].max(), rtol=1e-5)


def member(name: str, class_maps: bool = False) -> keras.Model:
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, activation="relu", name=f"{name}_features")(inputs)
    if class_maps:
        x = layers.Conv2D(3, 1, name=f"{name}_maps")(x)
        x = layers.Softmax()(layers.GlobalAveragePooling2D()(x))
    else:
        x = layers.Dense(3, "softmax")(layers.GlobalAveragePooling2D()(x))
    return randomised(keras.Model(inputs, x, name=name))


@pytest.mark.parametrize("class_maps", [False, True])
def test_an_ensembles_target_layers_are_those_of_all_members(class_maps):
    inputs = keras.Input((32, 32, 3))
    members = [member(name, class_maps)(inputs) for name in ("one", "two")]
    model = keras.Model(inputs, layers.Average()(members))
    classifier = load_classifier(model, preprocessing="tf")
    assert classifier.layers == ("one/one_features", "two/two_features")
    assert METHODS["GRADCAM"](classifier, noise(), [0, 1]).shape == (2, 30, 30)


def test_a_branch_that_learns_nothing_of_places_is_no_target():
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, name="conv")(inputs)
    means = layers.GlobalAveragePooling2D()(layers.Rescaling(0.1)(inputs))
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), means])
    model = keras.Model(inputs, layers.Dense(3, "softmax")(x))
    assert load_classifier(model, preprocessing="tf").layers == ("conv",)


def vision_transformer(mixing: bool) -> keras.Model:
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(16, 8, 8, name="patches")(layers.Rescaling(1 / 255)(inputs))
    x = layers.Reshape((16, 16))(x)
    if mixing:
        x = layers.Add()([x, layers.MultiHeadAttention(2, 8)(x, x)])
    x = layers.Dense(16, "relu")(layers.LayerNormalization()(x))
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(inputs, layers.Dense(3, "softmax")(x), name="vit")


def mixer() -> keras.Model:
    """Positions mixed by a dense layer over them, and by no attention."""
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(16, 8, 8, name="patches")(layers.Rescaling(1 / 255)(inputs))
    x = layers.Permute((2, 1))(layers.Reshape((16, 16))(x))
    x = layers.Permute((2, 1))(layers.Dense(16)(x))
    x = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(x))
    return keras.Model(inputs, layers.Dense(3, "softmax")(x), name="mixer")


def test_a_target_layer_before_the_mixing_of_tokens_is_refused_with_the_reason():
    classifier = load_classifier(mixer())
    for name in ("GRADCAM", "FEM", "LAYERCAM", "SCORECAM"):
        with pytest.raises(ValueError, match=f"{name} cannot explain.*mix its positions as tokens"):
            METHODS[name].check(classifier)
        with pytest.raises(ValueError, match="mix its positions as tokens"):
            METHODS[name](classifier, noise(), [0, 1])
    for name in ("RISE", "OCCLUSION", "LIME", "SALIENCY"):
        METHODS[name].check(classifier)


def test_tokens_that_keep_their_places_beside_their_mixing_are_the_target():
    classifier = load_classifier(vision_transformer(True))
    assert classifier.layer_calls[-3].path == classifier.layer
    assert METHODS["GRADCAM"](classifier, noise(), [0, 1]).shape == (2, 4, 4)


def test_tokens_that_are_not_mixed_leave_their_layer_a_target():
    classifier = load_classifier(vision_transformer(False))
    METHODS["GRADCAM"].check(classifier)
    assert METHODS["GRADCAM"](classifier, noise(), [0, 1]).shape == (2, 4, 4)


def test_pooling_by_attention_mixes_nothing():
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(16, 8, 8, name="conv")(layers.Rescaling(1 / 255)(inputs))
    x = layers.Reshape((16, 16))(x)
    weights = layers.Softmax(axis=1)(layers.Dense(1)(x))
    x = layers.GlobalAveragePooling1D()(layers.Multiply(name="weighted")([x, weights]))
    classifier = load_classifier(keras.Model(inputs, layers.Dense(3, "softmax")(x)))
    assert classifier.map_layers == ("weighted",)


def test_rescaling_before_a_cut_into_patches_is_seen():
    inputs = keras.Input((32, 32, 3))
    x = keras.ops.reshape(inputs / 255, (-1, 8, 4, 32, 3))
    x = keras.ops.reshape(x, (-1, 4, 32, 3))
    x = layers.Conv2D(4, 3)(x)
    x = keras.ops.mean(keras.ops.reshape(x, (-1, 8, 2, 30, 4)), axis=(1, 2, 3))
    assert load_classifier(keras.Model(inputs, layers.Dense(3, "softmax")(x))).cautions == ()
