"""The target layer and the logits, on networks of every kind."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from support import backbone, functional, head, model_of, noise, sequential

from classifier import load_classifier
from classifier.applications import applications
from classifier.network.trace import layers_within

EXPECTED = {
    "ResNet50": "conv5_block3_out",
    "Xception": "block14_sepconv2_act",
    "VGG19": "block5_conv4",
    "MobileNet": "conv_pw_13_relu",
    "MobileNetV2": "out_relu",
    "MobileNetV3Small": "activation_17",
    "DenseNet121": "relu",
    "EfficientNetB0": "top_activation",
    "ResNet50V2": "post_relu",
    "ConvNeXtTiny": "add_17",
}


@pytest.mark.parametrize("name", EXPECTED)
def test_the_target_layer_of_keras_own_models(name):
    classifier = load_classifier(name, weights="random")
    assert classifier.layer == EXPECTED[name]
    assert "input of" in classifier.network.trace.logits.description


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n, a in applications().items() if not a.embedded])
def test_every_application_has_a_target_layer_with_positions(name):
    classifier = load_classifier(name, weights="random")
    assert classifier.network.target.is_map
    assert classifier.network.trace.logits.link == "softmax"
    keras.backend.clear_session()


def test_every_application_is_found_by_its_own_name_in_any_case():
    known = applications()
    assert len(known) > 30
    assert {"ResNet50", "Xception", "EfficientNetLite0", "SqueezeNet"} <= known.keys()
    assert load_classifier("resnet", weights="random").name == "ResNet50"
    with pytest.raises(ValueError, match="did you mean 'Xception'"):
        load_classifier("Exception")


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        (["conv", "relu", "pool", "flat"], "relu"),
        (["conv", "bn", "relu", "pool", "drop", "flat"], "relu"),
        (["conv", "drop", "global"], "conv"),
        (["conv", "pool", "bn", "global"], "bn"),
        (["conv", "pool", "pool2", "flat"], "conv"),
        (["conv", "pad", "global"], "pad"),
        (["conv", "global_kept", "conv1", "flat"], "conv"),
    ],
)
def test_the_rule_steps_back_over_pooling_and_takes_what_follows_a_convolution(stack, expected):
    made = {
        "conv": layers.Conv2D(6, 3, name="conv"),
        "conv1": layers.Conv2D(5, 1, name="conv1"),
        "bn": layers.BatchNormalization(name="bn"),
        "relu": layers.ReLU(name="relu"),
        "pool": layers.MaxPooling2D(name="pool"),
        "pool2": layers.AveragePooling2D(2, name="pool2"),
        "pad": layers.ZeroPadding2D(name="pad"),
        "drop": layers.Dropout(0.5, name="drop"),
        "flat": layers.Flatten(name="flat"),
        "global": layers.GlobalAveragePooling2D(name="global"),
        "global_kept": layers.GlobalAveragePooling2D(keepdims=True, name="global_kept"),
    }
    model = model_of(*(made[name] for name in stack), layers.Dense(3, "softmax"))
    assert load_classifier(model, preprocessing="tf").layer == expected


@pytest.mark.parametrize("nested", [False, True])
def test_where_the_head_pools_class_maps_it_is_the_layer_before_them(nested):
    stack = [
        layers.Conv2D(8, 3, activation="relu", name="features"),
        layers.Dropout(0.5),
        layers.Conv2D(3, 1, name="class_maps"),
        layers.ReLU(),
        layers.GlobalAveragePooling2D(),
        layers.Activation("softmax"),
    ]
    model = model_of(*stack)
    if nested:
        model = keras.Sequential([keras.Input((32, 32, 3)), model])
    layer = load_classifier(model, preprocessing="tf").layer
    assert layer.split("/")[-1] == "features"


class Block(layers.Layer):
    """A residual block whose addition and ReLU are plain functions."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.conv = layers.Conv2D(8, 3, 2, "same", name="conv")
        self.shortcut = layers.Conv2D(8, 1, 2, name="shortcut")

    def call(self, inputs):
        x = self.conv(inputs)
        return keras.ops.relu(x + self.shortcut(inputs))


def test_what_a_block_makes_with_plain_functions_counts_not_its_last_layer():
    model = model_of(Block(name="block1"), Block(name="block2"), *head())
    classifier = load_classifier(model, preprocessing="tf")
    assert classifier.layer == "block2"
    assert classifier.features(noise()).min() == 0  # after its ReLU


def test_a_network_without_positions_is_said():
    model = model_of(layers.Flatten(), layers.Dense(3, "softmax"))
    with pytest.raises(ValueError, match="no layer of this model gives maps"):
        _ = load_classifier(model, preprocessing="tf").layers


def test_layers_are_found_at_any_depth():
    inner = sequential()
    outer = keras.Sequential([keras.Input((32, 32, 3)), inner], name="outer")
    paths = [path for path, _ in layers_within(outer)]
    assert f"{inner.name}/backbone/last" in paths
    assert load_classifier(outer).layer == f"{inner.name}/backbone/last"


def test_a_model_is_left_as_it_was():
    model = functional()
    classifier = load_classifier(model)
    before = model(noise()).numpy()
    calls = {path: vars(layer).get("call") for path, layer in layers_within(model)}
    classifier.feature_gradients(noise(), [0, 1])
    classifier.network.mode = "folded"
    classifier.feature_gradients(noise(), [0, 1])
    assert calls == {path: vars(layer).get("call") for path, layer in layers_within(model)}
    np.testing.assert_array_equal(model(noise()).numpy(), before)


def test_a_layer_that_is_called_twice_is_heard_where_the_rule_says():
    inputs = keras.Input((32, 32, 3))
    relu = layers.ReLU(name="relu")
    x = relu(layers.Conv2D(8, 3, 2, name="conv")(inputs))
    maps = relu(layers.Conv2D(3, 1, name="class_maps")(x))
    outputs = layers.Softmax()(layers.GlobalAveragePooling2D()(maps))
    classifier = load_classifier(keras.Model(inputs, outputs), preprocessing="tf")
    assert classifier.layer == "relu"
    assert classifier.features(noise()).shape == (2, 15, 15, 8)
    np.testing.assert_allclose(
        classifier.features(noise()), np.maximum(classifier.features(noise(), "conv"), 0), atol=1e-6
    )
    assert classifier.features(noise(), "relu#2").shape == (2, 15, 15, 3)


def test_a_layer_that_is_used_again_behind_the_head_does_not_hide_the_map():
    inputs = keras.Input((32, 32, 3))
    relu = layers.ReLU(name="relu")
    x = layers.GlobalAveragePooling2D()(relu(layers.Conv2D(8, 3, name="conv")(inputs)))
    outputs = layers.Dense(3, "softmax")(relu(layers.Dense(16)(x)))
    classifier = load_classifier(keras.Model(inputs, outputs), preprocessing="tf")
    assert classifier.layer == "relu"
    assert classifier.feature_gradients(noise(), [0, 1])[0].shape == (2, 30, 30, 8)


@keras.saving.register_keras_serializable("tests")
class Traced(keras.Model):
    """A model whose call is a `tf.function` already."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inside = backbone()
        self.pool, self.scores = head()

    @tf.function
    def call(self, inputs):
        return self.scores(self.pool(self.inside(inputs)))


def test_a_model_whose_call_is_a_tf_function_is_heard_too():
    model = Traced()
    model(np.zeros((1, 32, 32, 3), np.float32))
    classifier = load_classifier(model, preprocessing="tf")
    images = noise()
    assert classifier.layer == "backbone/last"
    for mode in ("eager", "compiled", "folded"):
        classifier.network.mode = mode
        _, gradients = classifier.feature_gradients(images, [0, 1])
        assert np.abs(gradients).max() > 0


def test_what_is_inside_attention_is_no_map():
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(16, 3, 4, "same", activation="relu", name="last_conv")(inputs)
    x = layers.Reshape((64, 16))(x)
    x = layers.MultiHeadAttention(2, 8)(x, x)
    outputs = layers.Dense(3, "softmax")(layers.GlobalAveragePooling1D()(x))
    classifier = load_classifier(keras.Model(inputs, outputs), preprocessing="tf")
    assert {call.path for call in classifier.layer_calls if call.is_map} == {"last_conv"}
    with pytest.raises(ValueError, match="mix its positions as tokens"):
        _ = classifier.map_layers


def test_channels_first_is_said():
    inputs = keras.Input((32, 32, 3))
    x = layers.Permute((3, 1, 2))(inputs)
    x = layers.GlobalAveragePooling2D(data_format="channels_first")(x)
    outputs = layers.Dense(3, "softmax")(x)
    with pytest.raises(ValueError, match="channels-first"):
        load_classifier(keras.Model(inputs, outputs), preprocessing="tf")


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_maps_of_a_mixed_precision_model_are_float32(policy):
    keras.mixed_precision.set_global_policy(policy)
    try:
        classifier = load_classifier(sequential())
        features, gradients = classifier.feature_gradients(noise(), [0, 1])
        _, again = classifier.feature_gradients(noise(), [0, 1], features=features)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert features.dtype == gradients.dtype == again.dtype == np.float32
    np.testing.assert_array_equal(again, gradients)
    assert classifier.scores(noise()).dtype == np.float32


def test_names_of_layers_do_not_depend_on_what_was_built_before():
    first, second = (load_classifier("MobileNetV3Small", weights="random") for _ in range(2))
    assert first.layer == second.layer == "activation_17"


@pytest.mark.parametrize(
    ("name", "sizes", "first"),
    [
        ("ResNet50", [112, 56, 28, 14, 7], "conv1_relu"),  # padding and pooling have sizes too
        ("VGG19", [224, 112, 56, 28, 14], "block1_conv2"),
        ("SqueezeNet", [113, 56, 27, 13], "conv1"),
    ],
)
def test_the_last_layers_of_each_size_are_found(name, sizes, first):
    classifier = load_classifier(name, weights="random")
    shapes = {call.path: call.shape for call in classifier.layer_calls}
    found = classifier.layers_of_all_sizes
    assert [shapes[path][1] for path in found] == sizes
    assert (found[0], found[-1]) == (first, classifier.layer)


def test_only_a_head_that_pools_maps_of_classes_has_them():
    assert load_classifier("SqueezeNet").class_maps == "conv10"
    assert load_classifier(sequential()).class_maps is None
