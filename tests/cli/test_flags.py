"""The table of flags: every row whole, and what it is for in the place where it counts."""

from dataclasses import FrozenInstanceError, fields

import pytest

from classifier import DEFAULT_MODEL
from cli import make_parser
from cli.flag import Flag
from cli.flags import FLAGS
from pipeline.plan import DEFAULT_METHOD
from web.server import LOOPBACK, PASSWORD, PORT

NAMES = [flag.name for flag in FLAGS]
BY_NAME = {flag.name: flag for flag in FLAGS}


def test_every_flag_has_a_name_of_its_own_a_group_and_a_help_text():
    assert len(set(NAMES)) == len(NAMES)
    for flag in FLAGS:
        assert flag.name.replace("_", "").isalpha(), flag.name
        assert flag.group, flag.name
        assert flag.help, flag.name


def test_the_flags_of_a_group_stand_together():
    groups = [flag.group for flag in FLAGS]
    starts = [
        group for before, group in zip([None, *groups], groups, strict=False) if group != before
    ]
    assert len(set(starts)) == len(starts)


def test_the_help_has_every_flag_under_its_group():
    text = make_parser().format_help()
    sections = {section.split(":\n")[0]: section for section in text.split("\n\n")}
    for flag in FLAGS:
        assert f"--{flag.name}" in sections[flag.group]


def test_the_flags_that_a_flag_goes_with_exist():
    for flag in FLAGS:
        assert set(flag.goes_with) <= set(NAMES), flag.name
        assert flag.goes_with or not flag.because, flag.name


def test_a_flag_fills_a_field_that_the_plan_has_and_no_other_fills():
    filled = [(flag.part, flag.field or flag.name) for flag in FLAGS if flag.part]
    assert len(set(filled)) == len(filled)
    for part, field in filled:
        assert field in {known.name for known in fields(part)}, field
    for flag in FLAGS:
        assert flag.part or not (flag.field or flag.read), flag.name


def test_the_parsed_arguments_are_the_flags_and_none_is_given_at_first():
    arguments = make_parser().parse_args([])
    assert list(vars(arguments)) == NAMES
    assert not any(flag.is_given(arguments) for flag in FLAGS)


@pytest.mark.parametrize("flag", FLAGS, ids=NAMES)
def test_a_flag_that_is_written_is_given(flag):
    value = flag.choices[-1] if flag.choices else "7"
    text = f"--{flag.name}" if flag.is_switch else f"--{flag.name}={value}"
    arguments = make_parser().parse_args([text])
    assert [other.name for other in FLAGS if other.is_given(arguments)] == [flag.name]


def test_defaults_that_the_help_names_are_those_of_the_code():
    assert DEFAULT_MODEL in BY_NAME["model_name"].help
    assert BY_NAME["explanation_method"].default == DEFAULT_METHOD
    assert f"{LOOPBACK}:{PORT}" in BY_NAME["web_address"].help
    assert PASSWORD in BY_NAME["web_address"].help


def test_lists_may_come_again_and_again():
    arguments = make_parser().parse_args(["--test_image_path", "a", "b", "--test_image_path=c"])
    assert arguments.test_image_path == ["a", "b", "c"]


def test_a_row_is_made_by_keyword_and_stays_as_it_is():
    flag = Flag(name="loud", group="help", help="say more")
    assert flag.is_switch
    with pytest.raises(FrozenInstanceError):
        flag.name = "quiet"
    with pytest.raises(TypeError):
        Flag("loud", "help", "say more")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("--explanation_metod=FEM", "did you mean '--explanation_method'"),
        ("--explain=FEM", "no flag '--explain'"),  # no abbreviations
        ("--alpha=much", "invalid float value"),
        ("--format=jpg", "invalid choice"),
        ("--precision=float16", "invalid choice"),
    ],
)
def test_a_mistake_is_one_line_and_exit_status_2(text, words, capsys):
    with pytest.raises(SystemExit) as stop:
        make_parser().parse_args([text])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert words in error
    assert len(error.strip().splitlines()) == 1
