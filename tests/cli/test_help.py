"""What the command line says of flags, methods and layers."""

import subprocess
import sys

import pytest
from support import ROOT

import main
from runtime.version import VERSION


def test_help_tells_of_flags_and_of_a_methods_options(capsys):
    assert main.main(["--help"]) == 0
    assert "--explanation_method" in capsys.readouterr().out
    assert main.main(["--help", "gradcam"]) == 0
    assert "relu=sum" in capsys.readouterr().out


def test_presets_are_a_table(capsys):
    assert main.main(["--help=RISE"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["preset", "masks", "grid", "keep"] in lines
    assert ["lab", "200", "8", "0.4"] in lines
    assert ["authors", "8000", "7", "0.5"] in lines


def test_help_says_the_range_of_numbers(capsys):
    assert main.main(["--help=RISE"]) == 0
    assert "how many random masks (at least 1)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flag", "line"),
    [("--version", VERSION), ("--help=FEM", "FEM  "), ("--help", "usage: main.py")],
)
def test_nothing_heavy_is_imported_to_say_what_there_is(flag, line):
    heavy = ("tensorflow", "keras", "matplotlib.pyplot", "skimage", "pandas", "sklearn", "gradio")
    code = (
        "import sys, main; status = main.main(sys.argv[1:]);"
        f"print([name for name in {heavy} if name in sys.modules]); sys.exit(status)"
    )
    command = [sys.executable, "-c", code, flag]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert run.stdout.startswith(line)
    assert run.stdout.splitlines()[-1] == "[]"


def test_layers_are_listed_with_their_shapes_and_the_target_layer_marked(model_file, capsys):
    assert main.main(["--model_path", model_file, "--list_layers"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (target,) = [line for line in lines if "target layer" in line]
    assert "backbone/last" in target
    assert "8 x 8 x 16" in target
    assert any("backbone/conv1 " in line for line in lines)
