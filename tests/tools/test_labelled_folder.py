"""A folder of images by class: how it is split, and what will not do."""

import labelled_folder
import pytest
import transfer_learn
from image_folders import coloured_images
from support import run_tool


@pytest.mark.parametrize("seed", [0, 1])
def test_other_seeds_hold_out_other_images_but_the_same_part(seed, tmp_path):
    folder = coloured_images(tmp_path, count=10)
    _, first = labelled_folder.labelled_images(folder, 0.3, seed)
    _, same = labelled_folder.labelled_images(folder, 0.3, seed)
    _, other = labelled_folder.labelled_images(folder, 0.3, seed + 1)
    assert first == same != other
    for samples in (first, other):
        assert [s.label for s in samples["validation"]] == [0] * 3 + [1] * 3
        assert not set(samples["training"]) & set(samples["validation"])
        assert len(samples["training"]) == 14


@pytest.mark.parametrize("validation", ["val", "valid", "Validation"])
def test_folders_named_like_splits_are_splits(validation, tmp_path):
    for split, count in (("train", 3), (validation, 2), ("test", 1)):
        coloured_images(tmp_path / split, count=count)
    (tmp_path / ".cache").mkdir()
    names, samples = labelled_folder.labelled_images(tmp_path, 0.5, 0)
    assert names == ["blue", "red"]
    assert {split: len(found) for split, found in samples.items()} == {
        "training": 6,
        "validation": 4,
        "test": 2,
    }
    assert {s.file.parts[-3] for s in samples["validation"]} == {validation}


def one_class(folder):
    coloured_images(folder, ("red",))


def one_image(folder):
    coloured_images(folder)
    coloured_images(folder, ("green",), 1)


def unknown_class(folder):
    coloured_images(folder / "train")
    coloured_images(folder / "val", ("Red",))


def empty_class(folder):
    coloured_images(folder)
    (folder / "green").mkdir()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: None, "no such folder"),
        (lambda folder: folder.mkdir(), "has no sub-folder for a class"),
        (lambda folder: (folder / "train").mkdir(parents=True), "train' has no sub-folder"),
        (one_class, "has one class only, 'red'"),
        (one_image, "class 'green' has 1 image; two at least"),
        (unknown_class, "no such class among those to train on; did you mean 'red'"),
        (empty_class, "no images in folder"),
    ],
)
def test_a_folder_that_will_not_do_is_said_in_one_line(make, words, tmp_path):
    make(tmp_path / "images")
    ran = run_tool(transfer_learn.main, tmp_path / "images", "-o", tmp_path / "mine.keras")
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert words in ran.err
