"""Fonts for class names in any script: matplotlib's own has no Chinese, Japanese or Korean."""

import sys
from collections.abc import Iterator
from functools import cache

NO_FONT = (
    "no font here has the letters {0}: figures show boxes in their place (install one, such as "
    "Noto Sans CJK: apt-get install fonts-noto-cjk)"
)
SHOWN = 10  # letters that are said to be missing


def use_fonts_for(figure) -> None:
    """Gives the figure's texts further fonts where the first one has not all of their letters.

    Says once, in one line, which letters no font has.
    """
    from matplotlib.text import Text

    texts = [text for text in figure.findobj(Text) if not text.get_text().isascii()]
    wanted = {letter for text in texts for letter in text.get_text() if not letter.isspace()}
    missing = {letter for letter in wanted if ord(letter) not in _letters(_default_file())}
    if not missing:
        return
    families, lost = _families_for(frozenset(missing))
    for text in texts:
        text.set_fontfamily([*text.get_fontfamily(), *families])
    if lost:
        _say(NO_FONT.format("".join(sorted(lost))[:SHOWN]))


def _default_file() -> str:
    from matplotlib.font_manager import FontProperties, findfont

    return findfont(FontProperties())


@cache
def _letters(file: str) -> frozenset[int]:
    """The letters, by number, of which a font file has a picture."""
    from matplotlib.font_manager import get_font

    return frozenset(get_font(file).get_charmap())


@cache
def _families_for(letters: frozenset[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Names of installed fonts that have the letters between them, and the letters none has."""
    families, lost = [], set(letters)
    for family, file in _installed():
        has = {letter for letter in lost if ord(letter) in _letters(file)}
        if has:
            families.append(family)
            lost -= has
        if not lost:
            break
    return tuple(families), frozenset(lost)


def _installed() -> Iterator[tuple[str, str]]:
    """(name, file) of upright fonts; not the one that has a box for every letter there is."""
    from matplotlib.font_manager import fontManager

    files = {font.name: font.fname for font in fontManager.ttflist if font.style == "normal"}
    yield from ((name, file) for name, file in files.items() if "Last Resort" not in name)


@cache
def _say(text: str) -> None:
    print(text, file=sys.stderr)
