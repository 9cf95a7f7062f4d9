import keras
import numpy as np
import pytest
from keras import layers
from support import (
    backbone,
    functional,
    head,
    image_of,
    noise,
    randomised,
    sequential,
    subclassed,
)

from classifier import load_classifier
from classifier.network.hooks import replaced, with_forward_hook
from classifier.network.network import FOLDING_PASSES
from gradcam import gradcam


def folded_model(model, **options):
    classifier = load_classifier(model, **options)
    classifier.network.mode = "folded"
    return classifier


@pytest.mark.parametrize("form", [sequential, functional, subclassed])
def test_the_twin_gives_what_the_model_gives(form):
    plain, folded = load_classifier(form()), folded_model(form())
    images = noise(count=5)
    np.testing.assert_allclose(folded.logits(images), plain.logits(images), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(folded.features(images), plain.features(images), atol=1e-5)
    classes = [0, 1, 2, 0, 1]
    np.testing.assert_allclose(
        gradcam(folded, images, classes), gradcam(plain, images, classes), rtol=1e-4, atol=1e-5
    )
    assert folded.network.folding_refused is None


def test_batch_norms_behind_a_convolution_are_folded_and_no_others():
    """bn2 is read twice, but what it reads is read once: it can be folded, as can the others."""
    folds = load_classifier(sequential()).network.folds
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
    plain, folded = (
        load_classifier(model, preprocessing="tf"),
        folded_model(model, preprocessing="tf"),
    )
    assert folded.network.folds == []
    images = noise((16, 16))
    np.testing.assert_allclose(folded.scores(images), plain.scores(images), atol=1e-6)


def test_a_layer_that_is_looked_at_keeps_its_own_output():
    plain, folded = load_classifier(sequential()), folded_model(sequential())
    for layer in ("conv1", "bn1", "conv2", "depthwise3"):
        np.testing.assert_allclose(
            folded.features(noise(), f"backbone/{layer}"),
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
    plain, folded = (
        load_classifier(model, preprocessing="tf"),
        folded_model(model, preprocessing="tf"),
    )
    images = noise((16, 16))
    np.testing.assert_allclose(folded.scores(images), plain.scores(images), atol=1e-6)
    assert "off by" in folded.network.folding_refused


def test_the_gear_follows_what_is_coming(lite):
    classifier = load_classifier(sequential())
    network = classifier.network
    assert network._mode_for(1) == "eager"
    assert network._mode_for(40) == "compiled"
    classifier.expect(FOLDING_PASSES)
    assert network._mode_for(1) == "folded"
    classifier.scores(noise())
    assert any(key[2] == "folded" for key in network._programs)


def test_all_gears_agree_on_real_weights(committed):
    image = image_of(committed)
    for mode in ("eager", "compiled", "folded"):
        classifier = load_classifier("EfficientNetLite0")
        classifier.network.mode = mode
        np.testing.assert_allclose(classifier.logits(image)[0], committed["logits"], atol=1e-4)
        ours = gradcam(classifier, image, [235])[0]
        theirs = np.maximum(committed["gradcam_raw_0"], 0)
        assert np.abs(ours - theirs).max() / theirs.max() < 1e-4
        assert classifier.network.folding_refused is None


def test_many_images_give_what_few_give():
    classifier = load_classifier(sequential())
    images = noise(count=70)
    together = classifier.scores(images)
    np.testing.assert_allclose(together[40:45], classifier.scores(images[40:45]), atol=1e-6)


def test_hooks_come_off_also_after_an_error():
    layer = layers.ReLU()
    recorded = []

    def call_and_fail():
        with replaced(
            [(layer, "call", with_forward_hook(layer.call, lambda *seen: recorded.append(seen)))]
        ):
            layer(np.ones((1, 2), np.float32))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        call_and_fail()
    assert len(recorded) == 1
    assert "call" not in vars(layer)
    layer(np.ones((1, 2), np.float32))
    assert len(recorded) == 1


def test_hooks_restore_what_an_instance_had():
    layer = backbone().get_layer("relu1")
    own = layer.call
    object.__setattr__(layer, "call", own)
    with replaced([(layer, "call", lambda x: x)]):
        assert layer.call is not own
    assert layer.call is own
