"""Images made of many small ones, of which one decides: the attention finds it."""

import json

import keras
import numpy as np
import pytest
import train_mil
from keras import layers
from PIL import Image
from sklearn.datasets import load_digits
from support import flat, noise, run_tool
from training import make_model
from transfer_learn import save

import main
from classifier import load_classifier
from methods import METHODS

GRID, SIDE, ZERO = 4, 8, 0  # bags of 16 digits of 8 x 8 pixels; those with a zero are positive
SEEN = 1200  # digits that training sees; the bags held out are of the others


@pytest.fixture(scope="module")
def digits():
    """(1797, 8, 8, 3) images and their digits."""
    images, digits = load_digits(return_X_y=True)
    images = np.rint(images.reshape(-1, SIDE, SIDE) * (255 / 16)).astype(np.uint8)
    return np.repeat(images[..., np.newaxis], 3, axis=-1), digits


@pytest.fixture(scope="module")
def reader(digits, tmp_path_factory):
    """A file: a small network that reads single digits, trained on those seen."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.Conv2D(32, 3, 2, padding="same", activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(1e-2), "sparse_categorical_crossentropy")
    images, labels = (those[:SEEN] for those in digits)
    model.fit(images.astype(np.float32), labels, batch_size=64, epochs=20, verbose=0)
    path = tmp_path_factory.mktemp("reader") / "reader.keras"
    model.save(path)
    return path


def bag(digits, rng: np.random.Generator, positive: bool, chosen: slice):
    """(32, 32, 3): 16 digits by chance, one a zero if positive; and at which place that is."""
    images, labels = (those[chosen] for those in digits)
    some = images[rng.choice(np.flatnonzero(labels != ZERO), GRID * GRID)]
    place = int(rng.integers(GRID * GRID))
    if positive:
        some[place] = images[rng.choice(np.flatnonzero(labels == ZERO))]
    rows = some.reshape(GRID, GRID, SIDE, SIDE, 3).swapaxes(1, 2)
    return rows.reshape(GRID * SIDE, GRID * SIDE, 3), place


@pytest.fixture(scope="module")
def trained(digits, reader, tmp_path_factory):
    """What a run on 200 bags printed and wrote; the places of the zeros are told to nobody."""
    folder = tmp_path_factory.mktemp("bags")
    rng = np.random.default_rng(0)
    for name in ("with", "without"):
        (folder / name).mkdir()
        for number in range(100):
            image, _ = bag(digits, rng, name == "with", slice(SEEN))
            Image.fromarray(image).save(folder / name / f"{number}.png")
    path = folder.parent / "out" / "mil.keras"
    flags = ("--model_path", reader, "-o", path, "--grid", GRID, "--batch_size", 80)
    return run_tool(train_mil.main, folder, *flags), path, folder / "with" / "0.png"


@pytest.fixture(scope="module")
def held_out(digits):
    """60 bags with a zero (60, 32, 32, 3), none of whose digits training saw, and its place."""
    rng = np.random.default_rng(1)
    images, places = zip(
        *(bag(digits, rng, True, slice(SEEN, None)) for _ in range(60)), strict=True
    )
    return np.stack(images).astype(np.float32), np.array(places)


def test_the_attention_finds_the_planted_digit_in_bags_held_out(trained, held_out):
    ran, path, _ = trained
    assert ran.status == 0, ran.err
    classifier = load_classifier(model_path=path)
    assert classifier.labels.names == ["with", "without"]
    maps = METHODS["ATTENTION"](classifier, held_out[0], np.zeros(60, int))
    assert maps.shape == (60, GRID, GRID)
    np.testing.assert_allclose(maps.sum(axis=(1, 2)), 1, atol=1e-5)
    found = maps.reshape(60, -1).argmax(axis=1) == held_out[1]
    assert found.mean() > 0.9


def test_other_methods_find_it_too_and_the_bag_is_recognised(trained, held_out):
    classifier = load_classifier(model_path=trained[1])
    images, places = held_out[0][:8], held_out[1][:8]
    assert (classifier.scores(held_out[0]).argmax(axis=1) == 0).mean() > 0.9
    classes = np.zeros(8, int)
    for name, options in {"GRADCAM": {}, "OCCLUSION": {"patch": SIDE, "stride": SIDE}}.items():
        maps = METHODS[name](classifier, images, classes, **options)
        cells = maps.reshape(8, GRID, maps.shape[1] // GRID, GRID, -1).mean(axis=(2, 4))
        assert (cells.reshape(8, -1).argmax(axis=1) == places).mean() >= 0.75, name


def test_gradcam_of_a_bag_is_what_each_patch_gives_to_the_logit(trained, held_out):
    classifier = load_classifier(model_path=trained[1])
    images, classes = held_out[0][:3], np.array([0, 1, 0])
    features = classifier.features(images, "standardised_features")
    attention = METHODS["ATTENTION"](classifier, images, classes)
    kernel, bias = map(np.asarray, classifier.model.get_layer("predictions").weights)
    shares = np.einsum("nhw,nhwk,kn->nhw", attention, features, kernel[:, classes])
    maps = METHODS["GRADCAM"](classifier, images, classes)
    np.testing.assert_allclose(maps, np.maximum(shares, 0), rtol=1e-4, atol=1e-5)
    logits = classifier.logits(images)[range(3), classes]
    np.testing.assert_allclose(shares.sum(axis=(1, 2)) + bias[classes], logits, rtol=1e-4)


def test_the_file_needs_no_code_of_ours(trained):
    model = keras.models.load_model(trained[1], compile=False, safe_mode=True)
    kinds = {type(layer).__module__.split(".")[0] for layer in model._flatten_layers()}
    assert kinds == {"keras"}
    told = json.loads(trained[1].with_suffix(".json").read_text())
    assert told == {"class_names": ["with", "without"], "preprocessing": "none"}


def test_main_explains_what_was_trained(trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flags = [f"--model_path={trained[1]}", f"--test_image_path={trained[2]}"]
    assert main.main([*flags, "--explanation_method=ATTENTION,PATCHES:grid=4"]) == 0
    assert [path.suffix for path in tmp_path.glob("results/*.png")] == [".png"]


def test_what_transfer_learning_wrote_is_cut_into_patches_again(tmp_path):
    path = tmp_path / "mine.keras"
    model, _ = make_model(load_classifier(flat()), 2)
    save(model, path, ["a", "b"], "tf")
    for name in ("a", "b"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number, image in enumerate(noise(count=4)):
            file = tmp_path / "images" / name / f"{number}.png"
            Image.fromarray(image.astype(np.uint8)).save(file)
    flags = ("--grid", 2, "--patch", 16, "--epochs", 1, "-o", tmp_path / "mil.keras")
    ran = run_tool(train_mil.main, tmp_path / "images", "--model_path", path, *flags)
    assert ran.status == 0, ran.err
    assert load_classifier(model_path=tmp_path / "mil.keras").input_size == (32, 32)


def test_images_of_a_wrong_folder_are_answered_in_a_line(tmp_path):
    ran = run_tool(train_mil.main, tmp_path / "none")
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert ran.err.startswith("train_mil.py: folder")


@pytest.mark.parametrize("flag", ["--model_name=EfficientNetLite0", "--weights=random"])
def test_what_a_model_file_leaves_no_room_for_is_refused_in_a_line(flag, reader, tmp_path):
    ran = run_tool(train_mil.main, tmp_path, "--model_path", reader, flag)
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    name = flag.split("=")[0]
    assert f"{name} goes with a classifier by name, not with --model_path" in ran.err
