"""A stranger's tasks, done by the commands of the pages alone."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from doc_pages import blocks, make_checkout, page, saved_as, section
from support import ROOT, rows_of

from pipeline import read
from pipeline.dataset.parts import parts_of

pytestmark = pytest.mark.slow
SHELL = 'set -euo pipefail\npython() { "$PYTHON" "$@"; }\npip() { :; }  # all is installed\n'
PATIENCE = 300  # seconds

# What is to be done: the page, the heading, and files that are there afterwards.
TASKS = {
    "a first map": ("index", "A first map", ["results/african_elephant_*.png", "results/*.json"]),
    "two classifiers side by side": (
        "index",
        "Two classifiers side by side",
        ["results/2_images_GRADCAM-FEM_EfficientNetLite0-SqueezeNet.png"],
    ),
    "several classes": ("index", "Several classes", ["results/dog_cat_*_top3.png"]),
    "a figure in LaTeX": (
        "index",
        "A figure in LaTeX",
        ["results/figures.tex", "results/dog_cat_*.pdf"],
    ),
    "figures for a report": ("index", "Figures for a report", ["results/macaw_*_isolines.pdf"]),
    "your own Keras file": (
        "models",
        "Your own Keras file",
        ["mine.keras", "results/macaw_GRADCAM-FEM_mine.png"],
    ),
    "a file of Keras 2": ("models", "A file from Keras 2", ["results/macaw_*_teachable.png"]),
    "a black box": (
        "models",
        "A function, or any other framework",
        ["results/coffee_OCCLUSION_brightness.png"],
    ),
    "a box": ("models", "Boxes of a detector", ["results/macaw_DRISE*_detects_*.png"]),
    "metrics without annotation": (
        "evaluation",
        "Metrics without annotation",
        ["results/summary.md", "results/curves.png"],
    ),
    "a report": ("datasets", "A report to hand on", ["results/report.html"]),
    "a view": ("inside", "Views", ["results/macaw_ACTIVATIONS*.png", "results/*banana*.gif"]),
    "an own method": ("python", "A method of your own", ["strongest.png"]),
    "a model built by a function": (
        "troubleshooting",
        "A file of Keras 2 (.h5) does not load",
        ["results/macaw_GRADCAM_rebuilt.png"],
    ),
}


def scripts(folder: Path, name: str, heading: str) -> list[list[str]]:
    """The commands that do what stands under a heading; Python that has a name is saved there."""
    commands = []
    for number, (language, code) in enumerate(blocks(section(page(name), heading))):
        if language == "bash":
            commands.append(["bash", "-c", SHELL + code])
        elif language == "python":
            file = folder / (saved_as(code) or f"block_{number}.py")
            file.write_text(code)
            commands += [] if saved_as(code) else [[sys.executable, file.name]]
    assert commands, heading
    return commands


def quiet() -> dict[str, str]:
    return os.environ | {"PYTHON": sys.executable, "TF_CPP_MIN_LOG_LEVEL": "3"}


def done(command: list[str], folder: Path) -> None:
    run = subprocess.run(
        command, cwd=folder, env=quiet(), capture_output=True, text=True, timeout=PATIENCE
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("task", TASKS)
def test_the_page_says_how_to_do(task, tmp_path):
    name, heading, expected = TASKS[task]
    make_checkout(tmp_path)
    for command in scripts(tmp_path, name, heading):
        done(command, tmp_path)
    for pattern in expected:
        files = list(tmp_path.glob(pattern))
        assert files, f"{pattern} of {sorted(p.name for p in tmp_path.glob('results/*'))}"
        assert all(file.stat().st_size for file in files)


def test_the_gaze_table_has_a_value_for_each_method_and_metric(tmp_path):
    make_checkout(tmp_path)
    for command in scripts(tmp_path, "gaze", "A table of agreement with gaze"):
        done(command, tmp_path)
    rows = rows_of({"summary": tmp_path / "results/summary.csv"}, "summary")
    metrics = {"PCC", "SIM", "NSS", "AUC_JUDD", "AUC_SHUFFLED"}
    assert {(row["method"], row["metric"]) for row in rows} == {
        (method, metric) for method in ("GRADCAM", "FEM") for metric in metrics
    }
    assert {row["n"] for row in rows} == {"2"}
    assert (tmp_path / "results/summary.tex").is_file()


def test_a_run_that_was_killed_does_what_is_left(tmp_path):
    make_checkout(tmp_path)
    (command,) = scripts(tmp_path, "datasets", "Stop and go on")
    folder = tmp_path / "results/night"
    run = subprocess.Popen(command, cwd=tmp_path, env=quiet(), start_new_session=True)
    try:
        until(lambda: (folder / "store").is_dir() and parts_of(folder / "store"))
    finally:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    keys = ["image", "method"]
    before = read(folder).set_index(keys)["seconds"]
    images = len([p for p in (ROOT / "data").iterdir() if p.suffix == ".jpg"])
    assert 0 < len(before) < 2 * images
    done(command, tmp_path)
    after = read(folder).set_index(keys)["seconds"]
    assert len(after) == 2 * images
    assert after[before.index].equals(before)  # they were not made again


def test_the_page_in_the_browser_is_served(tmp_path):
    make_checkout(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = "127.0.0.1:{1}".format(*free.getsockname())
    (command,) = scripts(tmp_path, "page", "A page in the browser")
    command[-1] = command[-1].rstrip() + f" --web_address={address}\n"  # others may have its own
    server = subprocess.Popen(command, cwd=tmp_path, env=quiet(), start_new_session=True)
    try:
        until(lambda: answer(f"http://{address}/"))
        assert "What did the classifier look at?" in answer(f"http://{address}/")
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def answer(address: str) -> str:
    """What is served there; nothing where nobody listens."""
    try:
        with urllib.request.urlopen(address, timeout=5) as reply:
            return reply.read().decode()
    except OSError:
        return ""


def until(holds) -> None:
    """Waits until something holds; fails where it never does."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)
