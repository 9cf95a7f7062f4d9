"""What the README says, held against the code."""

import re
import shlex

import pytest
from support import ROOT

from classifier import hub
from classifier.applications import ALIASES, applications
from cli import make_parser, plan_from_flags
from cli.flags import FLAGS
from evaluation import METRICS
from experiments import AUGMENTATIONS
from methods import METHODS
from representations import REPRESENTATIONS
from views import VIEWS

README = (ROOT / "README.md").read_text()
COMMANDS = re.findall(r"^(?:.*&& )?python main\.py(.*)$", README, re.MULTILINE)


def table(heading: str) -> list[list[str]]:
    """Rows of the first table under a heading, without its head."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def words(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_method_is_listed_with_its_options_and_defaults():
    told = {words(row[0])[0]: words(row[2]) for row in table("Methods")}
    assert told == {
        name: [f"{option.name}={option.default}" for option in method.options.values()]
        for name, method in METHODS.items()
    }


def test_every_metric_is_listed_with_what_is_better_and_its_options():
    told = {words(row[0])[0]: (row[2], words(row[4])) for row in table("Evaluation")}
    assert told == {
        name: (metric.better, [f"{o.name}={o.default}" for o in metric.options.values()])
        for name, metric in METRICS.items()
    }


def test_every_view_is_listed_with_what_it_is_made_of_and_its_options():
    made_of = {"each image": "image", "the classifier": "nothing"}
    told = {
        words(row[0])[0]: (made_of.get(row[2], "class"), words(row[3]))
        for row in table("Looking inside and trying to fool it")
    }
    assert told == {
        name: (view.takes, [f"{o.name}={o.default}" for o in view.options.values()])
        for name, view in VIEWS.items()
    }


def test_every_augmentation_is_named():
    section = README.split("\n`--augment` ")[1].split("\n\n")[0]
    assert set(AUGMENTATIONS) <= set(words(section))


def test_every_flag_is_listed_and_no_other():
    told = [flag for row in table("Flags") for flag in words(row[0])]
    assert sorted(told) == sorted(f"--{flag.name}" for flag in FLAGS)


def test_the_listed_classifiers_and_representations_exist():
    known = applications()
    rows = table("Classifiers")
    of_hub = [row for row in rows if "every preset of [keras-hub]" in row[1]]
    names = [name for row in rows if row not in of_hub for name in words(row[0])]
    assert set(names) <= known.keys() | ALIASES.keys()
    presets = {name for row in of_hub for name in words(row[0])}
    assert presets
    assert presets <= {*hub.preset_names()} or not hub.is_installed()
    embedded = {words(row[0])[0] for row in table("Classifiers") if row[1].startswith("embedded")}
    assert embedded == {name for name, a in known.items() if a.embedded}
    (row,) = [row for row in table("Flags") if row[0] == "`--representation`"]
    assert words(row[1]) == [*REPRESENTATIONS, "none"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_makes_a_plan(command, monkeypatch):
    monkeypatch.chdir(ROOT)
    plan = plan_from_flags(make_parser().parse_args(shlex.split(command)))
    assert plan.images


def test_the_first_command_comes_by_line_20():
    lines = README.splitlines()
    assert any("python main.py" in line for line in lines[:20])


def test_the_python_lines_run(monkeypatch):
    monkeypatch.chdir(ROOT)
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names = {}
    exec(code, names)  # the README's own lines
    assert names["maps"].shape == (1, 7, 7)
    assert names["explanation"].label == "tabby"
