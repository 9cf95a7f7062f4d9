"""What README and docs/ say, held against the code."""

import re
import shlex

import pytest
from doc_pages import (
    DOCS,
    PAGES,
    README,
    blocks,
    commands,
    links,
    make_checkout,
    page,
    rows,
    saved_as,
    section,
    slugs,
    words,
)
from support import ROOT

from classifier import hub
from classifier.applications import applications
from classifier.names import ALIASES
from cli import entry_help, make_parser, page_classifiers, plan_from_flags
from cli.flags import FLAGS
from evaluation import METRICS
from experiments import AUGMENTATIONS
from methods import METHODS
from pipeline import Plan, run
from representations import REPRESENTATIONS
from views import VIEWS

ENTRIES = METHODS | VIEWS | METRICS
OF_TOOLS = {  # flags of the tools that pages name
    *("fine_tune", "grid", "patch", "gated"),
    "strict",  # of mkdocs
}
COMMANDS = [(path.name, line) for path in PAGES for line in commands(path.read_text())]
OF_MAIN = sorted({line for _, line in COMMANDS if "main.py" in line})


def with_defaults(entry) -> list[str]:
    return [f"{option.name}={option.default}" for option in entry.options.values()]


def listed(text: str, options: int) -> dict[str, list[str]]:
    """Name -> options, by the tables of a text; `options` is their column."""
    return {words(row[0])[0]: words(row[options]) for row in rows(text)}


def test_every_method_is_listed_with_its_options_and_defaults():
    text = page("methods").split("\n## Ways to draw a map\n")[0]
    assert listed(text, 2) == {name: with_defaults(method) for name, method in METHODS.items()}


def test_every_metric_is_listed_with_what_is_better_and_its_options():
    text = section(page("evaluation"), "Metrics")
    assert listed(text, 4) == {name: with_defaults(metric) for name, metric in METRICS.items()}
    better = {words(row[0])[0]: row[2] for row in rows(text)}
    assert better == {name: metric.better for name, metric in METRICS.items()}


def test_every_view_is_listed_with_what_it_is_made_of_and_its_options():
    text = section(page("inside"), "Views")
    assert listed(text, 3) == {name: with_defaults(view) for name, view in VIEWS.items()}
    made_of = {"each image": "image", "the classifier": "nothing"}
    takes = {words(row[0])[0]: made_of.get(row[2], "class") for row in rows(text)}
    assert takes == {name: view.takes for name, view in VIEWS.items()}


def test_the_readme_names_every_method_and_view_once():
    text = section(README.read_text(), "Methods")
    named = [word for row in rows(text) for word in words(row[1])]
    assert sorted(named) == sorted(METHODS)
    assert set(VIEWS) <= set(words(text))
    counts = re.search(r"(\d+) methods, (\d+) metrics", README.read_text())
    assert counts.groups() == (str(len(METHODS)), str(len(METRICS)))


def test_every_augmentation_is_named():
    assert set(AUGMENTATIONS) <= set(words(section(page("inside"), "Does it hold?")))


def test_every_representation_is_listed_with_what_it_is_for():
    text = section(page("methods"), "Ways to draw a map")
    told = {words(row[0])[0]: set(words(row[2])) for row in rows(text)}
    drawing = {
        name: {entry for entry, row in ENTRIES.items() if name in getattr(row, "draws", ())}
        for name in (*REPRESENTATIONS, "none")
    }
    assert told == drawing


def test_every_flag_is_listed_under_its_heading_and_no_other():
    text = page("flags")
    for group in dict.fromkeys(flag.group for flag in FLAGS):
        told = [words(row[0])[0] for row in rows(section(text, group.capitalize()))]
        assert told == [f"--{flag.name}" for flag in FLAGS if flag.group == group]


def test_the_defaults_of_flags_are_those_of_the_parser():
    cells = {words(row[0])[0].strip("-"): words(row[2]) for row in rows(page("flags"))}
    for flag in FLAGS:
        in_words = re.search(r"\(default: (.*)\)", flag.help, re.DOTALL)
        is_told = in_words and "%(default)s" not in flag.help
        if is_told:
            assert all(word in in_words[1] for word in cells[flag.name]), flag.name
        elif flag.absent is not None and not flag.is_switch:
            assert cells[flag.name] == [str(flag.absent)], flag.name


def test_no_page_names_a_flag_that_there_is_not():
    known = {flag.name for flag in FLAGS} | OF_TOOLS
    for path in PAGES:
        named = set(re.findall(r"(?<![\w-])--(\w+)", path.read_text()))
        assert named <= known, path.name


def test_the_listed_classifiers_exist():
    known, table = applications(), rows(section(page("models"), "By name"))
    of_hub = [row for row in table if "keras-hub" in row[1]]
    names = {name for row in table if row not in of_hub for name in words(row[0])}
    assert names <= known.keys() | ALIASES.keys()
    presets = {name for row in of_hub for name in words(row[0])}
    assert presets
    assert presets <= {*hub.preset_names()} or not hub.is_installed()
    embedded = {words(row[0])[0] for row in table if row[1].startswith("comes with the toolkit")}
    assert embedded == {name for name, a in known.items() if a.embedded}


def test_the_readme_is_one_page_and_its_first_command_comes_at_once():
    lines = README.read_text().splitlines()
    assert len(lines) <= 150
    assert any(line.startswith("python main.py") for line in lines[:12])


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A folder in which the pages' commands find what they name, `photos` of the reader's too."""
    folder = make_checkout(tmp_path_factory.mktemp("checkout"))
    (folder / "photos").symlink_to(ROOT / "data")
    return folder


@pytest.mark.parametrize("line", OF_MAIN)
def test_every_command_of_main_is_one_that_it_takes(line, checkout, monkeypatch):
    monkeypatch.chdir(checkout)
    written = shlex.split(line.split("main.py", 1)[1], comments=True)
    arguments = make_parser().parse_args(written)
    if arguments.help:
        assert entry_help(arguments.help)
    elif arguments.web:
        assert page_classifiers(arguments)
    elif "://" not in " ".join(arguments.test_image_path or []):  # a bucket that is not there
        assert plan_from_flags(arguments).images


def test_what_other_commands_name_is_there():
    for name, line in COMMANDS:
        for file in re.findall(r"(?:pip install -r|python) ([\w/.-]+\.(?:txt|py))", line):
            assert (ROOT / file).is_file(), f"{name}: {line}"


def test_commands_in_running_text_are_taken_too(monkeypatch):
    monkeypatch.chdir(ROOT)
    named = {word for path in PAGES for word in words(path.read_text()) if "main.py --" in word}
    assert named
    for word in named:
        arguments = make_parser().parse_args(shlex.split(word.split("main.py", 1)[1]))
        if arguments.help and arguments.help != "NAME":
            assert entry_help(arguments.help)


@pytest.mark.parametrize("path", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=lambda path: path.name)
def test_every_link_leads_somewhere(path):
    for link in links(path.read_text()):
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        assert path.parent != DOCS or DOCS in target.parents, f"{link} is outside of the site"
        assert not anchor or anchor in slugs(target.read_text()), link


def test_the_python_of_every_page_can_be_compiled():
    for path in PAGES:
        for _, code in blocks(path.read_text(), "python"):
            compile(code, path.name, "exec")


def test_the_python_page_runs_from_top_to_bottom(checkout, monkeypatch):
    monkeypatch.chdir(checkout)
    run(Plan(images=(ROOT / "data/macaw.jpg",)))  # what `read` reads
    names = {}
    before = dict(METHODS)
    try:
        for _, code in blocks(page("python"), "python"):
            assert saved_as(code) is None
            exec(code, names)  # the page's own lines
    finally:
        METHODS.clear()
        METHODS.update(before)
    assert names["maps"].shape == (1, 7, 7)
    assert names["explanation"].label == "tabby"
    assert names["mine"].map.shape == (7, 7)
