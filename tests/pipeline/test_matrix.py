"""One way for everything: what images can have, clips, boxes, views and experiments have too.

A row of tests for each line of the matrix in DESIGN's words, a case for each of its columns.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_clips import FRAMES, clip_network
from support import ROOT, noise, sequential

import main
from classifier import load_classifier
from pipeline import Augmentation, explain, explain_again, view
from pipeline.dataset import columns, explanation_units, store
from pipeline.explaining import view_image

DETECTOR = """
import numpy as np

def detector(images):
    red, green = images[..., 0].mean(axis=(1, 2)) / 255, images[..., 1].mean(axis=(1, 2)) / 255
    scores = np.stack([np.stack([red, 1 - red], -1), np.stack([1 - green, green], -1)], axis=1)
    boxes = np.repeat([[[2, 3, 10, 12], [16, 14, 8, 9]]], len(images), axis=0)
    return boxes.astype(np.float32), scores.astype(np.float32)

detector.input_shape = (None, 32, 32, 3)
detector.class_names = ["red", "other"]
"""
COLUMNS = {
    "image": ("small.keras", "images", "--explanation_method=GRADCAM"),
    "clip": ("clips.keras", "clips", "--explanation_method=GRADCAM"),
    "box": ("seen:detector", "images", "--target_box=0", "--explanation_method=OCCLUSION:patch=16"),
    "view": (
        "small.keras",
        "images",
        "--explanation_method=ACTIVATIONS:top=4,FILTERS,CLASS_IMPRESSION:steps=3",
        "--target=index:1",
    ),
    "experiment": ("small.keras", "images", "--augment=blur", "--mask_salient=0.2"),
}
column = pytest.mark.parametrize("column", COLUMNS)


@pytest.fixture(scope="module")
def scene(tmp_path_factory) -> Path:
    """A folder with models, two images and two clips."""
    folder = tmp_path_factory.mktemp("scene")
    sequential().save(folder / "small.keras")
    clip_network().save(folder / "clips.keras")
    (folder / "seen.py").write_text(DETECTOR)
    (folder / "images").mkdir()
    for number, image in enumerate(noise((40, 50)).astype(np.uint8)):
        Image.fromarray(image).save(folder / f"images/{number}.png")
        frames = folder / f"clips/clip{number}"
        frames.mkdir(parents=True)
        for frame in range(FRAMES):
            shifted = np.roll(image, 4 * frame, axis=1)
            Image.fromarray(shifted).save(frames / f"{frame}.png")
    return folder


@pytest.fixture
def run(scene, tmp_path, monkeypatch):
    """Runs a column's command; the exit status."""
    monkeypatch.chdir(scene)

    def run(column: str, *flags: str, paths=None) -> int:
        model, images, *more = COLUMNS[column]
        given = [f"--model_path={model}", "--output_dir", str(tmp_path / "out"), *more]
        return main.main([*given, "--test_image_path", *(paths or [images]), *flags])

    return run


def files(folder: Path, suffix: str) -> list[str]:
    return sorted(file.name for file in (folder / "out").glob(f"*.{suffix}"))


def subjects(scene: Path, column: str) -> list[str]:
    return sorted(str(path) for path in (scene / COLUMNS[column][1]).iterdir())


@column
def test_all_is_stored_and_not_done_twice(column, run, tmp_path):
    assert run(column) == 0
    parts, figures = store.parts(tmp_path / "out"), files(tmp_path, "png")
    kinds = {"view": columns.VIEW, "experiment": columns.CHANGE}
    stored = store.read(tmp_path / "out", kind=kinds.get(column, store.EXPLANATION))
    assert len(stored) == {"view": 4, "experiment": 4}.get(column, 2)
    assert figures
    assert run(column) == 0
    assert store.parts(tmp_path / "out") == parts  # nothing was added
    assert files(tmp_path, "png") == figures


@column
def test_a_run_that_was_cut_goes_on_with_the_rest(column, run, scene, tmp_path, monkeypatch):
    first, second = subjects(scene, column)
    assert run(column, paths=[first]) == 0
    before = {part: part.read_bytes() for part in store.parts(tmp_path / "out")}
    images = []
    load = explanation_units.ExplanationUnits.answers
    monkeypatch.setattr(
        explanation_units.ExplanationUnits,
        "answers",
        lambda units, batch: (
            images.extend(one.source.path.name for one in batch) or load(units, batch)
        ),
    )
    assert run(column, paths=[first, second]) == 0
    assert set(images) == {Path(first).name, Path(second).name}  # both are drawn
    added = [part for part in store.parts(tmp_path / "out") if part not in before]
    assert all(part.read_bytes() == content for part, content in before.items())
    import pyarrow.parquet as pq

    new = [name for part in added for name in pq.read_table(part)["image"].to_pylist()]
    assert set(new) == {second}


@column
def test_ctrl_c_keeps_what_is_done(column, run, tmp_path, monkeypatch, capsys):
    if column == "view":
        make, made = view_image.make_view, []

        def interrupted(call, *rest):
            made.append(call)
            if len(made) == 2:
                raise KeyboardInterrupt
            return make(call, *rest)

        monkeypatch.setattr("pipeline.dataset.view_units.make_view", interrupted)
    else:
        explain_batch, calls = explanation_units.explain_batch, []

        def interrupted(batch, *rest):
            calls.append(1)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return explain_batch(batch, *rest)

        monkeypatch.setattr(explanation_units, "explain_batch", interrupted)
    assert run(column, "--batch_size=1") == 1
    captured = capsys.readouterr()
    assert "stopped; kept 1" in captured.err
    assert not store.read(tmp_path / "out").empty or column == "view"
    (record,) = (tmp_path / "out").glob("*.json")
    assert json.loads(record.read_text())["interrupted"]


@column
def test_what_is_broken_is_said_and_the_others_go_on(column, run, scene, tmp_path, capsys):
    broken = tmp_path / ("broken.gif" if column == "clip" else "broken.png")
    broken.write_bytes(b"no image")
    assert run(column, paths=[str(broken), *subjects(scene, column)]) == 1
    assert f"'{broken}' cannot be read" in capsys.readouterr().err
    (line,) = (tmp_path / "out/failures.csv").read_text().splitlines()[1:]
    assert line.startswith(str(broken))
    (record,) = (tmp_path / "out").glob("*.json")
    record = json.loads(record.read_text())
    assert [row["image"] for row in record["failed"]] == [str(broken)]
    assert len(record["explanations"] or record["viewed"]) == {"view": 4}.get(column, 2)


@column
@pytest.mark.parametrize("kind", ["grid", "singles", "bare"])
def test_all_is_drawn_in_every_way(column, kind, run, tmp_path):
    assert run(column, f"--display_type={kind}", "--format=png") == 0
    drawn = files(tmp_path, "gif" if column == "clip" and kind == "bare" else "png")
    if kind == "bare":
        for name in drawn:
            with Image.open(tmp_path / "out" / name) as image:
                assert max(image.size) < 1000  # no figure around it
    assert len(drawn) >= {"grid": 1, "singles": 2, "bare": 2}[kind]


@column
@pytest.mark.parametrize("suffix", ["pdf", "svg"])
def test_all_is_drawn_in_every_format(column, suffix, run, tmp_path):
    assert run(column, f"--format={suffix}") == 0
    assert files(tmp_path, suffix)


def test_what_moves_is_an_animation(run, tmp_path):
    assert run("clip") == 0
    flags = ("--explanation_method=CLASS_IMPRESSION:steps=3", "--format=gif")
    assert run("view", *flags) == 0
    for name in files(tmp_path, "gif"):
        with Image.open(tmp_path / "out" / name) as animation:
            assert animation.n_frames >= 3
    assert len(files(tmp_path, "gif")) == 3


@column
def test_all_is_in_the_page_of_the_run(column, run, tmp_path):
    assert run(column, "--report") == 0
    page = (tmp_path / "out/report.html").read_text()
    expected = {
        "image": ("0.png", "Grad-CAM"),
        "clip": ("clip0", "Grad-CAM"),
        "box": ("0.png", "Occlusion", "(box)"),
        "view": ("0.png", "Activations", "Filters", "Class impression"),
        "experiment": ("0.png", "<h3>Augmentations</h3>", "<h3>Masking</h3>"),
    }[column]
    for words in expected:
        assert words in page
    assert page.count("data:image/jpeg") >= 4


@pytest.mark.parametrize("column", ["image", "clip", "box"])
def test_maps_are_evaluated(column, run, tmp_path):
    metrics = "SPARSITY,COMPLEXITY,INSERTION:step=512,DELETION:step=512,AVERAGE_DROP"
    assert run(column, f"--metrics={metrics}") == 0
    rows = store.read(tmp_path / "out")
    assert np.isfinite(rows[["SPARSITY", "COMPLEXITY", "INSERTION:step=512"]].to_numpy()).all()
    assert "summary.csv" in {file.name for file in (tmp_path / "out").iterdir()}


@pytest.mark.parametrize(
    ("column", "method"),
    [
        ("image", "RISE:masks=64"),
        ("image", "OCCLUSION"),
        ("clip", "RISE:masks=64"),
        ("clip", "OCCLUSION"),
        ("box", "DRISE:masks=64"),
    ],
)
def test_black_box_methods_explain_it(column, method, run, tmp_path):
    assert run(column, f"--explanation_method={method}") == 0
    for saliency_map in store.read(tmp_path / "out")["map"]:
        assert saliency_map.ndim == (3 if column == "clip" else 2)
        assert np.ptp(saliency_map) > 0


def test_python_has_it_too(scene, monkeypatch):
    monkeypatch.chdir(scene)
    small = load_classifier(model_path="small.keras")
    image = explain(small, "images/0.png", "GRADCAM")
    box = explain(load_classifier(model_path="seen:detector"), "images/0.png", "OCCLUSION",
                  target_box=0, patch=16)  # fmt: skip
    clip = explain(load_classifier(model_path="clips.keras"), "clips/clip0", "GRADCAM")
    views = [
        view(small, "ACTIVATIONS", "images/0.png", top=4),
        view(small, "FILTERS"),
        view(small, "CLASS_IMPRESSION", target=1, steps=2),
    ]
    changed = explain_again(small, image, Augmentation("blur"))
    assert changed.after.map.shape == image.map.shape
    assert box.notes["box"]
    for shown in (image, box, clip, *views, changed):
        assert shown._repr_png_().startswith(b"\x89PNG")


ON_RAY = {  # three starts of Ray for all columns
    "image": ("image",
              "--explanation_method=GRADCAM,ACTIVATIONS:top=4,FILTERS,CLASS_IMPRESSION:steps=2",
              "--augment=blur", "--mask_salient=0.2"),
    "box": ("box",),
    "clip": ("clip",),
}  # fmt: skip


@pytest.mark.parametrize("command", ON_RAY)
def test_ray_stores_what_one_process_stores(command, run, scene, tmp_path):
    pytest.importorskip("ray")
    column, *flags = ON_RAY[command]
    assert run(column, *flags) == 0
    model, images, *more = COLUMNS[column]
    given = [f"--model_path={model}", "--test_image_path", images, *more, *flags]
    on_ray = ["--output_dir", str(tmp_path / "ray"), "--engine=ray", "--workers=1"]
    process = [sys.executable, str(ROOT / "main.py"), *given, *on_ray]
    result = subprocess.run(process, cwd=scene, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    for kind in (columns.EXPLANATION, columns.CHANGE, columns.VIEW):
        local, on_ray = (store.read(tmp_path / name, kind=kind) for name in ("out", "ray"))
        keys = ["image", "method", "target", "change", "class_index"]
        assert len(local) == len(on_ray)
        if len(local) == 0:
            continue
        local, on_ray = (rows.sort_values(keys).reset_index() for rows in (local, on_ray))
        assert local[keys].equals(on_ray[keys])
        if kind != columns.VIEW:
            for first, second in zip(local["map"], on_ray["map"], strict=True):
                np.testing.assert_allclose(first, second, rtol=1e-3, atol=1e-5)
    assert files(tmp_path, "png") == sorted(f.name for f in (tmp_path / "ray").glob("*.png"))
