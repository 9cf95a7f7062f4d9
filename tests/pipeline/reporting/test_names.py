"""Names that UTF-8, a terminal or a spreadsheet cannot hold: written escaped everywhere."""

import csv
import json
import os
import sys

import pytest
from PIL import Image
from support import noise, sequential

import main
from pipeline import read
from runtime.text import from_csv_cell

CLASSES = ["=1+1", "@bee", "-ant"]
FOLDERS = ["=1+1", os.fsdecode(b"caf\xe9")]
FILE = os.fsdecode(b"caf\xe9 \x1b[1m.png")  # of which \xe9 is no UTF-8


@pytest.fixture
def folder(tmp_path):
    sequential().save(tmp_path / "odd.keras")
    (tmp_path / "odd.json").write_text(json.dumps({"class_names": CLASSES}))
    for number, image in enumerate(noise(count=2)):
        place = tmp_path / "images" / FOLDERS[number]
        place.mkdir(parents=True)
        with (place / FILE).open("wb") as file:
            Image.fromarray(image.astype("uint8")).save(file, "png")
    return tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="file names are Unicode elsewhere")
def test_a_name_that_nothing_can_hold_is_explained_and_written_escaped(folder, capsys):
    out = folder / "out"
    flags = ["--metrics=SPARSITY", "--report", "--augment=blur", "--target=top3"]
    flags += ["--model_path", str(folder / "odd.keras"), "--output_dir", str(out)]
    assert main.main(["--test_image_path", str(folder / "images"), *flags]) == 0
    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err
    assert r"caf\udce9 \x1b[1m.png" in said.out
    images = {str(path) for path in (folder / "images").rglob("*.png")}
    stored = read(out)
    assert set(stored["image"]) == images
    assert set(stored["label"]) == set(CLASSES)
    (record,) = out.glob("*.json")
    record = json.loads(record.read_text(encoding="utf-8"))
    assert {row["image"] for row in record["explanations"]} == images
    assert {row["label"] for row in record["explanations"]} == set(CLASSES)
    for name, column in (("results.csv", "label"), ("augmentations.csv", "class")):
        rows = list(csv.DictReader((out / name).read_text(encoding="utf-8").splitlines()))
        assert {from_csv_cell(row["image"]) for row in rows} == images
        assert {from_csv_cell(row[column]) for row in rows} == set(CLASSES)
        assert not any(cell[:1] in "=+-@" for row in rows for cell in row.values() if cell)
    assert r"caf\udce9" in (out / "report.html").read_text(encoding="utf-8")
    assert main.main(["--test_image_path", str(folder / "images"), *flags]) == 0
    assert len(read(out)) == len(stored)  # it is found again
