"""Views from the command line: what is drawn, said and kept."""

import json
import signal

import numpy as np
import pytest
from PIL import Image
from support import noise, sequential

import main
import pipeline.reporting.figure_files
from classifier import load_classifier
from classifier.network.network import Network
from images import read_image, resized
from pipeline.dataset import store
from views import VIEWS

NAMES = ["ant", "bee", "cow"]


@pytest.fixture
def model_file(tmp_path) -> str:
    sequential().save(tmp_path / "small.keras")
    (tmp_path / "small.json").write_text(json.dumps({"class_names": NAMES}))
    return str(tmp_path / "small.keras")


@pytest.fixture
def classifier(model_file):
    return load_classifier(model_path=model_file)


@pytest.fixture
def images(tmp_path) -> list[str]:
    """Three images of different sizes."""
    folder = tmp_path / "images"
    folder.mkdir()
    for number, size in enumerate([(40, 60), (32, 32), (50, 40)]):
        pixels = noise(size, 1, number)[0].astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return [str(folder / f"{number}.png") for number in range(3)]


@pytest.fixture
def figures(monkeypatch) -> list[dict]:
    """Images, titles, captions and columns of all figures, as they are drawn."""
    recorded = []
    original = pipeline.reporting.figure_files.grid_layout

    def hear(images, titles, **options):
        recorded.append({"images": images, "titles": titles} | options)
        original(images, titles, **options)

    monkeypatch.setattr(pipeline.reporting.figure_files, "grid_layout", hear)
    return recorded


@pytest.fixture
def run(tmp_path, model_file, images):
    """Runs a command; the exit status, the files by their names, and the record."""

    def run(*flags: str, paths=None):
        output = tmp_path / "out"
        given = ["--model_path", model_file, "--output_dir", str(output)]
        status = main.main([*given, "--test_image_path", *(paths or images), *flags])
        files = {f.name: f for f in output.iterdir()} if output.is_dir() else {}
        records = [json.loads(f.read_text()) for f in files.values() if f.suffix == ".json"]
        return status, files, records[0] if records else None

    return run


def test_methods_and_views_go_together(run, images):
    calls = "GRADCAM,ACTIVATIONS:top=4,FILTERS,CLASS_IMPRESSION:steps=2"
    status, files, record = run("--explanation_method", calls, "--target=bee")
    assert status == 0
    assert len(record["explanations"]) == 3
    assert [
        (row["view"].split(":")[0], row["image"], row["label"]) for row in record["viewed"]
    ] == [
        *(("ACTIVATIONS", image, None) for image in images),
        ("FILTERS", None, None),
        ("CLASS_IMPRESSION", None, "bee"),
    ]
    assert record["views"][0]["options"] == {"top": 4, "scale": "map", "size": "map"}
    assert "frames" not in str(record["viewed"])
    assert {str(files[name]) for name in files if name.endswith(".png")} == set(record["figures"])
    assert len(record["figures"]) == 1 + 1 + 1 + 3  # a mosaic is a figure by itself


def test_views_alone_are_stored_too(run, tmp_path):
    _, files, record = run("--explanation_method=FILTERS")
    assert sorted(files) == ["3_images_FILTERS_small.json", "FILTERS_small.png", "store"]
    assert record["methods"] == record["explanations"] == []
    rows = store.read(tmp_path / "out", kind=store.VIEW)
    assert rows["method"].tolist() == ["FILTERS"]


def test_an_impressions_title_has_its_class_its_logits_and_the_prediction(run, classifier, figures):
    _, _, record = run(
        "--explanation_method=CLASS_IMPRESSION:steps=4:seed=1", "--target=cow,index:0,cow"
    )
    (figure,) = figures
    expected = VIEWS["CLASS_IMPRESSION"](classifier, None, [2, 0], steps=4, seed=1)
    assert len(figure["titles"]) == len(record["viewed"]) == 2
    for title, row, image, ours in zip(
        figure["titles"], record["viewed"], figure["images"], expected, strict=True
    ):
        np.testing.assert_array_equal(image, ours)
        ((before, after),), (predicted,) = row["notes"]["logits"], row["notes"]["predicted"]
        is_own = predicted == row["class_index"]
        assert title.split("\n") == [
            "Class impression (steps=4, seed=1)",
            "small",
            row["label"],
            f"logit {before:.1f} → {after:.1f}",
            "the prediction" if is_own else f"predicted: {NAMES[predicted]}",
        ]


def test_classes_by_name_need_no_image(run, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no")
    flags = ("--explanation_method=CLASS_IMPRESSION:steps=2", "--target=bee")
    assert run(*flags, paths=[str(tmp_path / "broken.png")])[0] == 0


def test_the_images_decide_the_classes_and_each_is_seen_once(run, classifier, images):
    _, _, record = run("--explanation_method=CLASS_IMPRESSION:steps=2", "--target=predicted,bee")
    images = [resized(read_image(path), (32, 32)) for path in images]
    predicted = classifier.scores(np.stack(images)).argmax(axis=1).tolist()
    expected = list(dict.fromkeys([1, *predicted]))
    assert [row["class_index"] for row in record["viewed"]] == expected


def test_an_inversion_stands_beside_its_image_with_its_loss(run, classifier, images, figures):
    _, _, record = run("--explanation_method=FEATURE_INVERSION:steps=4")
    (figure,) = figures
    assert figure["columns"] == 4
    for number, (path, row) in enumerate(zip(images, record["viewed"], strict=True)):
        image = read_image(path)
        inputs = resized(image, (32, 32))[None]
        (inverted,) = VIEWS["FEATURE_INVERSION"](classifier, inputs, None, steps=4)
        np.testing.assert_array_equal(figure["images"][2 * number], image)
        np.testing.assert_array_equal(figure["images"][2 * number + 1], inverted)
        ((before, after),) = row["notes"]["losses"]
        assert figure["titles"][2 * number] == f"{number}.png"
        assert f"loss {before:.2g} → {after:.2g}" in figure["titles"][2 * number + 1]


def test_the_caption_has_every_option_and_the_layer(run, figures):
    run("--explanation_method=FEATURE_INVERSION:steps=2", "--layer=backbone/add")
    for option in VIEWS["FEATURE_INVERSION"].options.values():
        value = 2 if option.name == "steps" else option.default
        assert f"{option.name}={value}" in figures[0]["caption"]
    assert "small: layer backbone/add." in figures[0]["caption"]


def test_a_mosaics_title_says_what_it_shows(run, figures):
    run("--explanation_method=ACTIVATIONS:top=4,FILTERS,FILTERS:layer=conv2:top=2:steps=2")
    *of_images, kernels, deeper = [figure["titles"][0] for figure in figures]
    assert len(of_images) == 3
    assert "layer backbone/conv1, filters 0, 1, 2, 3, 4, 5, 6, 7" in kernels
    assert "layer backbone/conv2, filters 0, 1" in deeper
    assert of_images[0].startswith("0.png\nActivations (top=4)\nsmall\n")
    assert "layer backbone/last, 4 channels, the strongest first" in of_images[0]


def test_bare_is_the_image_and_nothing_else(run, classifier, images):
    _, files, _ = run("--explanation_method=ACTIVATIONS:top=4", "--display_type=bare")
    for number, path in enumerate(images):
        image = resized(read_image(path), (32, 32))[None]
        (expected,) = VIEWS["ACTIVATIONS"](classifier, image, top=4)
        np.testing.assert_array_equal(
            read_image(files[f"{number}_ACTIVATIONS_top=4_small.png"]), expected
        )


def test_singles_are_a_figure_each(run):
    _, files, _ = run(
        "--explanation_method=CLASS_IMPRESSION:steps=2,FEATURE_INVERSION:steps=2",
        "--target=ant,bee", "--display_type=singles", "--format=svg",
    )  # fmt: skip
    assert len([name for name in files if name.endswith(".svg")]) == 2 + 3


def test_many_images_go_to_several_figures(run, tmp_path, figures):
    paths = [str(tmp_path / f"{number}.png") for number in range(8)]
    for number, path in enumerate(paths):
        Image.fromarray(noise(count=1, seed=number)[0].astype(np.uint8)).save(path)
    run("--explanation_method=FEATURE_INVERSION:steps=2", paths=paths)
    assert [len(figure["images"]) for figure in figures] == [12, 4]


def test_a_gif_shows_the_way_and_ends_where_the_figure_stands(run, figures):
    flags = ("--explanation_method=CLASS_IMPRESSION:steps=40", "--target=bee", "--format=gif")
    _, files, record = run(*flags)
    assert sorted(files) == [
        "3_images_CLASS_IMPRESSION_steps=40_small_bee.json",
        "CLASS_IMPRESSION_steps=40_small_bee.gif",
        "CLASS_IMPRESSION_steps=40_small_bee.png",
        "store",
    ]
    gif = files["CLASS_IMPRESSION_steps=40_small_bee.gif"]
    content = gif.read_bytes()
    with Image.open(gif) as animation:
        assert animation.n_frames == 32
        assert animation.info["loop"] == 0
        first = np.asarray(animation.convert("RGB"), float)
        animation.seek(31)
        last = np.asarray(animation.convert("RGB"), float)
    shown = figures[0]["images"][0].astype(float)
    assert np.abs(last - shown).mean() < 8  # 256 colours
    assert np.abs(first - shown).mean() > 2 * np.abs(last - shown).mean()
    assert str(gif) in record["figures"]
    run(*flags)
    assert gif.read_bytes() == content


def test_a_broken_image_costs_only_itself(run, images, tmp_path, capsys):
    (tmp_path / "broken.png").write_bytes(b"no")
    paths = [images[0], str(tmp_path / "broken.png"), images[2]]
    status, files, record = run("--explanation_method=GRADCAM,ACTIVATIONS", paths=paths)
    assert status == 1
    assert [row["image"] for row in record["viewed"]] == [images[0], images[2]]
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert len(files["failures.csv"].read_text().splitlines()) == 2


def test_an_image_without_features_costs_only_itself(run, images, classifier, tmp_path):
    model = classifier.model
    for name in ("bn2", "bn3"):
        layer = model.get_layer("backbone").get_layer(name)
        layer.set_weights([0 * weights for weights in layer.get_weights()])
    model.save(tmp_path / "small.keras")
    status, _, record = run("--explanation_method=FEATURE_INVERSION:steps=2")
    assert status == 1
    assert len(record["failed"]) == 3
    assert "features of the image are all 0" in record["failed"][0]["reason"]


def test_ctrl_c_keeps_the_way_so_far(run, monkeypatch, capsys):
    original, runs = Network.run, []

    def stopping(*arguments, **options):
        runs.append(1)
        if len(runs) == 5:
            signal.raise_signal(signal.SIGINT)
        return original(*arguments, **options)

    monkeypatch.setattr(Network, "run", stopping)
    status, files, record = run("--explanation_method=CLASS_IMPRESSION", "--target=ant,bee")
    assert status == 1
    assert record["interrupted"]
    assert "stopped; kept 1 view" in capsys.readouterr().err
    (row,) = record["viewed"]
    assert row["notes"]["stopped_early"]
    assert len([name for name in files if name.endswith(".png")]) == 1


def test_ctrl_c_ends_all_filters(run, monkeypatch):
    original, runs = Network.run, []

    def stopping(*arguments, **options):
        runs.append(1)
        if len(runs) == 7:
            signal.raise_signal(signal.SIGINT)
        return original(*arguments, **options)

    monkeypatch.setattr(Network, "run", stopping)
    _, _, record = run("--explanation_method=FILTERS:layer=conv2:steps=4")
    assert record["viewed"][0]["notes"]["channels"] == [0, 1]
    assert len(runs) < 10


def test_random_weights_are_said_in_the_title(run, figures, tmp_path):
    flags = ["--model_name=SqueezeNet", "--weights=random", "--explanation_method=FILTERS"]
    assert main.main([*flags, "--output_dir", str(tmp_path / "out")]) == 0
    assert "SqueezeNet (random weights)" in figures[0]["titles"][0]
    assert (tmp_path / "out" / "FILTERS_SqueezeNet_random.png").is_file()


def test_help_tells_of_a_view(capsys):
    assert main.main(["--help", "activations"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("ACTIVATIONS  Activations: the maps of the target layer")
    assert "top=64" in told


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--explanation_method=ACTIVATION"], "did you mean 'ACTIVATIONS'"),
        (["--explanation_method=GRADCAMM"], "did you mean 'GRADCAM'"),
        (["--explanation_method=FILTERS:tops=3"], "did you mean 'top'"),
        (["--explanation_method=FILTERS:layer=absent"], "no layer 'absent'"),
        (["--explanation_method=CLASS_IMPRESSION:steps=0"], "steps is at least 1"),
        (["--explanation_method=FEATURE_INVERSION", "--layer=add,conv2"], "looks at one layer"),
        (["--explanation_method=FILTERS", "--metrics=SPARSITY"], "--metrics goes with methods"),
        (["--explanation_method=FILTERS", "--representation=overlay"], "--representation goes"),
        (["--explanation_method=FILTERS", "--augment=all"], "--augment goes with methods"),
        (["--explanation_method=FILTERS", "--mask_salient=0.2"], "--mask_salient goes with"),
        (["--explanation_method=GRADCAM", "--format=gif"], "not with GRADCAM"),
        (["--explanation_method=CLASS_IMPRESSION,FILTERS", "--format=gif"], "not with FILTERS"),
    ],
)
def test_a_mistake_is_one_line_and_exit_status_2(run, flags, words, capsys):
    assert run(*flags)[0] == 2
    error = capsys.readouterr().err
    assert words in error
    assert len(error.strip().splitlines()) == 1


def test_a_function_has_nothing_inside(tmp_path, monkeypatch, capsys):
    code = "def even(images):\n    import numpy as np\n    return np.full((len(images), 2), 0.5)\n"
    (tmp_path / "own_even.py").write_text(code + "even.input_size = (32, 32)\n")
    monkeypatch.syspath_prepend(tmp_path)
    flags = ["--model_path=own_even:even", "--explanation_method=ACTIVATIONS"]
    assert main.main([*flags, "--output_dir", str(tmp_path / "out")]) == 2
    assert "has no layers to look into" in capsys.readouterr().err
