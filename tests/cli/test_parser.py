"""Words that belong to no flag are answered with what would do."""

import subprocess
import sys

import pytest
from support import ROOT

from cli import make_parser


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["--explanation_method", "GRADCAM", "FEM"], "--explanation_method=GRADCAM,FEM"),
        (["--explanation_method=GRADCAM,", "FEM"], "--explanation_method=GRADCAM,FEM"),
        (["--target=tabby", "German_shepherd", "pug"], "--target=tabby,German_shepherd"),
        (["--show", "yes"], "'yes' belongs to no flag; --show takes no value"),
        (["macaw.jpg"], "images go with --test_image_path macaw.jpg"),
        (["--alpha=0.5", "data/macaw.jpg"], "images go with --test_image_path data/macaw.jpg"),
        (["--alpha", "0.5", "0.6"], "'0.6' belongs to no flag"),
        (["-x"], "no flag '-x'"),
        (["--explanation_metod=FEM"], "no flag '--explanation_metod'; did you mean"),
    ],
)
def test_a_word_of_no_flag_is_answered_in_one_line(words, answer, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    with pytest.raises(SystemExit) as stopped:
        make_parser().parse_args(words)
    assert stopped.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert answer in line


@pytest.mark.parametrize("flag", ["--help", "--list_classes", "--list_methods"])
def test_a_reader_that_goes_away_is_no_error(flag):
    command = f"{sys.executable} main.py {flag} | true"
    run = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=ROOT, check=True)
    assert run.stderr == ""
