"""A folder of images -> a classifier of one's own that goes straight into main.py."""

import json
import shlex
import signal
from types import SimpleNamespace

import keras
import labelled_folder
import numpy as np
import pytest
import training
import transfer_learn
from image_folders import coloured_images, crops
from support import ROOT, backbone, head, noise, run_tool

import main
from classifier import load_classifier
from images import find_images, read_image, resized
from pipeline import explain

TRAINING = {
    "bear": ("american_black_bear", "polar_bear"),
    "cat": ("cat_chelsea",),
    "elephant": ("african_elephant",),
}
OTHERS = {
    "bear": ("american_black_bear_forest",),
    "cat": ("dog_cat",),
    "elephant": ("african_elephant_forest",),
}


@pytest.fixture(scope="module")
def animals(tmp_path_factory):
    """Three classes of 12 images, and a broken one; for the test, crops of other images."""
    folder = tmp_path_factory.mktemp("animals")
    for seed, name in enumerate(TRAINING):
        crops(TRAINING[name], folder / name, 12, seed)
        crops(OTHERS[name], folder / "test" / name, 4, seed)
    (folder / "bear" / "broken.jpg").write_bytes(b"\xff\xd8\xff no image")
    return folder


@pytest.fixture(scope="module")
def trained(animals, tmp_path_factory):
    """The run on the animals, the model that it trained, and the file that it wrote."""
    path = tmp_path_factory.mktemp("out") / "new" / "mine.keras"
    models, save = [], transfer_learn.save
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            transfer_learn, "save", lambda *given: models.append(given[0]) or save(*given)
        )
        ran = run_tool(
            transfer_learn.main, animals, "--model_name", "efficientnetlite0", "-o", path
        )
    assert ran.status == 0, ran.err
    return SimpleNamespace(**vars(ran), path=path, model=models[0])


def test_crops_of_other_images_are_recognised(trained, animals):
    classifier = load_classifier(model_path=trained.path)
    assert classifier.labels.names == ["bear", "cat", "elephant"]
    files = find_images([animals / "test"])
    images = np.stack([resized(read_image(file), classifier.input_size) for file in files])
    labels = [classifier.labels.names.index(file.parent.name) for file in files]
    accuracy = np.mean(classifier.scores(images).argmax(axis=1) == labels)
    assert len(files) == 12
    assert accuracy >= 0.9
    assert f"test {accuracy:.1%} of 12" in trained.out


def test_held_out_crops_are_recognised(trained):
    words = trained.out.split("validation ")[-1]
    assert float(words.split("%")[0]) >= 90
    assert " of 7," in words  # 3, 2 and 2 of 13, 12 and 12; the broken one is not among them


def test_the_file_gives_the_scores_that_the_model_gave(trained):
    classifier = load_classifier(model_path=trained.path)
    images = noise((224, 224), 3)
    expected = trained.model(classifier.preprocess(images), training=False)
    np.testing.assert_allclose(classifier.scores(images), expected, atol=1e-6)


def test_only_the_model_and_what_is_told_of_it_are_written(trained):
    assert sorted(file.name for file in trained.path.parent.iterdir()) == [
        "mine.json",
        "mine.keras",
    ]
    told = json.loads(trained.path.with_suffix(".json").read_text())
    assert told == {
        "class_names": ["bear", "cat", "elephant"],
        "preprocessing": "EfficientNetLite0",
    }


def test_the_backbone_is_one_layer_and_gradcam_looks_into_it(trained):
    kinds = [type(layer).__name__ for layer in trained.model.layers[1:]]
    assert kinds == ["Functional", "GlobalAveragePooling2D", "Dropout", "Dense"]
    classifier = load_classifier(model_path=trained.path)
    assert classifier.layer == "EfficientNetLite0/top_relu6"
    elephant = ROOT / "data" / "african_elephant_forest.jpg"
    explanation = explain(classifier, elephant, "GRADCAM", target="elephant")
    assert explanation.map.shape == (7, 7)
    mask = read_image(ROOT / "data" / "masks" / "african_elephant_forest.png")
    peak = np.unravel_index(explanation.map.argmax(), (7, 7))
    assert resized(mask, (7, 7))[peak].min() > 127


def test_the_last_line_is_the_command_to_run_next(trained, tmp_path):
    python, script, *flags = shlex.split(trained.out.splitlines()[-1])
    assert (python, script.endswith("main.py")) == ("python", True)
    assert main.main([*flags, "--output_dir", str(tmp_path)]) == 0
    (record,) = tmp_path.glob("*.json")
    assert json.loads(record.read_text())["explanations"][0]["label"] in TRAINING


def test_an_unreadable_image_is_named_and_skipped(trained):
    assert trained.err.count("skipped:") == 1
    assert "broken.jpg' cannot be read" in trained.err


def small_classifier():
    """A classifier of four classes and 32 x 32 pixels."""
    inside = backbone()
    x = inside.output
    for layer in head(4):
        x = layer(x)
    return load_classifier(keras.Model(inside.input, x, name="small"), preprocessing="tf")


@pytest.fixture
def small(monkeypatch):
    """The small classifier, in the place of the one that is asked for by name."""
    classifier = small_classifier()
    monkeypatch.setattr(transfer_learn, "load_classifier", lambda *_, **__: classifier)
    return classifier


def test_fine_tuning_trains_all_but_batch_norms(small, tmp_path, monkeypatch):
    monkeypatch.setattr(transfer_learn, "FINE_TUNING_RATE", 1e3)  # the head learns next to nothing
    before = {variable.path: variable.numpy() for variable in small.model.weights}
    folder, path = coloured_images(tmp_path / "colours"), tmp_path / "mine.keras"
    flags = ["--learning_rate", 1e-6, "--epochs", 1, "--fine_tune", 3, "--batch_size", 4]
    assert run_tool(transfer_learn.main, folder, "-o", path, *flags).status == 0
    loaded = load_classifier(model_path=path, preprocessing="tf").model
    for variable in loaded.get_layer("small").weights:
        same = np.array_equal(variable, before[variable.path.removeprefix("small/")])
        assert same == variable.path.startswith("bn"), variable.path


def test_the_same_seed_gives_the_same_weights(tmp_path, monkeypatch):
    monkeypatch.setattr(transfer_learn, "load_classifier", lambda *_, **__: small_classifier())
    folder, path = coloured_images(tmp_path / "colours"), tmp_path / "mine.keras"
    hashes = []
    for seed in (7, 7, 8):
        assert (
            run_tool(transfer_learn.main, folder, "-o", path, "--seed", seed, "--epochs", 2).status
            == 0
        )
        hashes.append(load_classifier(model_path=path, preprocessing="tf").weights_hash())
    assert hashes[0] == hashes[1] != hashes[2]


def test_fine_tuning_that_makes_it_worse_is_undone(small, tmp_path, monkeypatch):
    monkeypatch.setattr(transfer_learn, "FINE_TUNING_RATE", 1e20)
    folder, path = coloured_images(tmp_path / "colours"), tmp_path / "mine.keras"
    expected = [variable.numpy() for variable in small.model.weights[:-2]]  # without its head
    ran = run_tool(transfer_learn.main, folder, "-o", path, "--epochs", 20, "--fine_tune", 2)
    losses = [line.split()[3] for line in ran.out.splitlines() if "validation loss" in line]
    assert len(losses) == 2
    assert losses[0] == losses[1]
    found = load_classifier(model_path=path, preprocessing="tf").model.get_layer("small").weights
    for variable, before in zip(found, expected, strict=True):
        np.testing.assert_array_equal(variable, before)


def test_features_are_the_means_of_images_and_mirror_images(small, tmp_path):
    samples = [labelled_folder.Sample(file, 1) for file in find_images([coloured_images(tmp_path)])]
    images = np.stack([resized(read_image(file), (32, 32)) for file, _ in samples])
    batches = training.image_batches(small, {"training": samples, "test": samples}, 5, {})
    features, labels = training.pooled_features(small, batches["test"])
    np.testing.assert_allclose(features, small.features(images).mean(axis=(1, 2)), atol=1e-5)
    assert labels.tolist() == [1] * 12
    both, _ = training.pooled_features(small, batches["training"])
    mirrored = small.features(images[:, :, ::-1]).mean(axis=(1, 2))
    expected = np.concatenate([features, mirrored])
    np.testing.assert_allclose(np.sort(both, axis=0), np.sort(expected, axis=0), atol=1e-5)


def interrupting(monkeypatch, stage: str, epoch: int) -> None:
    """Ctrl-C when that epoch of the stage begins."""
    fit, stages = keras.Model.fit, iter(("head", "fine-tuning"))

    def with_interrupt(model, *given, callbacks, **options):
        def begin(number, _):
            if (now, number) == (stage, epoch):
                signal.raise_signal(signal.SIGINT)

        now = next(stages)
        callbacks = [*callbacks, keras.callbacks.LambdaCallback(on_epoch_begin=begin)]
        return fit(model, *given, callbacks=callbacks, **options)

    monkeypatch.setattr(keras.Model, "fit", with_interrupt)


@pytest.mark.parametrize(
    ("stage", "epoch", "status", "words"),
    [
        ("head", 0, 1, []),
        ("head", 3, 0, ["head: validation loss", "3 epochs, stopped"]),
        ("fine-tuning", 0, 0, ["head: validation loss"]),
        ("fine-tuning", 1, 0, ["1 epochs, stopped"]),
    ],
)
def test_ctrl_c_keeps_the_best_so_far(stage, epoch, status, words, small, tmp_path, monkeypatch):
    interrupting(monkeypatch, stage, epoch)
    path = tmp_path / "mine.keras"
    ran = run_tool(
        transfer_learn.main,
        coloured_images(tmp_path / "colours"),
        "-o",
        path,
        "--fine_tune",
        2,
        "--epochs",
        5,
    )
    assert ran.status == status
    assert path.is_file() == (status == 0)
    for word in words:
        assert word in ran.out
    assert ("fine-tuning:" in ran.out) == ((stage, epoch) == ("fine-tuning", 1))


def test_a_class_without_a_readable_image_is_said(small, tmp_path):
    folder = coloured_images(tmp_path / "colours", ("blue", "green", "red"))
    for file in (folder / "green").iterdir():
        file.write_bytes(b"")
    ran = run_tool(transfer_learn.main, folder, "-o", tmp_path / "mine.keras")
    assert ran.status == 2
    assert ran.err.count("skipped: ") == 6
    assert "class 'green' has no readable image to train on" in ran.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["-o", "{}/mine.h5"], "expected a file like mine.keras"),
        (["-o", "{}/file/mine.keras"], "cannot be written: "),
        (["--model_name", "ResNet5O"], "did you mean 'ResNet50'"),
        (["--weights", "{}/none.h5"], "no such file"),
        (["--epochs", "0"], "argument --epochs: expected a whole number from 1 on, got '0'"),
        (["--validation", "1"], "expected a number between 0 and 1, got '1'"),
        (["--learning_rate", "nan"], "expected a number above 0, got 'nan'"),
        (["--finetune", "3"], "did you mean '--fine_tune'"),
    ],
)
def test_a_flag_that_will_not_do_is_said_in_one_line(flags, words, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    flags = [flag.format(tmp_path) for flag in flags]
    if "-o" not in flags:
        flags += ["-o", str(tmp_path / "mine.keras")]
    try:
        status = transfer_learn.main([str(coloured_images(tmp_path / "colours")), *flags])
    except SystemExit as left:
        status = left.code
    error = capsys.readouterr().err
    assert (status, error.count("\n")) == (2, 1)
    assert words in error
    assert not (tmp_path / "mine.keras").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["ConvNeXtTiny", "InceptionResNetV2", "MobileNetV3Small", "NASNetMobile", "VGG16"]
)
def test_any_application_is_nested_saved_and_found_again(name, tmp_path):
    classifier = load_classifier(name, weights="random")
    model, _ = training.make_model(classifier, 3)
    transfer_learn.save(model, tmp_path / "mine.keras", ["a", "b", "c"], name)
    loaded = load_classifier(model_path=tmp_path / "mine.keras")
    assert loaded.layer == f"{name}/{classifier.layer}"
    images = noise(classifier.input_size, 1)
    assert loaded.features(images).shape == classifier.features(images).shape
