from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support import ROOT

from evaluation.fixations import read_fixations, wooding_map
from evaluation.ground_truth import (
    GroundTruth,
    GroundTruthError,
    Viewing,
    find_ground_truth,
    is_mexculture_truth,
)
from evaluation.true_classes import some_of_each, true_classes


def touch(*paths: Path) -> list[Path]:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return list(paths)


def test_one_fixation_makes_one_gaussian():
    density = wooding_map(np.array([[30.5, 20.5]]), (50, 60), degrees=0.5, pixels_per_degree=10)
    rows, columns = np.mgrid[:50, :60]
    squared = (rows - 20) ** 2 + (columns - 30) ** 2
    np.testing.assert_allclose(density, np.exp(-squared / (2 * 5**2)), atol=1e-3)


def test_durations_weigh_and_what_is_outside_is_left_out():
    density = wooding_map(np.array([[5.0, 5, 100], [25, 5, 300], [500, 5, 900]]), (10, 30), 1, 1)
    assert density[5, 25] == 1
    assert density[5, 5] == pytest.approx(1 / 3, rel=1e-3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 2\n3 4\n", [[1, 2], [3, 4]]),
        ("1,2,150\n3.5,4,200", [[1, 2, 150], [3.5, 4, 200]]),
        ("x;y\n1;2", [[1, 2]]),
        ("\ufefffixation,Y,X,duration\n7,2,1,150", [[1, 2, 150]]),
        ("# eye tracker\n1\t2\t# blink\n", [[1, 2]]),
        ("", np.empty((0, 2))),
    ],
)
def test_fixation_lists_are_read_as_they_come(text, expected, tmp_path):
    (tmp_path / "f.txt").write_text(text, encoding="utf-8")
    np.testing.assert_array_equal(read_fixations(tmp_path / "f.txt"), expected)


@pytest.mark.parametrize("text", ["1 2\nx y", "1", "1 2\n3 nan", "1 2 3\n4 5"])
def test_a_broken_list_is_an_error_that_names_the_file(text, tmp_path):
    (tmp_path / "f.txt").write_text(text)
    with pytest.raises(GroundTruthError, match=r"ground truth '.*f\.txt'"):
        _ = GroundTruth([tmp_path / "f.txt"], (10, 10)).density


def test_a_mask_is_told_from_a_gaze_map():
    mask = GroundTruth([ROOT / "data/masks/african_elephant.png"], (10, 10))
    assert mask.mask.any()
    assert not mask.mask.all()
    assert mask.density is None
    assert mask.fixations is None


def test_gaze_maps_come_from_arrays_images_and_fixations(tmp_path):
    density = wooding_map(np.array([[30.5, 20.5]]), (50, 60), 1, 8)
    np.save(tmp_path / "a.npy", density)
    Image.fromarray((255 * density).astype(np.uint8)).save(tmp_path / "a.png")
    (tmp_path / "a.txt").write_text("30.5 20.5")
    for name, tolerance in (("a.npy", 1e-6), ("a.png", 1 / 255), ("a.txt", 1e-6)):
        truth = GroundTruth([tmp_path / name], (50, 60), Viewing(degrees=1, pixels_per_degree=8))
        found = truth.density / truth.density.max()
        np.testing.assert_allclose(found, density, atol=tolerance)
        assert truth.mask is None


@pytest.mark.parametrize("array", [-np.ones((4, 4)), np.ones((4, 4, 3)), np.full((4, 4), np.nan)])
def test_an_array_that_is_no_map_is_an_error(array, tmp_path):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(GroundTruthError, match="expected a gaze map or mask"):
        _ = GroundTruth([tmp_path / "a.npy"], (4, 4)).density


def test_truth_is_found_by_equal_stem_pattern_and_mexcultures_names(tmp_path):
    first, second = touch(tmp_path / "p/a.jpg", tmp_path / "p/A_B_C_N_7.png")
    same, gaze, fixations = touch(
        tmp_path / "t/deep/a.npy",
        tmp_path / "t/A_B_C_GFDM_N_7.png",
        tmp_path / "t/A_B_C_GazeFix_N_7.txt",
    )
    found = find_ground_truth([first, second], [str(tmp_path / "t")])
    assert found == {first: (same,), second: (gaze, fixations)}
    (by_pattern,) = touch(tmp_path / "m/p/a_mask.png")
    pattern = str(tmp_path / "m/{class}/{stem}_mask.png")
    assert find_ground_truth([first, second], [pattern]) == {first: (by_pattern,)}


def test_mexcultures_truth_beside_the_images_needs_no_place(tmp_path):
    image, truth = touch(tmp_path / "A_B_C_N_7.png", tmp_path / "A_B_C_GFDM_N_7.png")
    assert find_ground_truth([image], []) == {image: (truth,)}
    assert is_mexculture_truth(truth)
    assert not is_mexculture_truth(image)


def test_wrong_places_are_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder"):
        find_ground_truth([], [str(tmp_path / "none")])
    with pytest.raises(ValueError, match=r"may hold \{stem\}"):
        find_ground_truth([tmp_path / "a.jpg"], ["{name}.png"])


def test_classes_are_folders_that_are_not_splits():
    images = [Path(p) for p in ("s/train/cat/1.jpg", "s/val/dog/2.jpg", "s/test/cat/3.jpg")]
    assert list(true_classes(images).values()) == ["cat", "dog", "cat"]
    assert true_classes([Path("data/a.jpg"), Path("data/b.jpg")]) == {}


def test_classes_of_mexculture_are_what_stands_before_the_first_underscore():
    images = [Path("p/Col_A_B_N_1.png"), Path("p/Pre_A_B_N_2.png")]
    assert list(true_classes(images).values()) == ["Col", "Pre"]


def test_some_of_each_class_are_drawn_by_seed():
    images = [Path(f"s/{name}/{i}.jpg") for name in ("cat", "dog") for i in range(10)]
    classes = true_classes(images)
    chosen = some_of_each(images, classes, 3)
    assert [classes[image] for image in chosen] == ["cat"] * 3 + ["dog"] * 3
    assert chosen == some_of_each(images, classes, 3)
    assert chosen != some_of_each(images, classes, 3, seed=1)
    with pytest.raises(ValueError, match="have no classes"):
        some_of_each(images, {}, 3)
