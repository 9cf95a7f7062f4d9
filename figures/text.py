"""Texts of a known width: how wide they are, broken into lines, cut in their middle."""

import re
import warnings
from bisect import bisect
from functools import lru_cache

POINT = 1 / 72  # inches
ELLIPSIS = "\u2026"
HINTED = 1.01  # letters are moved to whole dots, which makes a line a little wider


@lru_cache(maxsize=4096)
def text_width(text: str) -> float:
    """Width of a line, in font sizes."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    if not text.strip():
        return 0.3 * len(text)
    font = FontProperties(size=1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # it is said where it is saved
        width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return width


def inches(text: str, font: float) -> float:
    """Width of a line in a font of so many points, as it is drawn at most."""
    return text_width(text) * font * POINT * HINTED


def wrapped(text: str, width: float, font: float) -> list[str]:
    """The text in lines no wider than so many inches; words that are wider are broken.

    Lines of the text stay apart. They break between words, else after hyphens, underscores and
    before capitals, else anywhere.
    """
    lines = []
    for line in text.split("\n"):
        lines += _filled(re.findall(r"\S+\s*", line), width, font)
    return lines


def cut_in_middle(text: str, width: float, font: float) -> str:
    """The text with its middle left out where it would be wider than so many inches."""
    if inches(text, font) <= width:
        return text
    most = bisect(range(1, len(text)), width, key=lambda kept: inches(_cut(text, kept), font))
    return _cut(text, most) if most else ELLIPSIS


def _cut(text: str, kept: int) -> str:
    """The text with so many letters of it left, from its beginning and its end."""
    return text[: (kept + 1) // 2] + ELLIPSIS + text[len(text) - kept // 2 :]


def _filled(words: list[str], width: float, font: float) -> list[str]:
    lines, line = [], ""
    for word in words:
        if inches((line + word).rstrip(), font) <= width:
            line += word
            continue
        if line:
            lines.append(line.rstrip())
        *broken, line = _broken(word, width, font)
        lines += broken
    return [*lines, line.rstrip()] if line or not lines else lines


def _broken(word: str, width: float, font: float) -> list[str]:
    """A word in parts that fit, as few as can be."""
    if inches(word.rstrip(), font) <= width:
        return [word]
    parts = re.findall(r"[A-Z]*[^-_/A-Z]*[-_/]+|[A-Z]*[^-_/A-Z]+|[A-Z]+", word.rstrip()) or [word]
    pieces = [piece for part in parts for piece in _letters(part, width, font)]
    lines = [""]
    for piece in pieces:
        if lines[-1] and inches(lines[-1] + piece, font) > width:
            lines.append("")
        lines[-1] += piece
    return [*lines[:-1], lines[-1] + word[len(word.rstrip()) :]]


def _letters(part: str, width: float, font: float) -> list[str]:
    """A part as it is where it fits, else letter by letter."""
    return [part] if inches(part, font) <= width else list(part)
