"""Mistakes that need no TensorFlow are told without it: nobody waits seconds for a typo."""

import json
import subprocess
import sys

import pytest
from support import ROOT

from classifier.applications import applications
from classifier.beforehand import labels_beforehand
from classifier.names import application_names, embedded_names

HEAVY = ("tensorflow", "keras", "keras_hub", "gradio", "pandas")
CODE = (
    "import sys, main; status = main.main(sys.argv[1:]);"
    f"print([name for name in {HEAVY} if name in sys.modules], status)"
)


@pytest.fixture
def listed(tmp_path):
    """A model that cannot be opened, whose classes are known."""
    (tmp_path / "mine.keras").write_bytes(b"")
    (tmp_path / "mine.json").write_text(json.dumps({"class_names": ["ant", "bee"]}))
    return f"--model_path={tmp_path / 'mine.keras'}"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--target=German_shepard"], "did you mean 'German_shepherd'"),
        (["--target=German_shepherd:wolfhoud"], "no class 'wolfhoud'"),
        (["--test_image_index=2"], "test_image_index 2"),
        (["listed", "--target=wasp"], "no class 'wasp' among 2"),
        (["listed", "--class_names=imagenet", "--target=elephan"], "among 1000"),
        (["--model_name=SqueezeNet,ResNet5"], "did you mean 'ResNet50'"),
        (["--model_path=absent.keras"], "model 'absent.keras': no such file"),
        (["--model_path=README.md"], "expected .keras, .h5"),
        (["listed", "--class_names=absent.txt"], "class names 'absent.txt': no such file"),
        (["listed", "--preprocessing=tensorflow"], "no preprocessing 'tensorflow'"),
        (["--weights=absent.h5"], "weights 'absent.h5': no such file"),
        (["--test_image_path=absent.jpg"], "image 'absent.jpg': no such file or folder"),
        (["--metrics=PCC", "--ground_truth=absent"], "ground truth 'absent': no such folder"),
        (["--output_dir=README.md"], "--output_dir 'README.md' cannot be made"),
        (["--web", "--model_name=ResNet5"], "did you mean 'ResNet50'"),
        (["--web", "--model_path=absent.keras"], "no such file"),
    ],
)
def test_a_mistake_is_told_before_anything_heavy_is_imported(flags, words, listed, tmp_path):
    flags = [listed if flag == "listed" else flag for flag in flags]
    flags = flags if "output_dir" in flags[0] else [*flags, *out(flags, tmp_path)]
    command = [sys.executable, "-c", CODE, *flags]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert run.stdout.strip() == "[] 2", run.stderr
    (line,) = run.stderr.splitlines()
    assert words in line


def out(flags: list[str], folder) -> list[str]:
    return [] if "--web" in flags else [f"--output_dir={folder / 'out'}"]


def test_the_names_that_are_read_are_those_that_keras_has():
    known = applications()
    assert embedded_names() == [name for name, row in known.items() if row.embedded]
    assert application_names() == [name for name, row in known.items() if not row.embedded]


def test_classes_are_known_beforehand_where_they_are_listed(listed, tmp_path):
    path = listed.partition("=")[2]
    assert labels_beforehand("", path).names == ["ant", "bee"]
    assert len(labels_beforehand("", path, "coco")) == 80
    assert len(labels_beforehand("squeezenet")) == 1000
    (tmp_path / "mine.json").unlink()
    assert labels_beforehand("", path) is None
