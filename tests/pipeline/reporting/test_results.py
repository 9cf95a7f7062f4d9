"""Whole evaluations from the command line, on the embedded classifier."""

import csv
import json
import shutil

import numpy as np
import pytest
from support import ROOT

import main
from cli import make_parser, plan_from_flags
from evaluation.ground_truth import read_truth
from pipeline import run
from pipeline.dataset import store

BEARS = ("american_black_bear", "american_black_bear_forest")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Images in a folder for each class, fixations for three of the four, and a whole run."""
    folder = tmp_path_factory.mktemp("lab")
    rng = np.random.default_rng(0)
    (folder / "gaze").mkdir()
    for name, class_name in zip(
        (*BEARS, "african_elephant", "macaw"),
        ("American_black_bear",) * 2 + ("n02504458", "parrot"),
        strict=True,
    ):
        (folder / "images" / class_name).mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / f"data/{name}.jpg", folder / "images" / class_name)
        if name != "macaw":
            _, mask = read_truth(ROOT / f"data/masks/{name}.png")
            rows, columns = np.nonzero(mask)
            chosen = rng.integers(0, len(rows), 15)
            lines = (f"{columns[i]},{rows[i]}" for i in chosen)
            (folder / "gaze" / f"{name}.csv").write_text("x,y\n" + "\n".join(lines))
    status = main.main(
        [
            *("--test_image_path", str(folder / "images")),
            *("--ground_truth", str(folder / "gaze")),
            "--explanation_method=GRADCAM,FEM",
            "--metrics=PCC,NSS,AUC_SHUFFLED,DELETION:step=5000,RANDOMISATION:stages=2",
            *("--output_dir", str(folder / "out"), "--pixels_per_degree=20"),
        ]
    )
    assert status == 0
    return folder


def rows_of(file) -> list[dict[str, str]]:
    with file.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_every_table_and_chart_is_there(lab):
    names = {path.name for path in (lab / "out").iterdir()}
    assert {"results.csv", "summary.csv", "summary.md", "summary.tex", "tests.csv"} <= names
    assert {"methods.csv", "agreement.csv", "accuracy.csv", "store"} <= names
    assert {"curves.png", "box_plots.png", "agreement.png"} <= names
    assert "confusion_EfficientNetLite0.png" in names
    assert not [name for name in names if name.endswith(".part")]


def test_a_row_for_each_image_and_method(lab):
    frame = store.read(lab / "out")
    assert len(frame) == 8
    assert frame["map"][0].shape == (7, 7)
    bears = frame[frame["true_class"] == "American_black_bear"]
    assert (bears["true_index"] == 295).all()
    assert (frame[frame["true_class"] == "n02504458"]["true_index"] == 386).all()
    assert frame[frame["true_class"] == "parrot"]["true_index"].isna().all()


def test_gaze_metrics_are_only_where_there_is_gaze(lab):
    frame = store.read(lab / "out")
    macaw = frame["image"].str.contains("macaw")
    assert frame[macaw]["PCC"].isna().all()
    assert frame[~macaw][["PCC", "NSS", "AUC_SHUFFLED"]].notna().all(axis=None)
    assert frame["DELETION:step=5000"].notna().all()
    summary = {(r["method"], r["metric"], r["class"]): r for r in rows_of(lab / "out/summary.csv")}
    assert summary["FEM", "PCC", "all"]["n"] == "3"
    assert summary["FEM", "PCC", "all"]["missing"] == "1"
    assert summary["FEM", "DELETION:step=5000", "all"]["n"] == "4"
    assert summary["FEM", "PCC", "American_black_bear"]["n"] == "2"


def test_maps_of_what_people_looked_at_score_well(lab):
    frame = store.read(lab / "out")
    assert frame["PCC"].mean() > 0.4
    assert frame["NSS"].mean() > 0.8


def test_accuracy_counts_the_classes_that_the_classifier_knows(lab):
    (row,) = rows_of(lab / "out/accuracy.csv")
    assert (row["right"], row["known"]) == ("2", "3")  # one bear is taken for a brown one


def test_constants_stand_in_the_tables_and_the_record(lab):
    for file in ("summary.md", "summary.tex"):
        text = (lab / "out" / file).read_text()
        assert "step=5000, start=mean, score=probability" in text
        assert "sigma 1 degrees of 20 pixels" in text
    (record,) = (lab / "out").glob("*.json")
    told = json.loads(record.read_text())
    assert told["metrics"][3] == {
        "name": "DELETION",
        "options": {"step": 5000, "start": "mean", "score": "probability"},
    }
    assert [name for name in told["without_ground_truth"] if "macaw" in name]


def test_what_has_no_truth_is_said(lab, capsys):
    arguments = ["--test_image_path", str(lab / "images"), "--metrics=POINTING"]
    arguments += ["--ground_truth", str(lab / "gaze"), "--output_dir", str(lab / "out2")]
    plan = plan_from_flags(make_parser().parse_args([*arguments, "--representation=none"]))
    assert run(plan) == 0  # from Python: the command is refused before
    told = capsys.readouterr().err
    assert "1 of 4 images have no ground truth" in told
    assert "POINTING: no map has a value" in told


def test_per_class_takes_so_many_of_each(lab):
    arguments = ["--test_image_path", str(lab / "images"), "--metrics=SPARSITY"]
    arguments += ["--per_class=1", "--output_dir", str(lab / "out3"), "--representation=none"]
    assert main.main(arguments) == 0
    assert sorted(store.read(lab / "out3")["true_class"]) == [
        "American_black_bear",
        "n02504458",
        "parrot",
    ]


def test_a_broken_fixation_list_costs_its_images_metrics_only(lab, capsys, tmp_path):
    shutil.copytree(lab / "gaze", tmp_path / "gaze")
    (tmp_path / "gaze/african_elephant.csv").write_text("x,y\n1,2\nend")
    arguments = ["--test_image_path", str(lab / "images"), "--metrics=PCC"]
    arguments += ["--ground_truth", str(tmp_path / "gaze"), "--output_dir", str(tmp_path / "out")]
    assert main.main([*arguments, "--representation=none"]) == 1
    assert "african_elephant.csv', line 3" in capsys.readouterr().err
    rows = store.read(tmp_path / "out")
    assert rows["map"].notna().all()
    assert rows["PCC"].isna().tolist().count(True) == 2  # one has none at all
    assert "line 3" in (tmp_path / "out/failures.csv").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--metrics=PCCC"], "no metric 'PCCC'; did you mean 'PCC'"),
        (["--metrics=,"], "--metrics: expected some of PCC"),
        (["--ground_truth", "data/masks"], "--ground_truth goes with --metrics"),
        (["--metrics=PCC", "--ground_truth", "nowhere"], "no such folder"),
        (["--metrics=PCC", "--degrees=0"], "--degrees is above 0"),
        (["--per_class=2"], "have no classes"),
        (["--representation=curves"], "goes with --metrics INSERTION or DELETION"),
    ],
)
def test_mistakes_are_one_line(arguments, words, capsys, tmp_path):
    assert main.main([*arguments, "--output_dir", str(tmp_path)]) == 2
    error = capsys.readouterr().err.strip().splitlines()
    assert len(error) == 1
    assert words in error[0]


def test_help_explains_a_metric(capsys):
    assert main.main(["--help", "insertion"]) == 0
    assert "start=blur" in capsys.readouterr().out
