"""Clips: the way from a file to a strip."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_clips import FRAMES, SIDE, brightness_of_clips, moving_square, written_clip

import main
from classifier import load_classifier
from pipeline import explain


@pytest.fixture
def scene(tmp_path, monkeypatch):
    """A model, and the moving square as frames."""
    monkeypatch.chdir(tmp_path)
    brightness_of_clips().save("bright.keras")
    (tmp_path / "square").mkdir()
    for number, frame in enumerate(moving_square()):
        Image.fromarray(frame).save(tmp_path / "square" / f"{number}.png")
    return ["--model_path=bright.keras", "--test_image_path=square"]


def test_main_makes_a_strip_and_animations_with_a_map_for_every_frame(scene, tmp_path):
    assert main.main([*scene, "--explanation_method=GRADCAM,FEM", "--representation=heatmap"]) == 0
    (file,) = tmp_path.glob("results/*.json")
    record = json.loads(file.read_text())
    for row in record["explanations"]:
        assert row["clip"] == {"frames": [0, 1, 2, 3, 4, 5], "seconds": 0.6}
    assert [e["map_shape"] for e in record["explanations"]] == [[3, 6, 6]] * 2
    assert len([name for name in record["figures"] if not name.endswith(".tex")]) == 3
    assert len([*tmp_path.glob("results/*.png")]) == 1
    for path in tmp_path.glob("results/*.gif"):
        with Image.open(path) as animation:
            assert animation.n_frames == FRAMES
            assert animation.info["duration"] == 100


def test_bare_animations_show_the_square_where_it_is(scene, tmp_path):
    flags = ["--display_type=bare", "--representation=soft_selection"]
    assert main.main([*scene, *flags]) == 0
    (path,) = tmp_path.glob("results/*.gif")
    assert not [*tmp_path.glob("results/*.png")]
    with Image.open(path) as animation:
        for number, third in ((0, 0), (5, 2)):
            animation.seek(number)
            frame = np.asarray(animation.convert("L"), float)
            thirds = frame.reshape(len(frame), 3, -1).mean(axis=(0, 2))
            assert thirds.argmax() == third


def test_main_shows_the_activations_of_a_clip(scene, tmp_path):
    assert main.main([*scene, "--explanation_method=ACTIVATIONS"]) == 0
    (file,) = tmp_path.glob("results/*.json")
    record = json.loads(file.read_text())
    assert record["viewed"][0]["notes"]["channels"] == [{"blocks": [0]}]
    assert [Path(figure).suffix for figure in record["figures"]] == [".png", ".tex"]
    assert main.main([*scene, "--explanation_method=FILTERS"]) == 2


def test_a_broken_clip_is_said_and_the_others_are_explained(scene, tmp_path, capsys):
    (tmp_path / "broken.gif").write_bytes(b"no")
    assert main.main([scene[0], "--test_image_path", "broken.gif", "square"]) == 1
    assert "clip 'broken.gif' cannot be read" in capsys.readouterr().err
    (file,) = tmp_path.glob("results/*.json")
    record = json.loads(file.read_text())
    assert (len(record["failed"]), len(record["explanations"])) == (1, 1)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--explanation_method=LIME"], "LIME explains images, and bright takes clips of 6"),
        (["--metrics=NSS"], "NSS needs fixations"),
        (["--mask_salient=0.2"], "--augment and the like change images, and bright takes clips"),
        (["--representation=isolines"], "clips are drawn as heatmap"),
    ],
)
def test_what_clips_cannot_have_is_said_in_a_line(scene, flags, words, capsys):
    assert main.main([*scene, *flags]) == 2
    assert words in capsys.readouterr().err


def test_python_explains_a_clip(scene):
    explanation = explain(load_classifier(model_path="bright.keras"), "square", "FEM")
    assert explanation.map.shape == (3, 6, 6)
    assert explanation.image.shape == (FRAMES, SIDE, SIDE, 3)
    with pytest.raises(ValueError, match=r"explains images, and .* takes clips"):
        explain(load_classifier(model_path="bright.keras"), "square", "LIME")


def test_a_strip_of_wide_frames_needs_no_more_pixels_than_it_has(scene, tmp_path):
    """Its map is as wide as all frames together: no reason to draw it any larger."""
    frames = np.zeros((FRAMES, 90, 320, 3), np.uint8)
    explanation = explain(load_classifier(model_path="bright.keras"), "square", "FEM")
    wide = replace(explanation, image=frames).strip
    assert wide.represented("heatmap", largest=10**6).shape == (90, FRAMES * 320, 3)


def test_ctrl_c_keeps_the_record_of_the_clips_that_were_done(scene, tmp_path, monkeypatch, capsys):
    import pipeline.dataset.loading

    first = written_clip(tmp_path, "gif")
    read = pipeline.dataset.loading.read_clip

    def interrupted(path, count):
        if path.name == "square":
            raise KeyboardInterrupt
        return read(path, count)

    monkeypatch.setattr(pipeline.dataset.loading, "read_clip", interrupted)
    assert main.main([scene[0], "--test_image_path", str(first), "square"]) == 1
    assert "kept 1 of 2 images" in capsys.readouterr().err
    (file,) = tmp_path.glob("results/*.json")
    assert json.loads(file.read_text())["interrupted"]
