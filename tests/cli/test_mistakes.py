"""Mistakes on the command line: one line and exit status 2."""

import pytest
from keras import layers, models
from support import head

import main


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--explanation_metod=FEM"], "did you mean '--explanation_method'"),
        (["--target=wasp"], "no class 'wasp'"),
        (["--target=BEE"], "occurs 2 times"),
        (["--target=,"], "expected a class"),
        (["--target="], "--target is empty"),
        (["--target=top9"], "top1 to top3"),
        (["--target=top0"], "top1 to top3"),
        (["--output_dir=README.md"], "cannot be made"),
        (["--explanation_method=RISE:masks=0"], "RISE: masks is at least 1, got masks=0"),
        (["--test_image_index=3"], "0 to 2"),
        (["--layer=absent"], "no layer 'absent'"),
        (["--layer=scores"], "no positions"),
        (["--help=GRADCAN"], "did you mean 'GRADCAM'"),
    ],
)
def test_a_mistake_is_one_line_and_exit_status_2(run, flags, words, capsys):
    try:
        status, _ = run(*flags)
    except SystemExit as stopped:
        status = stopped.code
    assert status == 2
    error = capsys.readouterr().err
    assert words in error
    assert len(error.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--model_name=ResNet5"], "did you mean 'ResNet50'"),
        (["--target=crane"], "index:134"),
        (["--test_image_index=7"], "0 African_elephant"),
    ],
)
def test_a_mistake_about_a_classifier_by_name(run, flags, words, capsys):
    try:
        status, _ = run(*flags, is_on_small=False)
    except SystemExit as stopped:
        status = stopped.code
    assert status == 2
    assert words in capsys.readouterr().err


def test_debug_shows_where_an_error_came_from(run):
    with pytest.raises(ValueError, match="no class"):
        run("--target=wasp", "--debug")


def test_a_rule_of_relus_on_a_network_without_any_is_a_mistake(run, tmp_path, capsys):
    steps = [layers.Rescaling(1 / 255), layers.Conv2D(4, 3, activation="gelu"), *head()]
    models.Sequential([layers.Input((32, 32, 3)), *steps]).save(tmp_path / "gelu.keras")
    flags = ["--model_path", str(tmp_path / "gelu.keras"), "--output_dir", str(tmp_path / "out")]
    assert main.main([*flags, "--explanation_method=GUIDED_BACKPROP"]) == 2
    assert "has no ReLU" in capsys.readouterr().err
