"""Ctrl-C keeps what was done."""

import numpy as np
from support import BEAR, ELEPHANT, noise, record_of

from images.reading import LoadedImage


def test_ctrl_c_keeps_what_was_done(run, monkeypatch, capsys):
    import pipeline.dataset.loading

    def interrupted(path, content):
        if str(path) == str(BEAR):
            raise KeyboardInterrupt
        return LoadedImage(noise(count=1)[0].astype(np.uint8))

    monkeypatch.setattr(pipeline.dataset.loading, "load_image", interrupted)
    status, files = run("--test_image_path", ELEPHANT, BEAR, "--batch_size=1")
    assert status == 1
    assert "kept 1 of 2 images" in capsys.readouterr().err
    assert {f.suffix for f in files} == {".json", ".png", ".tex"}
    assert record_of(files)["interrupted"]


def test_ctrl_c_in_a_long_method_draws_what_there_is(run, stop_at_run, capsys):
    stop_at_run(4)
    status, files = run("--test_image_path", ELEPHANT, BEAR, "--explanation_method=RISE,FEM")
    assert status == 1
    captured = capsys.readouterr()
    assert "stopped early, after 96 passes" in captured.out
    assert "kept 1 of 2 images" in captured.err
    assert {f.suffix for f in files} == {".json", ".png", ".tex"}
    (row,) = record_of(files)["explanations"]
    assert row["notes"]["stopped_early"]


def test_ctrl_c_is_for_all_classifiers(run, monkeypatch, capsys):
    from pipeline.explaining import attempt

    def interrupted(batch, scores, classifier, method, pairs):
        if method.name == "FEM":
            raise KeyboardInterrupt
        return made(batch, scores, classifier, method, pairs)

    made = attempt._explained
    monkeypatch.setattr(attempt, "_explained", interrupted)
    names = "--model_name=SqueezeNet,EfficientNetLite0"
    status, files = run(names, "--explanation_method=GRADCAM,FEM", is_on_small=False)
    assert status == 1
    assert "kept 1 of 1 images" in capsys.readouterr().err
    (row,) = record_of(files)["explanations"]
    assert (row["classifier"], row["method"]) == ("SqueezeNet", "GRADCAM")
