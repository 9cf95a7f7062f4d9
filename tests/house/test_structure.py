"""The order of the rooms, and what their files may weigh."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

ORDER = [
    ("storage",),
    ("classifier", "images", "figures", "running"),
    ("utils",),
    ("representations",),
    ("activation_maps",),
    ("gradcam", "fem"),
    ("perturbation",),
    ("methods",),
    ("evaluation", "experiments", "views"),
    ("pipeline",),
    ("web",),
    ("main",),
]
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}
FILES = [
    file
    for file in [*ROOT.glob("*.py"), *ROOT.glob("*/*.py")]
    if file.relative_to(ROOT).parts[0].removesuffix(".py") in RANK
]


def imported_rooms(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        names = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        found |= {name.split(".")[0] for name in names}
    return found & RANK.keys()


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_a_module_imports_only_from_its_left(file):
    room = file.relative_to(ROOT).parts[0].removesuffix(".py")
    for other in imported_rooms(file) - {room}:
        assert RANK[other] < RANK[room], f"{room} imports {other}"


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_functions_are_at_most_forty_lines_of_code(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef):
            docstring = ast.get_docstring(node, clean=False) or ""
            lines = node.end_lineno - node.lineno - docstring.count("\n")
            assert lines <= 45, f"{node.name}: {lines} lines"


def test_nothing_heavy_is_imported_for_a_glance_at_the_flags():
    heavy = ("tensorflow", "keras", "matplotlib.pyplot", "skimage", "pandas", "sklearn")
    code = (
        "import sys; from cli import make_parser; make_parser().format_help();"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert run.stdout.strip() == "[]", run.stderr
