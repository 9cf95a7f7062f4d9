"""Metrics that have no value of any map: tables say so, and nothing is drawn of them."""

import csv
import json

import numpy as np
from PIL import Image
from support import noise

import main

MODULE = """
import numpy as np
def blind(images):
    p = images.mean(axis=(1, 2, 3)) / 255
    scores = np.stack([1 - p, p], axis=1)
    dark = (images == 0).all(axis=-1).mean(axis=(1, 2))
    scores[(dark > 0.3) & (p > 0.02)] = np.nan
    return scores
blind.input_size = (32, 32)
"""


def test_curves_that_are_nan_for_all_maps_leave_tables_and_the_page(tmp_path, monkeypatch, capsys):
    (tmp_path / "half_blind.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    paths = [str(tmp_path / f"{number}.png") for number in range(2)]
    for path, image in zip(paths, noise(), strict=True):
        Image.fromarray(np.maximum(image, 40).astype(np.uint8)).save(path)
    out = tmp_path / "out"
    flags = ["--metrics=INSERTION:start=black,DELETION:start=black", "--report"]
    flags += ["--explanation_method=OCCLUSION:patch=8", "--output_dir", str(out)]
    status = main.main(["--model_path=half_blind:blind", "--test_image_path", *paths, *flags])
    assert status == 0
    assert "DELETION:start=black: no map has a value" in capsys.readouterr().err
    rows = list(csv.DictReader((out / "summary.csv").read_text().splitlines()))
    assert [(row["nan"], row["mean"]) for row in rows] == [("2", "")] * 2
    assert (out / "report.html").exists()
    assert not (out / "curves.png").exists()
    assert not (out / "box_plots.png").exists()


def test_a_value_that_is_nan_has_its_reason_in_console_and_record(tmp_path, monkeypatch, capsys):
    (tmp_path / "half_blind.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    Image.fromarray(noise()[0].astype(np.uint8)).save(tmp_path / "one.png")
    (tmp_path / "masks").mkdir()
    Image.fromarray(np.full((32, 32), 255, np.uint8)).save(tmp_path / "masks" / "one.png")
    out = tmp_path / "out"
    flags = ["--metrics=RANK_ACCURACY,DELETION", "--ground_truth", str(tmp_path / "masks")]
    flags += ["--explanation_method=OCCLUSION:patch=8", "--output_dir", str(out)]
    image = ["--test_image_path", str(tmp_path / "one.png")]
    assert main.main(["--model_path=half_blind:blind", *image, *flags]) == 0
    assert "RANK_ACCURACY is nan: the object mask is the whole image" in capsys.readouterr().out
    (record,) = out.glob("*.json")
    noted = json.loads(record.read_text())["explanations"][0]["metric_notes"]
    assert noted["RANK_ACCURACY"] == {"reason": "the object mask is the whole image"}
    assert noted["DELETION"]["fill_rgb"] == [0.0] * 3  # 0 is black to this function
    assert "curve" not in noted["DELETION"]
