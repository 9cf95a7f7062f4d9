"""Runs that a signal ends: what is finished is stored and said."""

import signal
import subprocess
import sys
import time

import pytest
from PIL import Image
from support import ROOT, sequential

from pipeline.dataset import explanation_units, store

STOPPABLE = """
import signal
import sys
from pipeline.dataset import store
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup
store.ROWS_OF_PART = 1  # a part for each image
import main
main.end_on_signals()
sys.exit(main.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_ends_a_run_as_ctrl_c_does(name, tmp_path):
    folder, model_file = tmp_path / "images", tmp_path / "small.keras"
    sequential().save(model_file)
    folder.mkdir()
    image = Image.open(ROOT / "data/macaw.jpg").resize((48, 48))
    for number in range(200):
        image.save(folder / f"{number:03}.png")
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", STOPPABLE, "--test_image_path", str(folder)),
            *("--model_path", str(model_file), "--output_dir", str(tmp_path / "out")),
            *("--explanation_method=RISE:masks=400", "--representation=none"),
        ],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 120
    while len(store.parts(tmp_path / "out")) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(getattr(signal, name))
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    rows = store.read(tmp_path / "out")
    assert 2 <= len(rows) < 200
    assert f"{len(rows)} of 200 images" in said
    assert "Traceback" not in said


def test_ctrl_c_while_a_batch_is_evaluated_keeps_what_was(run, monkeypatch, capsys):
    evaluated, evaluate = [], explanation_units.evaluate

    def interrupted(*arguments):
        evaluated.append(arguments)
        if len(evaluated) == 3:
            raise KeyboardInterrupt
        return evaluate(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(explanation_units, "evaluate", interrupted)
        status, rows = run("--metrics=SPARSITY")
    assert status == 1
    assert "kept 2 of 12 images" in capsys.readouterr().err
    assert len(rows) == 4
    assert rows["SPARSITY"].notna().all()
    status, rows = run("--metrics=SPARSITY")
    assert (status, len(rows)) == (0, 24)


@pytest.mark.parametrize("module", ["numpy", "argparse", "classifier.network.target_layer"])
def test_ctrl_c_while_modules_are_imported_is_one_line(module, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        f"""
import sys

class Interrupted:
    def find_spec(self, name, *_):
        if name == {module!r}:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupted())
"""
    )
    run = subprocess.run(
        [sys.executable, "main.py", "--version"],
        cwd=ROOT,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert (run.returncode, run.stderr) == (1, "main.py: stopped\n")
