"""The order of the rooms and inside of them, and what files and functions may weigh."""

import ast
import subprocess
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from support import ROOT

ORDER = [  # from left to right; those of one line do not know each other
    ("registry", "runtime"),
    ("classifier.network",),
    ("classifier",),
    ("images", "figures"),
    ("utils",),
    ("representations",),
    ("engines",),
    ("gradcam", "fem"),
    ("experiments", "views", "evaluation"),
    ("methods",),
    ("pipeline.targets",),
    ("pipeline.plan",),
    ("pipeline.explaining",),
    ("pipeline.dataset",),
    ("pipeline.reporting",),
    ("pipeline.runs",),
    ("pipeline",),
    ("cli",),
    ("web",),
    ("main",),
]
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}
BESIDE = ("tests", "tools", "benchmarks")
LINES_OF_A_FILE = 300
LINES_OF_A_FUNCTION = 40  # without its docstring


def files_of(*folders: str) -> list[Path]:
    """The Python files of these folders, or the modules of these names."""
    found = [ROOT / f"{name}.py" for name in folders if (ROOT / f"{name}.py").is_file()]
    return sorted([*found, *(file for name in folders for file in (ROOT / name).rglob("*.py"))])


ROOMS = tuple({room.split(".")[0] for room in RANK})


@cache
def modules() -> dict[str, Path]:
    """The rooms' modules by their dotted names; a package by that of its folder."""
    return {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
        for file in files_of(*ROOMS)
    }


def room_of(module: str) -> str:
    """The narrowest room of the order that the module is in."""
    parts = module.split(".")
    names = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next(name for name in names if name in RANK)


@cache
def imports_of(module: str) -> frozenset[str]:
    """The rooms' modules that it imports anywhere, in functions too."""
    found = set()
    for node in ast.walk(ast.parse(modules()[module].read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            members = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in modules() else node.module for name in members}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return frozenset(found & modules().keys())


def test_every_folder_of_modules_has_its_place_in_the_order():
    folders = {file.parent.relative_to(ROOT).parts[0] for file in ROOT.glob("[a-z]*/*.py")}
    assert folders - set(ROOMS) - set(BESIDE) == set()
    assert {file.stem for file in ROOT.glob("*.py")} <= set(ROOMS)


def test_a_module_imports_only_from_its_left():
    offenders = [
        f"{module} imports {other}"
        for module in modules()
        for other in imports_of(module)
        if room_of(other) != room_of(module) and RANK[room_of(other)] >= RANK[room_of(module)]
    ]
    assert not offenders, "\n".join(sorted(offenders))


def test_no_modules_import_each_other_in_a_circle_in_rooms_neither():
    try:
        TopologicalSorter({module: imports_of(module) for module in modules()}).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def too_long_files(*folders: str) -> list[str]:
    lengths = {file: len(file.read_text().splitlines()) for file in files_of(*folders)}
    return [
        f"{file.relative_to(ROOT)}: {lines} lines"
        for file, lines in lengths.items()
        if lines > LINES_OF_A_FILE
    ]


def test_files_are_at_most_three_hundred_lines():
    offenders = too_long_files(*ROOMS)
    assert not offenders, "\n".join(offenders)


def test_files_beside_the_rooms_are_at_most_three_hundred_lines():
    offenders = too_long_files(*BESIDE)
    assert not offenders, "\n".join(offenders)


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the last, without the docstring's."""
    docstring = ast.get_docstring(function, clean=False)
    lines = function.end_lineno - function.lineno + 1
    return lines if docstring is None else lines - docstring.count("\n") - 1


def test_functions_are_at_most_forty_lines_without_their_docstring():
    offenders = [
        f"{file.relative_to(ROOT)}: {node.name}, {lines_of(node)} lines"
        for file in files_of(*ROOMS, *BESIDE)
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and lines_of(node) > LINES_OF_A_FUNCTION
    ]
    assert not offenders, "\n".join(offenders)


def test_nothing_heavy_is_imported_for_a_glance_at_the_flags():
    heavy = ("tensorflow", "keras", "matplotlib.pyplot", "skimage", "pandas", "sklearn")
    code = (
        "import sys; from cli.parser import make_parser; make_parser().format_help();"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert run.stdout.strip() == "[]", run.stderr
