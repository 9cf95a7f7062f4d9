"""Readers of what flags are given: each gives the value that the plan holds.

`flag` is the flag's name, for the error: ValueError, in one line that says what came.
"""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from evaluation import METRICS
from experiments import AUGMENTATIONS
from registry import Call, parse_call, suggest
from representations import REPRESENTATIONS
from runtime import as_path


def split_names(text: str | None) -> list[str]:
    """The parts of "a, b", without spaces; none of nothing."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def each_once(calls: Iterable[Call]) -> tuple[Call, ...]:
    return tuple({str(call): call for call in calls}.values())


def read_metrics(flag: str, text: str) -> tuple[Call, ...]:
    """The metrics in "NAME:option=value,NAME", each once."""
    metrics = each_once(parse_call(part, METRICS) for part in split_names(text))
    if not metrics:
        raise ValueError(f"--{flag}: expected some of {', '.join(METRICS)}")
    return metrics


def read_augmentations(flag: str, text: str) -> tuple[str, ...]:
    """The names, in any case and each once; every one there is for "all"."""
    names = tuple(dict.fromkeys(split_names(text.lower())))
    if not names:
        raise ValueError(f"--{flag}: expected some of {', '.join(AUGMENTATIONS)}, or all")
    if "all" in names:
        return tuple(AUGMENTATIONS)
    return _known(names, "augmentation", AUGMENTATIONS, "all")


def read_representations(flag: str, text: str) -> tuple[str, ...]:
    """The names; none for "none"."""
    names = tuple(split_names(text))
    if names == ("none",):
        return ()
    return _known(names, "representation", REPRESENTATIONS, "none alone")


def _known(names: tuple[str, ...], kind: str, table: Iterable[str], other: str) -> tuple[str, ...]:
    """The names. Raises ValueError for one that is not in the table; `other` would do too."""
    for name in names:
        if name not in table:
            near = suggest(name, table) or f" (there are {', '.join(table)}, or {other})"
            raise ValueError(f"no {kind} '{name}'{near}")
    return names


def read_shares(flag: str, text: str) -> tuple[float, ...]:
    """The shares of an image in "0.1,0.2", each once."""
    mistake = f"--{flag} is a share between 0 and 1, or several with commas, got '{text}'"
    try:
        shares = tuple(dict.fromkeys(float(part) for part in split_names(text)))
    except ValueError:
        raise ValueError(mistake) from None
    if not shares or not all(0 < share < 1 for share in shares):
        raise ValueError(mistake)
    return shares


def read_box(flag: str, text: str) -> int | tuple[float, ...]:
    """A detection's number, or x, y, w, h."""
    if text.strip().isdigit():
        return int(text)
    mistake = f"--{flag}: expected x,y,w,h in pixels or a number, got '{text}'"
    try:
        box = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise ValueError(mistake) from None
    if len(box) != 4 or not all(0 <= side < math.inf for side in box) or 0 in box[2:]:
        raise ValueError(mistake)
    return box


def read_batch_size(flag: str, text: str) -> int | None:
    """How many images go through in one pass; None for "auto": what fits."""
    if text.lower() == "auto":
        return None
    if not text.isdigit() or int(text) < 1:
        raise ValueError(f"--{flag} is auto or a whole number from 1 on, got '{text}'")
    return int(text)


def read_count(flag: str, count: int) -> int:
    if count < 1:
        raise ValueError(f"--{flag} is at least 1, got {count}")
    return count


def read_positive(flag: str, number: float) -> float:
    if not 0 < number < math.inf:
        raise ValueError(f"--{flag} is above 0, got {number}")
    return number


def read_share(flag: str, number: float) -> float:
    if not 0 <= number <= 1:
        raise ValueError(f"--{flag} is between 0 and 1, got {number}")
    return number


def read_colormap(flag: str, name: str) -> str:
    import matplotlib  # here, so that --help is quick

    if name not in matplotlib.colormaps:
        raise ValueError(f"no colormap '{name}'{suggest(name, matplotlib.colormaps)}")
    return name


def read_path(flag: str, path: str | Path) -> Path:
    return as_path(path)


def read_all(flag: str, texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(texts)
