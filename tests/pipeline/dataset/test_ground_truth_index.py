"""What is known of a run's images, and what their files of ground truth were taken for."""

import numpy as np
import pytest
from PIL import Image
from support import ROOT

from cli import make_parser, plan_from_flags
from pipeline.dataset import ground_truth
from pipeline.dataset.ground_truth import GroundTruthIndex


@pytest.fixture
def index(tmp_path):
    """Of five images: a mask, spots, a list with a lost sample, a list that is none, nothing."""
    images, truths = tmp_path / "images", tmp_path / "truths"
    images.mkdir()
    truths.mkdir()
    for name in "abcde":
        Image.new("RGB", (60, 40)).save(images / f"{name}.png")
    mask = np.zeros((40, 60), np.uint8)
    mask[10:20, 10:30] = 255
    spots = np.zeros((40, 60), np.uint8)
    spots[[5, 30], [7, 50]] = 255
    Image.fromarray(mask).save(truths / "a.png")
    Image.fromarray(spots).save(truths / "b.png")
    (truths / "c.csv").write_text("x,y\n0.5,0.5\nNaN,NaN\n")
    (truths / "d.csv").write_text("time,horizontal\n1,2\n")
    arguments = ["--test_image_path", str(images), "--ground_truth", str(truths)]
    arguments += ["--metrics=NSS,AUC_SHUFFLED,POINTING", "--output_dir", str(tmp_path / "out")]
    return GroundTruthIndex(plan_from_flags(make_parser().parse_args(arguments)))


def test_what_each_file_was_taken_for_is_listed(index):
    lines = index.taken_for()
    assert lines[:3] == [
        "ground truth: 1 file taken for an object mask: a.png",
        "ground truth: 1 file taken for fixations as bright spots: b.png",
        "ground truth: 1 file taken for fixations (columns 'x', 'y', in parts of the image's width "
        "and height): c.csv",
    ]
    assert lines[3].endswith("c.csv': 1 lost samples left out")
    assert len(lines) == 4  # d.csv will not do, and is a failure of its image


def test_fixations_on_other_images_are_of_every_kind_of_file(index):
    first, second, third = index.images[:3]
    both = np.array([[7.5 / 60, 5.5 / 40], [50.5 / 60, 30.5 / 40], [0.5, 0.5]])
    np.testing.assert_allclose(index.other_fixations(first), both)
    np.testing.assert_allclose(index.other_fixations(second), both[2:])
    np.testing.assert_allclose(index.other_fixations(third), both[:2])
    assert index.unmatched == [str(index.images[4])]


def test_the_masks_of_the_samples_are_masks():
    arguments = ["--test_image_path", str(ROOT / "data"), "--metrics=POINTING"]
    arguments += ["--ground_truth", str(ROOT / "data/masks")]
    index = GroundTruthIndex(plan_from_flags(make_parser().parse_args(arguments)))
    assert len(index.images) == 9
    (line,) = index.taken_for()
    assert line.startswith("ground truth: 4 files taken for an object mask: african_elephant.png")


def test_of_a_large_dataset_only_the_first_files_are_read_before_their_turn(index, monkeypatch):
    whole = index.taken_for()
    monkeypatch.setattr(ground_truth, "TAKEN_FOR", 2)
    assert index.taken_for() == [
        *whole[:2],
        "ground truth: that of 2 more images is read in its turn",
    ]
