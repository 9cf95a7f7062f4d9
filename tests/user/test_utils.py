import inspect
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image
from support import sequential

import utils
from classifier import load_classifier
from figures import ColourBar

BARS = [ColourBar("turbo", ("0", "1")), ColourBar("RdBu_r", ("against", "0", "for"))]
IMAGES = [np.full((40, 60, 3), 90, np.uint8), np.full((80, 50, 3), 20, np.uint8)]


def test_there_are_the_labs_eight_functions_and_no_others():
    own = [
        name
        for name, thing in vars(utils).items()
        if inspect.isfunction(thing) and thing.__module__ == "utils"
    ]
    assert sorted(own) == [
        "get_decode_predictions_name",
        "get_last_layer_name",
        "get_model_",
        "get_preprocess_input_name",
        "get_required_size",
        "grid_layout",
        "make_classifier",
        "normalise",
    ]


def test_what_needs_no_weights_is_told_without_them():
    assert utils.get_last_layer_name("ResNet50") == "conv5_block3_out"
    assert utils.get_required_size("Xception") == (299, 299)
    scores = np.eye(1000, dtype=np.float32)[[386]]
    decode = utils.get_decode_predictions_name("ResNet")
    assert decode(scores, top=1)[0][0][1] == "African_elephant"


def test_preprocessing_is_keras_own_and_leaves_its_argument_alone():
    images = np.random.default_rng(0).uniform(0, 255, (2, 5, 5, 3)).astype(np.float32)
    before = images.copy()
    ours = utils.get_preprocess_input_name("ResNet50")(images)
    np.testing.assert_array_equal(images, before)
    theirs = keras.applications.resnet50.preprocess_input(images.copy())
    np.testing.assert_array_equal(ours, theirs)
    assert not np.allclose(ours, utils.get_preprocess_input_name("Xception")(images))


def test_the_pretrained_model_and_its_last_layer():
    model, layer = utils.get_model_("EfficientNetLite0")
    assert isinstance(model, keras.Model)
    assert utils.make_classifier("EfficientNetLite0") is model
    assert layer == "top_relu6"


def test_a_classifier_does_as_well_as_a_name():
    classifier = load_classifier(sequential())
    model, layer = utils.get_model_(classifier)
    assert model is classifier.model
    assert layer == "backbone/last"
    assert utils.get_required_size(classifier) == (32, 32)


@pytest.mark.parametrize("kind", ["png", "pdf", "svg"])
def test_a_grid_is_saved_and_the_same_each_time(kind, tmp_path):
    for name in ("a", "b"):
        path = tmp_path / "new" / f"{name}.{kind}"
        utils.grid_layout(IMAGES, ["one", "two"], path=path, show=False, colour_bars=BARS)
    first, second = ((tmp_path / "new" / f"{name}.{kind}").read_bytes() for name in "ab")
    assert first == second
    assert len(first) > 1000


def test_a_png_has_300_dots_an_inch(tmp_path):
    utils.grid_layout(IMAGES, ["one", "two"], path=tmp_path / "a.png", show=False)
    with Image.open(tmp_path / "a.png") as image:
        assert image.info["dpi"][0] == pytest.approx(300, abs=0.1)


def test_where_there_is_no_display_it_is_said(tmp_path, capsys):
    utils.grid_layout(IMAGES, ["one", "two"], path=tmp_path / "a.png", show=True)
    assert "no display" in capsys.readouterr().err


def test_an_unknown_format_and_missing_titles_are_refused(tmp_path):
    with pytest.raises(ValueError, match="expected one of png, pdf, svg"):
        utils.grid_layout(IMAGES, ["one", "two"], path=tmp_path / "a.jpg", show=False)
    with pytest.raises(ValueError, match="2 images and 1 titles"):
        utils.grid_layout(IMAGES, ["one"], path=None, show=False)


def test_the_sample_images_all_have_a_source_and_a_licence():
    rows = [line.split("\t") for line in Path("data/SOURCES.tsv").read_text().splitlines()[1:]]
    assert all(len(row) == 4 and all(row) for row in rows)
    listed = {name.strip() for row in rows for name in row[0].split(",")}
    present = {str(p.relative_to("data")) for p in Path("data").rglob("*.[jp][pn]g")}
    assert listed == present
