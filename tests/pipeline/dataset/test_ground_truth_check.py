"""Metrics that no image can have are refused before any work."""

import numpy as np
import pytest
from PIL import Image

import main
from cli import make_parser, plan_from_flags
from pipeline import check_beforehand


@pytest.fixture
def folder(tmp_path):
    """Two images, their masks in one folder, and fixations of the first by another name."""
    for name in ("a", "b"):
        (tmp_path / "images").mkdir(exist_ok=True)
        Image.new("RGB", (60, 40)).save(tmp_path / f"images/{name}.png")
        mask = np.zeros((40, 60), np.uint8)
        mask[10:20, 10:30] = 255
        (tmp_path / "masks").mkdir(exist_ok=True)
        Image.fromarray(mask).save(tmp_path / f"masks/{name}.png")
    (tmp_path / "looks").mkdir()
    (tmp_path / "looks/a_seen.csv").write_text("x,y\n0.5,0.5\n")
    return tmp_path


def check(folder, metrics: str, *places: str) -> None:
    truth = ["--ground_truth", *(str(folder / place) for place in places)] if places else []
    command = [f"--test_image_path={folder / 'images'}", f"--output_dir={folder / 'out'}"]
    arguments = make_parser().parse_args([*command, f"--metrics={metrics}", *truth])
    check_beforehand(plan_from_flags(arguments))


@pytest.mark.parametrize(
    ("metrics", "places", "words"),
    [
        ("PCC", [], "PCC needs a gaze map; looked in the images' own folders, by MexCulture142's"),
        ("PCC", ["masks"], "found an object mask of 2 images"),
        ("SPARSITY,NSS", ["masks"], "NSS needs fixations; looked in "),
        ("PCC", ["looks"], 'found nothing; what would fit: --ground_truth "'),
        ("PCC", ["looks"], 'looks/{stem}_seen.csv"'),
        ("POINTING", ["looks/{stem}_seen.csv"], "found fixations of 1 image; what would fit"),
        ("AUC_SHUFFLED", ["looks/{stem}_seen.csv"], "AUC_SHUFFLED needs fixations on other images"),
    ],
)
def test_it_is_said_what_was_looked_for_what_was_found_and_what_would_fit(
    metrics, places, words, folder
):
    with pytest.raises(ValueError, match="needs") as error:
        check(folder, metrics, *places)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("metrics", "places"),
    [
        ("SPARSITY,DELETION", []),
        ("POINTING", ["masks"]),
        ("PCC,NSS,POINTING", ["masks", "looks/{stem}_seen.csv"]),  # each of some image
    ],
)
def test_what_any_image_can_have_is_taken(metrics, places, folder):
    check(folder, metrics, *places)


def test_masks_beside_the_image_are_found_for_the_default_command(capsys, monkeypatch, tmp_path):
    assert main.main(["--metrics=POINTING", f"--output_dir={tmp_path}"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith('data/masks/{stem}.png"')
