"""Augmentations, masking and the labels of multi-label classifiers, from the command line."""

import numpy as np
import pytest
from support import rows_of

from pipeline.reporting.experiment_tables import ExperimentResult, ExperimentTable


def test_what_the_store_has_is_experimented_with_all_the_same(run):
    flags = ("--representation=none", "--target=red,red:blue")
    run(*flags)
    status, files = run(*flags, "--augment=blur", "--mask_salient=0.2")
    assert status == 0
    assert not [name for name in files if name.endswith(".png")]
    assert [row["class"] for row in rows_of(files, "masking.csv")] == ["red", "red - blue"] * 2
    assert len(rows_of(files, "augmentations.csv")) == 4


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
    for title, column in (("Augmentations", "Class kept"), ("Masking", "Loss at random")):
        assert f"<h3>{title}</h3>" in page
        assert column in page
    assert "is moved to each of 8 random places" in page


def test_what_is_missing_is_left_out_of_the_means_of_a_table(tmp_path):
    table = ExperimentTable(
        title="Kinds", by=("kind",), means={"x": "mean x"}, headline="mean x", about=""
    )
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
        (["--augment=,"], "expected some of"),
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
