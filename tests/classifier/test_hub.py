"""The door to keras-hub: presets by name or folder, files with its layers, and what is said."""

import sys

import numpy as np
import pytest
from support import noise

from classifier import hub, load_classifier
from methods import METHODS

SIDE = 32


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    """The folder of a saved preset, and its classifier as keras-hub has it."""
    keras_hub = pytest.importorskip("keras_hub", reason="keras-hub is not installed")
    models, layers = keras_hub.models, keras_hub.layers
    backbone = models.ViTBackbone(
        image_shape=(SIDE, SIDE, 3),
        patch_size=8,
        num_layers=2,
        num_heads=2,
        hidden_dim=16,
        mlp_dim=32,
    )
    converter = layers.ViTImageConverter(image_size=(SIDE, SIDE), scale=1 / 127.5, offset=-1.0)
    task = models.ViTImageClassifier(
        backbone, num_classes=1000, preprocessor=models.ViTImageClassifierPreprocessor(converter)
    )
    folder = tmp_path_factory.mktemp("hub") / "small_vit"
    task.save_to_preset(str(folder))
    return folder, task


def test_a_preset_has_its_own_preprocessing_and_weights(preset):
    folder, task = preset
    classifier = load_classifier(str(folder))
    images = noise((SIDE, SIDE))
    np.testing.assert_allclose(classifier.preprocess(images), images / 127.5 - 1, atol=1e-5)
    expected = np.asarray(task(images / 127.5 - 1))
    np.testing.assert_allclose(classifier.logits(images), expected, atol=1e-4)
    assert classifier.labels.title(1) == "goldfish"
    assert classifier.cautions == ()
    assert METHODS["RFEM"](classifier, images, [0] * len(images)).shape[1:] == (4, 4)


def test_random_weights_are_other_weights(preset):
    folder, _ = preset
    trained, random = (load_classifier(str(folder), weights=w) for w in (None, "random"))
    assert random.random_weights
    assert not trained.random_weights
    assert trained.weights_hash() != random.weights_hash()


def test_a_file_with_its_layers_opens_in_safe_mode(preset, tmp_path):
    _, task = preset
    task.save(tmp_path / "mine.keras")
    classifier = load_classifier(
        model_path=tmp_path / "mine.keras", preprocessing="tf", multi_label=False
    )
    images = noise()
    np.testing.assert_allclose(
        classifier.logits(images), np.asarray(task(images / 127.5 - 1)), atol=1e-4
    )


def test_a_preset_that_cannot_be_downloaded_is_one_line_with_the_ways_out(monkeypatch, preset):
    def unreachable(*args, **kwargs):
        raise ConnectionError("no network\nand more of it")

    classifiers = hub.imported().models.ImageClassifier
    monkeypatch.setattr(classifiers, "from_preset", unreachable)
    with pytest.raises(ValueError, match=r"cannot be had .no network.; download it") as caught:
        load_classifier("vit_base_patch16_224_imagenet")
    assert "\n" not in str(caught.value)


def test_a_mistyped_preset_is_told_the_nearest(preset):
    with pytest.raises(ValueError, match="did you mean 'vit_base_patch16_224_imagenet'"):
        load_classifier("vit_base_patch16_224_imagnet")


def test_without_keras_hub_it_is_said_what_to_install(monkeypatch, preset, tmp_path):
    _, task = preset
    task.save(tmp_path / "mine.keras")
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    monkeypatch.setattr(hub, "is_installed", lambda: False)
    with pytest.raises(ValueError, match=r"keras-hub need: pip install -r requirements-hub.txt"):
        load_classifier("vit_base_patch16_224_imagenet")
    with pytest.raises(ValueError, match=r"it needs keras-hub, which is not installed \(pip"):
        load_classifier(model_path=tmp_path / "mine.keras")
