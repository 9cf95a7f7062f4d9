"""Masking from the command line."""

import csv

import numpy as np
import pytest
from PIL import Image
from support import ROOT, rows_of

import main
from experiments import hide, masked, moved_region
from images import read_image, resized
from methods import METHODS
from pipeline.explaining.changes import RANDOM_PLACES, seeds_of


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
    assert titles[3] == f"{float(row['class_probability']):.1%}, its map"
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
