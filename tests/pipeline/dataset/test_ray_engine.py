"""The same rows from Ray on this machine as from this process alone, also when a worker dies."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from support import ROOT, same_rows, sequential

import main
from pipeline.dataset import store

COUNT = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small model, images of which one is broken, and their rows by the local engine."""
    folder = tmp_path_factory.mktemp("ray")
    sequential().save(folder / "small.keras")
    (folder / "images").mkdir()
    sample = Image.open(ROOT / "data/macaw.jpg")
    for number in range(COUNT):
        sample.crop((number, number, 150 + number, 150)).save(folder / f"images/{number:02}.png")
    (folder / "images/07.png").write_bytes(b"no image")
    assert main.main(arguments(folder, "local")) == 1
    return folder


def arguments(folder: Path, out: str, *more: str) -> list[str]:
    paths = ["--test_image_path", str(folder / "images")]
    paths += ["--model_path", str(folder / "small.keras"), "--output_dir", str(folder / out)]
    return [*paths, "--explanation_method=GRADCAM,FEM", "--representation=none", *more]


def start(folder: Path, out: str) -> subprocess.Popen:
    command = [sys.executable, "main.py", *arguments(folder, out, "--engine=ray", "--workers=2")]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def check_rows(folder: Path, out: str) -> None:
    expected, found = (store.read(folder / name) for name in ("local", out))
    assert found["error"].notna().sum() == 2
    assert not found.duplicated(["image", "method"]).any()
    same_rows(*(rows[rows["error"].isna()] for rows in (expected, found)))


def test_two_workers_give_the_rows_of_one_process_and_resume(folder, capsys):
    process = start(folder, "ray")
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 1, errors
    assert "40 images for 2 workers" in errors
    check_rows(folder, "ray")
    written = store.parts(folder / "ray")
    assert main.main(arguments(folder, "ray")) == 1  # the broken image is tried, no other
    assert "07.png" in capsys.readouterr().err
    assert len(store.parts(folder / "ray")) == len(written) + 1


def test_a_killed_worker_is_survived(folder):
    process = start(folder, "killed")
    until = time.monotonic() + 200
    while not (workers := workers_of_ray()) and time.monotonic() < until:
        time.sleep(0.05)
    os.kill(workers[0], signal.SIGKILL)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 1, errors
    check_rows(folder, "killed")


def workers_of_ray() -> list[int]:
    """The processes of Ray that explain."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            name = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if name.startswith(b"ray::") and b"MapWorker" in name:
            found.append(int(process.name))
    return found


def test_a_cluster_that_is_not_there_is_one_line(folder, capsys):
    status = main.main(arguments(folder, "no", "--engine=ray", "--ray_address=127.0.0.1:1"))
    assert status == 2
    assert "no Ray at '127.0.0.1:1'" in capsys.readouterr().err


def test_a_mistake_that_a_worker_finds_is_one_line_as_it_is_locally(folder, capsys):
    wrong = "--explanation_method=RISE:masks=0"
    assert main.main(arguments(folder, "wrong", wrong)) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "got masks=0" in said
    command = arguments(folder, "wrong_ray", wrong, "--engine=ray", "--workers=1")
    process = subprocess.run(
        [sys.executable, "main.py", *command], cwd=ROOT, capture_output=True, text=True
    )
    assert process.returncode == 2, process.stderr
    assert process.stderr.splitlines()[-1] == said
    assert "Traceback" not in process.stderr
