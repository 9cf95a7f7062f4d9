"""Augmentations, masking and the labels of multi-label classifiers, from the command line."""

import csv
import json

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image
from support import ROOT, noise, sequential

import main
import pipeline.reporting.figure_files
from classifier import load_classifier
from experiments import AUGMENTATIONS, hide, masked, moved_region
from images import read_image, resized
from methods import METHODS
from pipeline.explaining.changes import RANDOM_PLACES, in_shape, seeds_of
from pipeline.reporting.experiment_tables import ExperimentResult, ExperimentTable

NAMES = ["red", "green", "blue"]


def of_colours() -> keras.Model:
    """Its logits are 12 times the mean of red, green and blue; its maps the image's colours."""
    network = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(3, 1, use_bias=False, name="colours"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, "softmax", use_bias=False),
        ]
    )
    network.layers[1].kernel.assign(np.eye(3)[None, None])
    network.layers[3].kernel.assign(12 * np.eye(3))
    return network


@pytest.fixture
def model_file(tmp_path) -> str:
    of_colours().save(tmp_path / "colours.keras")
    (tmp_path / "colours.json").write_text(json.dumps({"class_names": NAMES}))
    return str(tmp_path / "colours.keras")


@pytest.fixture
def classifier(model_file):
    return load_classifier(model_path=model_file)


@pytest.fixture
def images(tmp_path) -> list[str]:
    """A red square on green and blue noise, in two images, one of them wide."""
    paths = [str(tmp_path / f"{number}.png") for number in range(2)]
    for number, (path, size) in enumerate(zip(paths, [(32, 32), (32, 64)], strict=True)):
        pixels = noise(size, 1, number)[0] * [0.1, 0.4, 0.4]
        pixels[4:18, 8:22] = [250, 20, 20]
        Image.fromarray(pixels.astype(np.uint8)).save(path)
    return paths


@pytest.fixture
def figures(monkeypatch) -> list[dict]:
    """Images, titles, captions and columns of all figures but the run's own, as drawn."""
    recorded = []
    original = pipeline.reporting.figure_files.grid_layout

    def hear(images, titles, **options):
        recorded.append({"images": images, "titles": titles} | options)
        original(images, titles, **options)

    monkeypatch.setattr(pipeline.reporting.figure_files, "grid_layout", hear)
    return recorded


@pytest.fixture
def run(tmp_path, model_file, images):
    """Runs a command; the exit status, and the files by their names."""

    def run(*flags: str, paths=None, out="out", model=model_file):
        output = tmp_path / out
        given = ["--model_path", model, "--output_dir", str(output)]
        status = main.main([*given, "--test_image_path", *(paths or images), *flags])
        return status, {f.name: f for f in output.iterdir()} if output.is_dir() else {}

    return run


def rows_of(files: dict, name: str) -> list[dict]:
    return list(csv.DictReader(files[name].read_text(encoding="utf-8").splitlines()))


def test_a_map_that_is_the_image_follows_flips_shifts_and_patches(run):
    names = "vertical_flip,horizontal_flip,translation,occlusion"
    status, files = run("--augment", names, "--target=red")
    assert status == 0
    rows = rows_of(files, "augmentations.csv")
    assert [row["augmentation"] for row in rows] == names.split(",") * 2
    for row in rows:  # the wide image is squashed for the classifier: edges are soft
        assert float(row["correlation"]) > (0.999 if row["image"].endswith("0.png") else 0.98)
        assert row["map_kept"] == "1"


def test_a_row_is_what_the_classifier_says_of_the_changed_image(run, classifier, images):
    _, files = run(
        "--augment=all", "--target=green", "--explanation_method=GRADCAM,FEM", "--seed=3"
    )
    rows = rows_of(files, "augmentations.csv")
    assert len(rows) == 2 * 2 * len(AUGMENTATIONS)
    for row in rows:
        image = read_image(row["image"])
        (seed,) = seeds_of(image, 3, row["augmentation"], 1)
        changed = AUGMENTATIONS[row["augmentation"]](image.astype(np.float32), seed).image
        pair = [resized(image, (32, 32)), resized(changed, (32, 32))]
        before, after = classifier.scores(np.stack(pair))
        assert row["predicted"] == NAMES[after.argmax()]
        assert float(row["predicted_probability"]) == pytest.approx(after.max(), rel=1e-5)
        assert float(row["class_probability"]) == pytest.approx(after[1], rel=1e-5)
        assert row["class_kept"] == str(int(after.argmax() == before.argmax()))


def test_the_summary_has_the_means_of_the_rows(run, capsys):
    _, files = run("--augment=noise,occlusion", "--explanation_method=GRADCAM,FEM")
    rows = rows_of(files, "augmentations.csv")
    own = [r for r in rows if (r["method"], r["augmentation"]) == ("FEM", "occlusion")]
    mean = np.mean([float(row["correlation"]) for row in own])
    kept = np.mean([int(row["class_kept"]) for row in own])
    table = files["augmentations.md"].read_text()
    (line,) = [line for line in table.splitlines() if "FEM" in line and "occlusion" in line]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[:4] == ["colours", "FEM", "occlusion", "2"]
    assert [float(cells[4]), float(cells[6])] == pytest.approx([kept, mean], rel=1e-2)
    assert "mean r" in capsys.readouterr().out


def test_a_figure_has_the_image_its_map_and_a_pair_for_each_change(run, figures, images):
    _, files = run("--augment=horizontal_flip,blur", "--target=red,blue", "--alpha=0.3")
    own = figures[:-1]  # the run's own figure comes last
    assert [len(figure["images"]) for figure in own] == [6] * 4
    rows = rows_of(files, "augmentations.csv")
    first, titles = own[0], own[0]["titles"]
    image = read_image(images[0])
    np.testing.assert_array_equal(first["images"][0], image)
    np.testing.assert_array_equal(first["images"][2], image[:, ::-1])
    np.testing.assert_array_equal(first["images"][3], first["images"][1][:, ::-1])
    assert titles[0].startswith("0.png\nred ")
    assert titles[1].startswith("Grad-CAM\ncolours\nred ")
    assert titles[2].startswith("horizontal flip\nred ")
    assert titles[3] == f"red {float(rows[0]['class_probability']):.1%}\nr = 1.00"
    assert own[1]["titles"][1].split("\n")[2].startswith("blue ")
    assert "r: correlation" in first["caption"]
    assert "relu=sum" in first["caption"]


def test_a_seed_gives_the_same_again_and_another_one_another(run):
    tables = [
        run("--augment=all", "--representation=none", f"--seed={seed}", out=f"out{number}")[1][
            "augmentations.csv"
        ].read_text()
        for number, seed in enumerate([0, 0, 1])
    ]
    assert tables[0] == tables[1] != tables[2]


def test_images_are_changed_each_in_its_own_way():
    images = noise((32, 32), 20).astype(np.uint8)
    seeds = [seeds_of(image, 0, "occlusion", 1)[0] for image in images]
    assert len(set(seeds)) == 20
    assert seeds_of(images[0], 0, "noise", 1) != seeds_of(images[0], 0, "occlusion", 1)
    assert seeds == [seeds_of(image.copy(), 0, "occlusion", 1)[0] for image in images]


def test_a_changed_image_is_shown_in_the_proportions_of_the_image():
    shown = in_shape(noise((32, 32), 1)[0], np.zeros((50, 200, 3), np.uint8))
    assert shown.shape == (32, 128, 3)
    assert in_shape(noise((32, 48), 1)[0], np.zeros((10, 10, 3), np.uint8)).shape == (48, 48, 3)


def test_what_the_store_has_is_experimented_with_all_the_same(run):
    flags = ("--representation=none", "--target=red,red:blue")
    run(*flags)
    status, files = run(*flags, "--augment=blur", "--mask_salient=0.2")
    assert status == 0
    assert not [name for name in files if name.endswith(".png")]
    assert [row["class"] for row in rows_of(files, "masking.csv")] == ["red", "red - blue"] * 2
    assert len(rows_of(files, "augmentations.csv")) == 4


def test_a_masked_row_is_what_the_classifier_says_of_the_masked_image(run, classifier, images):
    flags = ("--target=green", "--mask_salient=0.1,0.5", "--keep_salient=0.3")
    _, files = run(*flags, "--fill=blur", "--shape=pixels", "--seed=2")
    rows = rows_of(files, "masking.csv")
    assert [(row["way"], row["fraction"]) for row in rows] == [
        ("mask", "0.1"), ("mask", "0.5"), ("keep", "0.3"),
    ] * 2  # fmt: skip
    for row in rows:
        image = read_image(row["image"])
        inputs = resized(image, (32, 32))
        (saliency_map,) = METHODS["GRADCAM"](classifier, inputs[None], [1])
        hidden = masked(
            inputs, saliency_map, float(row["fraction"]), row["way"] == "keep", "blur", "pixels"
        )
        seeds = seeds_of(image, 2, "moved_region", RANDOM_PLACES)
        moved = [hide(inputs, moved_region(hidden.hidden, s), fill="blur").image for s in seeds]
        before, after, *others = classifier.scores(np.stack([inputs, hidden.image, *moved]))
        loss = before[1] - after[1]
        assert float(row["share"]) == hidden.share
        assert float(row["class_probability"]) == pytest.approx(after[1], rel=1e-5)
        assert float(row["loss"]) == pytest.approx(loss, abs=1e-6)
        assert float(row["random_loss"]) == pytest.approx(
            before[1] - np.mean(others, 0)[1], abs=1e-6
        )
        assert row["label_changed"] == str(int(after.argmax() != before.argmax()))
        changed = np.mean([other.argmax() != before.argmax() for other in others])
        assert float(row["random_label_changed"]) == changed


def test_without_the_red_square_there_is_no_red(run, capsys):
    _, files = run("--target=red", "--mask_salient=0.2", "--keep_salient=0.2")
    hidden, kept = rows_of(files, "masking.csv")[:2]
    assert float(hidden["loss"]) > 0.2 > float(hidden["random_loss"])
    assert float(kept["loss"]) < float(kept["random_loss"])
    assert hidden["label_changed"] == "1"
    assert kept["predicted"] == "red"
    told = capsys.readouterr().out
    assert "20% hidden: green " in told or "20% hidden: blue " in told
    assert "label changed at random" in told
    table = files["masking.md"].read_text()
    assert "| colours      | GRADCAM  | mask  |" in table


def test_the_figure_of_masking_shows_what_is_hidden_and_what_is_seen_then(run, figures, images):
    _, files = run("--target=red", "--mask_salient=0.2", "--shape=pixels")
    figure, titles = figures[0], figures[0]["titles"]
    row = rows_of(files, "masking.csv")[0]
    assert len(figure["images"]) == 4
    black = (figure["images"][2] == 0).all(axis=-1)
    assert black.mean() == pytest.approx(0.2, abs=0.01)
    image = read_image(images[0])
    assert image[black][:, 0].mean() > 200
    np.testing.assert_array_equal(figure["images"][2][~black], image[~black])
    seen = f"{row['predicted']} {float(row['predicted_probability']):.1%}"
    assert titles[2] == f"20% hidden\n{seen}"
    assert titles[3] == f"its map\nred {float(row['class_probability']):.1%}"
    assert "Hidden with black, as pixels." in figure["caption"]


def test_bare_are_the_images_alone(run, images):
    _, files = run("--mask_salient=0.2", "--shape=pixels", "--target=red", "--display_type=bare")
    stem = "0_GRADCAM_colours_red_masking_"
    assert {f"{stem}{name}.png" for name in ("image", "map", "mask_0.2", "mask_0.2_map")} <= set(
        files
    )
    black = (read_image(files[f"{stem}mask_0.2.png"]) == 0).all(axis=-1)
    assert black.mean() == pytest.approx(0.2, abs=0.01)


def test_a_map_that_means_nothing_hides_nothing(run, tmp_path, capsys):
    Image.new("RGB", (32, 32), (10, 200, 10)).save(tmp_path / "flat.png")
    status, files = run(
        "--explanation_method=FEM", "--mask_salient=0.2", "--augment=noise,blur",
        paths=[str(tmp_path / "flat.png")],
    )  # fmt: skip
    assert status == 0
    assert "masking.csv" not in files
    assert [row["correlation"] for row in rows_of(files, "augmentations.csv")] == ["nan"] * 2
    assert "the features of layer colours are the same" in capsys.readouterr().out


def test_a_broken_image_costs_only_itself(run, images, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no")
    paths = [images[0], str(tmp_path / "broken.png"), images[1]]
    status, files = run("--augment=blur", "--mask_salient=0.2", paths=paths)
    assert status == 1
    for name in ("augmentations.csv", "masking.csv"):
        assert [row["image"] for row in rows_of(files, name)] == images


def test_the_page_of_a_run_has_the_tables(run):
    status, files = run("--augment=blur,noise", "--mask_salient=0.2", "--report")
    assert status == 0
    page = files["report.html"].read_text()
    for title, column in (("Augmentations", "class kept"), ("Masking", "loss at random")):
        assert f"<h3>{title}</h3>" in page
        assert column in page
    assert "is moved to each of 8 random places" in page


def test_what_is_missing_is_left_out_of_the_means_of_a_table(tmp_path):
    table = ExperimentTable(title="Kinds", by=("kind",), means={"x": "mean x"}, about="")
    rows = [{"kind": kind, "x": x} for kind, x in (("a", 1), ("b", None), ("a", 2), ("a", None))]
    result = ExperimentResult(name="kinds", table=table, rows=rows)
    a, b = result.summary()
    assert a == {"kind": "a", "n": 3, "mean x": 1.5}
    assert b["n"] == 1
    assert np.isnan(b["mean x"])
    (csv, replaces), _ = result.write(tmp_path, is_partial=False)
    assert csv.read_text().split() == ["kind,x", "a,1", "b,nan", "a,2", "a,nan"]
    assert not replaces
    assert [path.name for path, _ in result.write(tmp_path, True)] == [
        "kinds_partial.csv", "kinds_partial.md",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--augment=blurr"], "did you mean 'blur'"),
        (["--augment="], "expected some of"),
        (["--mask_salient=20"], "between 0 and 1"),
        (["--mask_salient=,"], "between 0 and 1"),
        (["--keep_salient=much"], "between 0 and 1"),
        (["--mask_salient=nan"], "between 0 and 1"),
        (["--fill=blur"], "goes with --mask_salient"),
        (["--shape=pixels"], "goes with --mask_salient"),
        (["--mask_salient=0.2", "--fill=white"], "invalid choice"),
    ],
)
def test_a_mistake_is_one_line_and_exit_status_2(run, flags, words, capsys):
    try:
        status = run(*flags)[0]
    except SystemExit as stopped:
        status = stopped.code
    assert status == 2
    error = capsys.readouterr().err
    assert words in error
    assert len(error.strip().splitlines()) == 1


@pytest.fixture
def labels_file(tmp_path) -> str:
    sequential(7, "sigmoid").save(tmp_path / "labels.keras")
    return str(tmp_path / "labels.keras")


def test_the_five_best_labels_of_a_multi_label_classifier_in_one_figure(
    run, labels_file, images, figures
):
    status, files = run(paths=images[:1], model=labels_file)
    assert status == 0
    (record,) = [json.loads(f.read_text()) for n, f in files.items() if n.endswith(".json")]
    rows = record["explanations"]
    classifier = load_classifier(model_path=labels_file)
    assert classifier.multi_label
    logits = classifier.logits(resized(read_image(images[0]), (32, 32))[None])[0]
    best = np.argsort(-logits)[:5]
    assert [row["class_index"] for row in rows] == best.tolist()
    np.testing.assert_allclose(
        [row["probability"] for row in rows], 1 / (1 + np.exp(-logits[best])), atol=1e-5
    )
    (figure,) = figures
    for index, probability in zip(best, [row["probability"] for row in rows], strict=True):
        assert sum(f"class {index} {probability:.1%}" in t for t in figure["titles"]) == 2
    assert len(figure["images"]) == 5 * 3


@pytest.mark.parametrize("flag", ["--metrics=SPARSITY", "--target=predicted"])
def test_one_label_where_maps_are_judged_or_one_is_asked_for(run, labels_file, images, flag):
    _, files = run(flag, paths=images[:1], model=labels_file)
    (record,) = [json.loads(f.read_text()) for n, f in files.items() if n.endswith(".json")]
    assert len(record["explanations"]) == 1


def test_a_judged_label_after_all_five(run, labels_file, images):
    run(paths=images[:1], model=labels_file)
    _, files = run("--metrics=SPARSITY", paths=images[:1], model=labels_file)
    assert len(rows_of(files, "results.csv")) == 1


@pytest.mark.parametrize(
    ("count", "activation", "multi"),
    [(3, "softmax", False), (1, "sigmoid", False), (2, None, False)],
)
def test_other_classifiers_have_one_prediction(count, activation, multi):
    assert load_classifier(sequential(count, activation)).multi_label is multi


def test_masking_what_grad_cam_shows_costs_the_composites_more_than_masking_anything(tmp_path):
    """Elephants and bears with exact masks, and a dog and a cat: the salient fifth is theirs."""
    names = ("african_elephant", "african_elephant_forest", "american_black_bear")
    names += ("american_black_bear_forest",)
    paths = [str(ROOT / f"data/{name}.jpg") for name in names]
    flags = ["--mask_salient=0.2", "--representation=none", "--output_dir", str(tmp_path)]
    assert main.main([*flags, "--test_image_path", *paths, "--target=predicted"]) == 0
    with (tmp_path / "masking.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4
    for row in rows:
        assert float(row["loss"]) > float(row["random_loss"])
    dog_cat = ["--test_image_path", str(ROOT / "data/dog_cat.jpg")]
    assert main.main([*flags, *dog_cat, "--target=German_shepherd,tabby"]) == 0
    with (tmp_path / "masking.csv").open() as file:
        dog, cat = csv.DictReader(file)
    assert float(dog["loss"]) > float(dog["random_loss"])
    assert float(cat["loss"]) > float(cat["random_loss"])
