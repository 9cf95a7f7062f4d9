"""Words for errors: the names that may be meant by one that is none."""

import difflib
import re
from collections.abc import Iterable, Sequence

CUTOFF = 0.6  # how like a name must be to be taken for a mistyped one
SURE = 0.85  # from here on it is, whatever other names hold it
NEAR = 0.1  # how much less like than the nearest one others may be
LEAST = 3  # letters that are looked for in others
SHOWN = 5  # names in a line


def suggest(name: str, names: Iterable[str]) -> str:
    """ "; did you mean 'X', 'Y' or 'Z'?" for the `likely` of the names, or nothing."""
    found = likely(name, list(names))
    if not found:
        return ""
    quoted = [f"'{one}'" for one in found[:SHOWN]]
    more = len(found) - SHOWN
    if more > 0:
        quoted.append(f"one of {more} more")
    first = ", ".join(quoted[:-1])
    return f"; did you mean {f'{first} or ' if first else ''}{quoted[-1]}?"


def likely(name: str, names: Sequence[str]) -> list[str]:
    """The names that may be meant, whatever their case, the likeliest first; none where none is.

    One that is all but the same; those that have the name's words; those that hold it; else those
    that are like it, where a letter or two are wrong.
    """
    alike = _alike(name, names)
    if alike and _likeness(name, alike[0]) >= SURE:
        return alike
    return holding(name, names) or alike


def holding(name: str, names: Sequence[str]) -> list[str]:
    """Those of the names that have all the words of this one; else those that hold its letters."""
    words = set(_words(name))
    found = [other for other in names if words and words <= set(_words(other))]
    text = _text(name)
    if found or len(text) < LEAST:
        return found
    return [other for other in names if text in _text(other)]


def _alike(name: str, names: Sequence[str]) -> list[str]:
    by_text = {_text(other): other for other in names}
    near = difflib.get_close_matches(_text(name), by_text, n=SHOWN, cutoff=CUTOFF)
    found = [by_text[text] for text in near]
    nearest = _likeness(name, found[0]) if found else 0
    return [other for other in found if _likeness(name, other) >= nearest - NEAR]


def _likeness(name: str, other: str) -> float:
    return difflib.SequenceMatcher(None, _text(other), _text(name)).ratio()


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", name.casefold()) if word]


def _text(name: str) -> str:
    """The name, without case and with blanks as underscores."""
    return re.sub(r"\s+", "_", name.strip()).casefold()
