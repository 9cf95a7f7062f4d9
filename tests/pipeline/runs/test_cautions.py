"""What is to be said of how an image was read is said where its maps are."""

import cv2
import numpy as np
from support import sequential

import main
from pipeline.dataset import store


def test_twelve_bits_in_sixteen_are_scaled_and_it_is_said(tmp_path, capsys):
    sequential().save(tmp_path / "small.keras")
    ramp = np.linspace(0, 4095, 64 * 64).reshape(64, 64).astype(np.uint16)
    cv2.imwrite(str(tmp_path / "twelve.png"), ramp)
    status = main.main(
        [
            *("--model_path", str(tmp_path / "small.keras")),
            *("--test_image_path", str(tmp_path / "twelve.png")),
            *("--output_dir", str(tmp_path / "out"), "--explanation_method=FEM"),
        ]
    )
    assert status == 0
    (row,) = store.read(tmp_path / "out").to_dict("records")
    assert "read as 12-bit data" in row["notes"]["image_caution"]
    assert row["notes"]["image_caution"] in capsys.readouterr().out
