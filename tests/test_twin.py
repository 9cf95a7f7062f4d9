import keras
import numpy as np
import pytest
from conftest import (
    backbone,
    functional,
    head,
    noise,
    picture_of,
    randomised,
    sequential,
    subclassed,
)
from keras import layers

from classifier import load_classifier
from classifier.hooks import listening, replaced
from classifier.network import TWIN_PASSES
from gradcam import gradcam


def twin_of(model, **options):
    classifier = load_classifier(model, **options)
    classifier.network.gear = "twin"
    return classifier


@pytest.mark.parametrize("form", [sequential, functional, subclassed])
def test_the_twin_gives_what_the_model_gives(form):
    plain, twin = load_classifier(form()), twin_of(form())
    images = noise(count=5)
    np.testing.assert_allclose(twin.logits(images), plain.logits(images), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(twin.features(images), plain.features(images), atol=1e-5)
    classes = [0, 1, 2, 0, 1]
    np.testing.assert_allclose(
        gradcam(twin, images, classes), gradcam(plain, images, classes), rtol=1e-4, atol=1e-5
    )
    assert twin.network.twin_refused is None


def test_batch_norms_behind_a_convolution_are_folded_and_no_others():
    """bn2 is read twice, but what it reads is read once: it can be folded, as can the others."""
    folds = load_classifier(sequential()).network._folds
    names = {(fold.convolution.name, fold.norm.name) for fold in folds}
    assert names == {("conv1", "bn1"), ("conv2", "bn2"), ("depthwise3", "bn3")}


@pytest.mark.parametrize("why", ["activation", "shared", "read twice", "batch norm first"])
def test_what_cannot_be_folded_is_not(why):
    inputs = keras.Input((16, 16, 3))
    conv = layers.Conv2D(3, 3, padding="same", activation="relu" if why == "activation" else None)
    norm = layers.BatchNormalization()
    x = norm(conv(inputs)) if why != "batch norm first" else conv(norm(inputs))
    if why == "shared":
        x = norm(conv(x))
    if why == "read twice":
        before = conv(inputs)
        x = layers.Add()([norm(before), before])
    for layer in head():
        x = layer(x)
    model = randomised(keras.Model(inputs, x))
    plain, twin = load_classifier(model, preprocessing="tf"), twin_of(model, preprocessing="tf")
    assert twin.network._folds == []
    images = noise((16, 16))
    np.testing.assert_allclose(twin.scores(images), plain.scores(images), atol=1e-6)


def test_a_layer_that_is_looked_at_keeps_its_own_output():
    plain, twin = load_classifier(sequential()), twin_of(sequential())
    for layer in ("conv1", "bn1", "conv2", "depthwise3"):
        np.testing.assert_allclose(
            twin.features(noise(), f"backbone/{layer}"),
            plain.features(noise(), f"backbone/{layer}"),
            atol=1e-5,
        )


def test_a_twin_that_disagrees_is_dropped_and_noted():
    @keras.saving.register_keras_serializable("tests")
    class HiddenReader(layers.Layer):
        def __init__(self):
            super().__init__()
            self.conv = layers.Conv2D(4, 3, padding="same")
            self.norm = layers.BatchNormalization()

        def call(self, inputs):
            x = self.conv(inputs)
            return self.norm(x) + x  # the convolution's own output is used here

    model = randomised(keras.Sequential([keras.Input((16, 16, 3)), HiddenReader(), *head()]))
    plain, twin = load_classifier(model, preprocessing="tf"), twin_of(model, preprocessing="tf")
    images = noise((16, 16))
    np.testing.assert_allclose(twin.scores(images), plain.scores(images), atol=1e-6)
    assert "off by" in twin.network.twin_refused


def test_the_gear_follows_what_is_coming(lite):
    classifier = load_classifier(sequential())
    network = classifier.network
    assert network._gear_for(1) == "eager"
    assert network._gear_for(40) == "compiled"
    classifier.expect(TWIN_PASSES)
    assert network._gear_for(1) == "twin"
    classifier.scores(noise())
    assert any(key[2] == "twin" for key in network._programs)


def test_all_gears_agree_on_real_weights(committed):
    image = picture_of(committed)
    for gear in ("eager", "compiled", "twin"):
        classifier = load_classifier("EfficientNetLite0")
        classifier.network.gear = gear
        np.testing.assert_allclose(classifier.logits(image)[0], committed["logits"], atol=1e-4)
        ours = gradcam(classifier, image, [235])[0]
        theirs = np.maximum(committed["gradcam_raw_0"], 0)
        assert np.abs(ours - theirs).max() / theirs.max() < 1e-4
        assert classifier.network.twin_refused is None


def test_many_pictures_give_what_few_give():
    classifier = load_classifier(sequential())
    images = noise(count=70)
    together = classifier.scores(images)
    np.testing.assert_allclose(together[40:45], classifier.scores(images[40:45]), atol=1e-6)


def test_hooks_come_off_also_after_an_error():
    layer = layers.ReLU()
    heard = []

    def call_and_fail():
        with replaced([(layer, "call", listening(layer.call, lambda *seen: heard.append(seen)))]):
            layer(np.ones((1, 2), np.float32))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        call_and_fail()
    assert len(heard) == 1
    assert "call" not in vars(layer)
    layer(np.ones((1, 2), np.float32))
    assert len(heard) == 1


def test_hooks_restore_what_an_instance_had():
    layer = backbone().get_layer("relu1")
    own = layer.call
    object.__setattr__(layer, "call", own)
    with replaced([(layer, "call", lambda x: x)]):
        assert layer.call is not own
    assert layer.call is own
