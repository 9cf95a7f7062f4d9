"""Lists of fixations as eye trackers and people write them, told from what is none."""

import csv
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from evaluation.fixation_columns import Columns, columns_of
from runtime import read_bytes

LISTS = {".txt", ".csv", ".tsv", ".asc"}
MOST_BYTES = 2**28
LOST = {"", "nan", "n/a", "na", ".", "-", "null", "none", "inf"}  # how trackers write a lost sample
NEGATIVE = 0.25  # of coordinates: with more, they are not counted from the top left
GROWING = 5  # durations that only grow, so many or more, are taken for times


class FixationList(NamedTuple):
    """Fixations, and what their file was taken for."""

    places: np.ndarray  # (n, 2) or (n, 3) float64: x, y, and the duration where it is known
    in_parts: bool  # of the image's width and height, else in pixels
    description: str
    remark: str = ""  # what is of this file alone


class Line(NamedTuple):
    """A line of a file, in cells."""

    number: int
    cells: list[str]


def fixation_list(path: Path) -> FixationList:
    """The fixations of a text or CSV file; samples that the tracker lost are left out.

    Separated by commas, semicolons, tabs or spaces. A line of names says which columns are x, y
    and the duration; without one they are the first two or three. Raises ValueError, naming the
    file, where that is not sure.
    """
    try:
        return _fixations(_text(read_bytes(path, MOST_BYTES)))
    except (ValueError, OSError, csv.Error) as error:
        reason = str(getattr(error, "strerror", None) or error)
        mark = ", " if reason.startswith("line ") else ": "
        raise ValueError(f"'{path}'{mark}{reason}") from error


def _text(content: bytes) -> str:
    """The text of a file, of which only numbers and names matter: UTF-16, UTF-8 or Latin-1."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _fixations(text: str) -> FixationList:
    events = [line.split() for line in text.splitlines() if line.split()[:1] == ["EFIX"]]
    if events:  # EFIX eye start end duration x y pupil
        lines = [Line(n, [*e[5:7], e[4]]) for n, e in enumerate(events, 1) if len(e) > 6]
        eyes = sorted({event[1] for event in events})
        if len(eyes) > 1:
            raise ValueError(f"it has fixations of two eyes ({' and '.join(eyes)}); leave one's")
        return _made(lines, Columns(0, 1, 2), "EyeLink's EFIX lines")
    lines = _lines(text)
    header, columns = _header(lines)
    if columns is None:
        data = [line for line in lines if not line.cells[0].startswith("#")]
        return _made(data, _unnamed(data), "columns without names")
    names = [header.cells[i] for i in (columns.x, columns.y, columns.duration) if i is not None]
    data = [line for line in lines if line.number > header.number]
    data = [line for line in data if not line.cells[0].startswith("#")]
    return _made(data, columns, "columns " + ", ".join(f"'{name}'" for name in names))


def _lines(text: str) -> list[Line]:
    """The lines that are not blank, in cells. A comment is one cell, unless it names columns."""
    numbered = [(n, line.strip("\r\n")) for n, line in enumerate(text.split("\n"), 1)]
    numbered = [(n, _without_comment(line)) for n, line in numbered if line.strip()]
    counts = {mark: sum(mark in line for _, line in numbered) for mark in "\t;,"}
    mark = max(counts, key=counts.get)
    split = (lambda line: next(csv.reader([line], delimiter=mark))) if counts[mark] else str.split
    return [Line(n, [cell.strip() for cell in split(line)]) for n, line in numbered]


def _without_comment(line: str) -> str:
    """A line of numbers without the comment behind them."""
    return line.split("#")[0].rstrip() if re.match(r"\s*[-+.\d]", line) else line


def _header(lines: list[Line]) -> tuple[Line | None, Columns | None]:
    """The line of names and its columns, before all numbers; None where there is no such line.

    Raises ValueError where there are names and none of them are x and y.
    """
    names = []
    for line in lines:
        cells = [line.cells[0].lstrip("# "), *line.cells[1:]]
        cells = cells[1:] if not cells[0] and line.cells[0].startswith("#") else cells
        if all(_is_number(cell) for cell in cells):
            break
        columns = columns_of(cells)
        if columns is not None:
            return Line(line.number, cells), columns
        names += [] if line.cells[0].startswith("#") else [cells]
    if names:
        named = ", ".join(f"'{name}'" for name in max(names, key=len)[:8])
        raise ValueError(f"no columns for x and y among {named}; name them x and y")
    return None, None


def _unnamed(lines: list[Line]) -> Columns:
    """The columns of a list without names: x, y and perhaps the duration."""
    if not lines:
        return Columns(0, 1)
    widths = {len([c for c in line.cells if c]) for line in lines if not _has_lost(line)}
    if len(widths) > 1:
        raise ValueError("some lines have a duration and some have none")
    width = widths.pop() if widths else len(lines[0].cells)
    if width not in (2, 3):
        raise ValueError(
            f"line {lines[0].number} has {width} numbers; expected x, y[, duration], or a first "
            "line with the columns' names"
        )
    if width == 3 and _only_counts([line.cells[0] for line in lines]):
        raise ValueError("its first column only counts; name the columns in a first line")
    return Columns(0, 1, 2 if width == 3 else None)


def _only_counts(cells: list[str]) -> bool:
    """Whether three or more cells are a whole number and those that follow it."""
    if len(cells) < 3 or not cells[0].isdecimal():
        return False
    return cells == [str(int(cells[0]) + step) for step in range(len(cells))]


def _has_lost(line: Line) -> bool:
    return any(cell.lower() in LOST for cell in line.cells if cell)


def _made(lines: list[Line], columns: Columns, source: str) -> FixationList:
    """The fixations of lines of numbers, checked for being coordinates of an image."""
    chosen, joined = _chosen(lines, columns)
    wanted = [columns.x, columns.y, *([columns.duration] if columns.duration is not None else [])]
    is_named = "without" not in source
    rows = [_numbers(line, wanted, is_named) for line in chosen]
    kept = [row for row in rows if row is not None]
    places = np.array(kept, np.float64).reshape(len(kept), len(wanted))
    remarks = []
    if len(rows) > len(kept):
        remarks.append(f"{len(rows) - len(kept)} lost samples left out")
    if joined:
        remarks.append(f"{joined} further samples of the same fixations joined with them")
    if places.shape[1] == 3:
        places, remark = _checked_durations(places, is_named)
        remarks += [remark] * bool(remark)
    in_parts = columns.in_parts or _looks_like_parts(places)
    source += ", in parts of the image's width and height" if in_parts else ""
    if columns.upward:
        places[:, 1] = 1 - places[:, 1]
    if len(places) > 3 and ((places[:, :2] < 0).mean(axis=0) > NEGATIVE).any():
        raise ValueError(
            f"x from {places[:, 0].min():g} and y from {places[:, 1].min():g}: expected x and y "
            "from the image's left upper corner, where they are 0"
        )
    return FixationList(places, in_parts, f"fixations ({source})", "; ".join(remarks))


def _chosen(lines: list[Line], columns: Columns) -> tuple[list[Line], int]:
    """The lines of fixations, one for each, and how many more there were of the same ones."""
    if columns.event is not None:
        kinds = [_cell(line, columns.event).lower() for line in lines]
        if any(kind.startswith("fix") for kind in kinds):
            lines = [line for line, kind in zip(lines, kinds, strict=True) if kind[:3] == "fix"]
        else:  # Gazepoint's FPOGV: 0 where there is none
            lines = [line for line, kind in zip(lines, kinds, strict=True) if kind != "0"]
    if columns.fixation is None:
        return lines, 0
    chosen, last = [], None
    for line in lines:
        key = [_cell(line, number) for number in (columns.fixation, *columns.subjects)]
        if key == last and key[0]:
            chosen.pop()
        chosen.append(line)
        last = key
    return chosen, len(lines) - len(chosen)


def _numbers(line: Line, wanted: list[int], is_named: bool) -> list[float] | None:
    """The numbers in these columns; None where one of them was lost.

    A list without names is a person's, where half a place is a mistake.
    """
    cells = [_cell(line, number) for number in wanted]
    lost = [cell.lower().lstrip("+-") in LOST for cell in cells]
    half_lost = any(lost) and not (is_named or all(lost[:2]))
    if half_lost or not all(_is_number(cell) for cell in cells):
        raise ValueError(f"line {line.number}: expected numbers, got '{', '.join(cells)}'")
    return None if any(lost) else [_number(cell) for cell in cells]


def _checked_durations(places: np.ndarray, is_named: bool) -> tuple[np.ndarray, str]:
    """The fixations, without a third column that holds no durations, and what is said of it."""
    durations = places[:, 2]
    if (durations < 0).any():
        raise ValueError(f"durations go down to {durations.min():g}; expected none below 0")
    if not is_named and len(places) >= GROWING and (np.diff(durations) > 0).all():
        return places[:, :2], "third column only grows: taken for times, not for durations"
    return places, ""


def _looks_like_parts(places: np.ndarray) -> bool:
    """Whether coordinates can be no pixels: none reaches 2, and they are no whole numbers."""
    x_y = places[:, :2]
    return len(x_y) > 0 and bool((np.abs(x_y) < 2).all() and (x_y != np.round(x_y)).any())


def _cell(line: Line, number: int) -> str:
    return line.cells[number] if number < len(line.cells) else ""


def _is_number(cell: str) -> bool:
    try:
        _number(cell)
    except ValueError:
        return cell.lower() in LOST
    return True


def _number(cell: str) -> float:
    """Of text with a decimal point or a decimal comma."""
    return float(re.sub(r"^([-+]?\d+),(\d+)$", r"\1.\2", cell))
