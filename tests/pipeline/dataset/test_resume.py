"""Runs over folders: resumed, killed, broken images, changed images, missing metrics."""

import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image
from support import ROOT, same_rows

from classifier.network.network import Network
from images import ImageError, image_size
from pipeline.dataset import explanation_units, loading, store
from pipeline.dataset.columns import TRUTH
from pipeline.explaining import attempt


def test_a_batch_of_images_gives_what_each_gives_alone(run):
    _, together = run()
    _, alone = run("--batch_size=1", out="alone")
    assert len(together) == 24
    same_rows(together, alone)


def test_what_is_done_is_not_done_again(run, explained):
    _, first = run()
    assert len(explained) == 24
    explained.clear()
    _, second = run()
    assert explained == []
    same_rows(first, second)


def test_another_method_is_added_to_what_is_there(run, explained):
    run(methods="GRADCAM")
    explained.clear()
    _, rows = run(methods="GRADCAM,FEM,FEM:k=1.0")
    assert {method for _, method in explained} == {"FEM", "FEM:k=1.0"}
    assert len(rows) == 36


def test_other_options_targets_and_layers_are_other_work(run, explained):
    run(methods="GRADCAM")
    for arguments in (["--target=1"], ["--layer=backbone/relu1"], ["--precision=bfloat16"]):
        explained.clear()
        run(*arguments, methods="GRADCAM")
        assert len(explained) == 12


def test_a_wanted_metric_is_computed_from_the_stored_map(run, explained, tmp_path):
    _, whole = run("--metrics=SPARSITY,DELETION:step=400", out="whole")
    run()
    run("--metrics=SPARSITY")
    explained.clear()
    _, rows = run("--metrics=SPARSITY,DELETION:step=400")
    assert explained == []
    same_rows(whole, rows)


def test_metrics_without_their_ground_truth_are_not_asked_again(run, images, tmp_path):
    for path in images.glob("*/*.png"):
        mask = np.zeros(image_size(path), np.uint8)
        mask[10:30, 10:30] = 255
        (tmp_path / "masks").mkdir(exist_ok=True)
        Image.fromarray(mask).save(tmp_path / "masks" / path.name)
    (tmp_path / "masks/00.csv").write_text("x,y\n0.5,0.5\n")  # the only fixations
    flags = ("--metrics=PCC,NSS,POINTING,SPARSITY", "--ground_truth", str(tmp_path / "masks"))
    run(*flags)
    parts = store.parts(tmp_path / "out")
    (metrics,) = {
        tuple(sorted(name for name in dict(row["metrics"]) if not name.startswith(TRUTH)))
        for row in store.Index(tmp_path / "out").each(["metrics"])
    }
    assert sorted(metrics) == ["NSS", "PCC", "POINTING", "SPARSITY"]
    run(*flags)
    assert store.parts(tmp_path / "out") == parts


def test_a_changed_image_is_explained_again(run, explained, images):
    _, before = run()
    Image.open(ROOT / "data/coffee.jpg").resize((64, 64)).save(images / "even/00.png")
    explained.clear()
    _, rows = run()
    assert {name for name, _ in explained} == {"00.png"}
    assert len(rows) == len(before) == 24


def test_a_touched_image_is_not(run, explained, images):
    run()
    os.utime(images / "even/00.png")
    explained.clear()
    run()
    assert explained == []


def test_a_broken_image_costs_its_rows_only_and_is_tried_again(run, images, tmp_path, capsys):
    broken = images / "odd/03.png"
    whole = broken.read_bytes()
    broken.write_bytes(whole[:300])
    status, rows = run()
    assert status == 1
    assert rows["error"].notna().sum() == 2  # of two methods
    assert rows["map"].notna().sum() == 22
    assert "03.png" in (tmp_path / "out/failures.csv").read_text()
    assert "03.png" in capsys.readouterr().err
    broken.write_bytes(whole)
    status, rows = run()
    assert status == 0
    assert rows["error"].isna().all()
    assert not (tmp_path / "out/failures.csv").exists()


def test_fresh_sets_the_store_aside_and_says_where(run, explained, tmp_path, capsys):
    run()
    explained.clear()
    run("--fresh")
    assert len(explained) == 24
    (aside,) = (tmp_path / "out").glob("store-*")
    assert str(aside) in capsys.readouterr().out
    assert len(list(aside.glob("*.parquet"))) == 1


def test_a_stored_map_is_drawn_without_explaining_again(run, explained, tmp_path):
    run()
    explained.clear()
    run("--display_type=bare", "--representation=overlay")
    assert explained == []
    drawn = sorted((tmp_path / "out").glob("*.png"))
    assert len(drawn) == 24
    assert image_size(drawn[0]) == (50, 40)


def test_a_folder_that_vanishes_is_one_clear_line(run, images, monkeypatch, capsys):
    def gone(path, content):
        shutil.rmtree(images, ignore_errors=True)
        raise ImageError("gone")

    monkeypatch.setattr(loading, "load_image", gone)
    status, _ = run()
    assert status == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "is gone" in line]
    assert "what was finished is stored" in line


def test_what_is_no_image_file_costs_itself_only(run, images, tmp_path, capsys):
    os.mkfifo(images / "even" / "pipe.jpg")
    with (images / "odd" / "large.jpg").open("wb") as file:
        file.truncate(8 * 2**30)
    entries = ["images/even/00.png", "gone/9.jpg", "images/even/pipe.jpg", "images/odd/large.jpg"]
    entries += ["nul\0.jpg", "x" * 300 + ".jpg"]
    (tmp_path / "list.txt").write_text("\n".join(entries))
    status, rows = run("--test_image_path", str(tmp_path / "list.txt"), methods="GRADCAM")
    assert status == 1
    errors = rows[rows["error"].notna()]["error"].tolist()
    assert len(errors) == 5
    assert rows["map"].notna().sum() == 12  # of the folder, one of which is in the list too
    reasons = ("No such file", "a named pipe", "8,192 MB", "null byte", "name too long")
    for words in reasons:
        assert len([error for error in errors if words in error]) == 1


def test_memory_that_does_not_suffice_halves_the_batch(run, monkeypatch, capsys):
    import tensorflow as tf

    _, expected = run(out="enough")
    original = Network.run

    def run_little(self, program, arrays, *args, **kwargs):
        if len(arrays[0]) > 3:
            raise tf.errors.ResourceExhaustedError(None, None, "OOM")
        return original(self, program, arrays, *args, **kwargs)

    monkeypatch.setattr(Network, "run", run_little)
    _, rows = run()
    assert "out of memory: now 3 images in a pass" in capsys.readouterr().err
    same_rows(expected, rows)


def test_killed_at_any_moment_and_run_again_gives_the_same_rows(run, images, model_file, tmp_path):
    _, undisturbed = run("--metrics=DELETION:step=400", out="undisturbed")
    command = [sys.executable, "-c", KILLABLE, "--test_image_path", str(images)]
    command += ["--model_path", str(model_file), "--output_dir", str(tmp_path / "out")]
    command += ["--explanation_method=GRADCAM,FEM", "--representation=none"]
    command += ["--metrics=DELETION:step=400"]
    for parts in (1, 4):
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 120
        while len(store.parts(tmp_path / "out")) < parts and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert len(store.parts(tmp_path / "out")) >= parts
    _, rows = run("--metrics=DELETION:step=400")
    assert len(rows) == 24
    assert not rows.duplicated(["image", "method", "class_index"]).any()
    same_rows(undisturbed, rows)


KILLABLE = """
import sys
from pipeline.dataset import store
store.ROWS_OF_PART = 1  # a part for each unit
import main
sys.exit(main.main(sys.argv[1:]))
"""


def test_two_processes_on_one_store_do_not_spoil_it(run, images, model_file, tmp_path):
    command = [sys.executable, "-c", KILLABLE, "--test_image_path", str(images)]
    command += ["--model_path", str(model_file), "--output_dir", str(tmp_path / "out")]
    command += ["--explanation_method=GRADCAM,FEM", "--representation=none"]
    both = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    _, rows = run(out="alone")
    same_rows(rows, store.read(tmp_path / "out"))


@pytest.mark.parametrize("hours", [1, 0, -1])
def test_an_image_that_is_changed_back_has_its_own_rows_again(run, images, hours, monkeypatch):
    """Whatever the clock says: machines differ, and a clock may be set back."""
    file, moment = images / "even" / "00.png", time.time_ns()
    original, other = file.read_bytes(), (images / "odd" / "01.png").read_bytes()
    found = []
    for number, content in enumerate((original, other, original)):
        clock = moment + number * hours * 3600 * 10**9
        monkeypatch.setattr(time, "time_ns", lambda clock=clock: clock)
        file.write_bytes(content)
        found.append(run(methods="GRADCAM")[1].set_index("image")["probability"][str(file)])
    first, second, third = found
    assert third == pytest.approx(first, rel=1e-5)  # in a batch of another size: other roundings
    assert abs(second - first) > 1e-4


def test_what_is_explained_again_only_to_be_drawn_is_not_stored_again(run, tmp_path):
    flags = ("--display_type=bare", "--representation=colour")
    run(*flags, methods="SALIENCY")
    parts = store.parts(tmp_path / "out")
    run(*flags, methods="SALIENCY")
    assert store.parts(tmp_path / "out") == parts


def test_bare_images_have_the_size_of_the_image(run, images, tmp_path):
    run("--display_type=bare", "--representation=overlay", methods="SALIENCY")
    drawn = sorted(tmp_path.glob("out/*.png"))
    assert [image_size(f)[::-1] for f in drawn] == [(40 + 3 * n, 50) for n in range(12)]


def test_ctrl_c_before_anything_is_stored_is_no_error_of_the_report(run, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(explanation_units, "explain_batch", interrupted)
    assert main_status(run, "--report") == 1


def test_ctrl_c_keeps_the_methods_that_were_done(run, explained, monkeypatch, capsys):
    made = attempt._explained

    def interrupted(batch, scores, classifier, method, pairs):
        if method.name == "FEM":
            raise KeyboardInterrupt
        return made(batch, scores, classifier, method, pairs)

    with monkeypatch.context() as patch:
        patch.setattr(attempt, "_explained", interrupted)
        status, rows = run("--batch_size=4", "--metrics=SPARSITY")
    assert status == 1
    assert "kept 4 of 12 images" in capsys.readouterr().err
    assert list(rows["method"]) == ["GRADCAM"] * 4
    assert rows["SPARSITY"].notna().all()
    explained.clear()
    status, rows = run("--batch_size=4", "--metrics=SPARSITY")
    assert status == 0
    assert len(explained) == 20
    assert sum(method == "GRADCAM" for _, method in explained) == 8
    assert len(rows) == 24


def main_status(run, *flags):
    try:
        return run(*flags)[0]
    except FileNotFoundError:  # there is no store to read
        return 1
