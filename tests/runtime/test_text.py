"""Names that consoles, files and tables cannot hold are written escaped, and come back."""

import csv
import io
import os
import subprocess
import sys

import numpy as np
import pytest
from support import ROOT

from runtime.start_up import quiet_settings
from runtime.text import csv_cell, escaped, first_line, from_csv_cell, unescaped

NAMES = {
    "macaw.jpg": "macaw.jpg",
    "猫 café.jpg": "猫 café.jpg",
    os.fsdecode(b"caf\xe9.jpg"): r"caf\udce9.jpg",
    "\ud800": r"\ud800",
    "a\x1b[31mred\nb\tc\x7f\x9b": r"a\x1b[31mred\x0ab\x09c\x7f\x9b",
    "end\u2028of\u202eline": r"end\u2028of\u202eline",
    r"C:\photos\cat.jpg": r"C:\photos\cat.jpg",
    r"C:\x41\udce9": r"C:\\x41\\udce9",
    "\\\n": r"\\\x0a",
    "\\\\": "\\\\\\",
    "\U0001f600": "\U0001f600",
    "": "",
}


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_is_escaped_where_it_must_be_and_back(name):
    assert escaped(name) == NAMES[name]
    assert unescaped(escaped(name)) == name
    escaped(name).encode()  # which UTF-8 holds


def test_any_text_comes_back():
    rng = np.random.default_rng(0)
    letters = [*"\\\\\\xuU0141abcdef\n\x1b=+-@'é猫", "\udce9", "\ud800", "\u202e"]
    for _ in range(2000):
        text = "".join(rng.choice(letters, rng.integers(0, 9)))
        assert unescaped(escaped(text)) == text
        assert from_csv_cell(csv_cell(text)) == text
        assert len(escaped(text).splitlines()) <= 1


@pytest.mark.parametrize("name", ["=1+1", "+cmd|' /C calc'!A0", "-A", "@sum", "'=1", "\uff1d1"])
def test_a_name_is_no_formula_of_a_spreadsheet(name):
    assert csv_cell(name) == f"'{name}"
    assert from_csv_cell(csv_cell(name)) == name


@pytest.mark.parametrize("name", ["tabby", "'quoted'", "a=b", "", "1.5", "'"])
def test_other_names_are_as_they_are_in_a_table(name):
    assert csv_cell(name) == name
    assert from_csv_cell(name) == name


def test_a_cell_is_one_line_of_a_table():
    lines = io.StringIO()
    csv.writer(lines).writerow([csv_cell("a\nb"), csv_cell("=\r")])
    assert lines.getvalue().count("\n") == 1


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_consoles_never_raise(encoding):
    code = (
        "import sys; from runtime.start_up import steady_console; steady_console();"
        r"print('\u732b \udce9'); print('\u732b \udce9', file=sys.stderr)"
    )
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True
    )
    assert run.returncode == 0, run.stderr
    cat = "猫" if encoding == "utf-8" else r"\u732b"
    assert run.stdout.decode(encoding).strip() == rf"{cat} \udce9"
    assert run.stderr.decode(encoding).strip() == rf"{cat} \udce9"


def test_a_console_that_is_gone_is_no_error():
    code = (
        "import io, sys; sys.stdout = None; sys.stderr = io.StringIO();"
        "from runtime.start_up import steady_console; steady_console()"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("level", ["0", "-1", "nonsense", "3", None])
def test_tensorflows_lines_stay_off_whatever_the_environment_says(level, monkeypatch):
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    if level is not None:
        monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", level)
    settings = quiet_settings()
    assert settings["TF_CPP_MIN_LOG_LEVEL"] == "3"
    assert settings["TF_CPP_MAX_VLOG_LEVEL"] == "0"


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("no such thing", "no such thing"),
        ("\n  first of all.\nsecond", "first of all"),
        (
            "\x1b[1mException encountered when calling Own.call().\x1b[0m\n\nout of tea\n",
            "out of tea",
        ),
        ("", "RuntimeError"),
    ],
)
def test_an_error_is_cut_to_the_line_that_says_what_is_wrong(message, line):
    assert first_line(RuntimeError(message)) == line
