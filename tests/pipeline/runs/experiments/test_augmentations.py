"""Augmentations from the command line."""

import numpy as np
import pytest
from support import noise, rows_of

from experiments import AUGMENTATIONS
from images import read_image, resized
from pipeline.explaining.changes import in_shape, seeds_of


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
        assert row["predicted"] == classifier.labels.names[after.argmax()]
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
    assert first["headline"].startswith("0.png · Grad-CAM · colours · red ")
    assert titles[0].startswith("image\nred ")
    assert titles[1] == "its map"
    assert titles[2].startswith("horizontal flip\nred ")
    assert titles[3] == f"{float(rows[0]['class_probability']):.1%}, r = 1.00"
    assert " · blue " in own[1]["headline"]
    assert "r: correlation" in first["caption"]


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
