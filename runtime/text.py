"""Text that any console, file and table can hold: escaped where it must be, and back."""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # of a terminal
CODE = re.compile(r"\\(\\|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
AMBIGUOUS = frozenset("\\xuU")  # what may follow a backslash of an escape
UNSEEN = ("Cc", "Cs", "Zl", "Zp")  # control characters, lone surrogates, ends of lines
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
FORMULA = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")  # how spreadsheets know a formula


def first_line(error: Exception) -> str:
    """What an error of another library says, cut to its first line.

    Keras puts one of its own before what a layer's `call` says, and colours that.
    """
    lines = [line.strip() for line in COLOURS.sub("", str(error)).splitlines() if line.strip()]
    lines = lines or [type(error).__name__]
    if lines[0].startswith("Exception encountered when calling") and len(lines) > 1:
        lines.pop(0)
    return lines[0].rstrip(".:")


def escaped(text: str) -> str:
    """The text as one line that UTF-8 holds and a terminal takes for text; `unescaped` undoes it.

    Bytes of a file's name that are no UTF-8, lone surrogates, ESC and other control characters,
    ends of lines and marks that turn the direction of writing become `\\x1b`, `\\udce9` and such.
    A backslash is doubled only where it would be taken for the beginning of one.
    """
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    following = [*text[1:], ""]
    return "".join(map(_escaped_character, text, following))


def unescaped(text: str) -> str:
    """The text of which `escaped` made this one."""
    if "\\" not in text:
        return text
    return CODE.sub(lambda match: _meant(match[1]), text)


@contextmanager
def any_text() -> Iterator[None]:
    """Inside, pandas holds texts as Python does: Arrow's have to be UTF-8, and names may not be."""
    import pandas as pd

    with pd.option_context("mode.string_storage", "python"):
        yield


def csv_cell(text: str) -> str:
    """The text, escaped, as a cell that no spreadsheet takes for a formula.

    One that begins with = + - @ (after apostrophes, if any) gets an apostrophe before it, which
    `from_csv_cell` takes away.
    """
    text = escaped(text)
    return f"'{text}" if text.lstrip("'")[:1] in FORMULA and text else text


def from_csv_cell(cell: str) -> str:
    """The text of which `csv_cell` made this cell."""
    is_marked = cell[:1] == "'" and cell.lstrip("'")[:1] in FORMULA and cell.lstrip("'")
    return unescaped(cell[1:] if is_marked else cell)


def _escaped_character(character: str, following: str) -> str:
    if character == "\\":
        return "\\\\" if following in AMBIGUOUS or _is_unseen(following) else "\\"
    return _code(character) if _is_unseen(character) else character


def _is_unseen(character: str) -> bool:
    return character in TURNING or (character != "" and unicodedata.category(character) in UNSEEN)


def _code(character: str) -> str:
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _meant(code: str) -> str:
    return "\\" if code == "\\" else chr(int(code[1:], 16))
