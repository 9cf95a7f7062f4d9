"""The texts of flags, read. Each reader raises ValueError, in one line that names the flag."""

import math
from collections.abc import Iterable

from registry import suggest


def split_names(text: str | None) -> list[str]:
    """The parts of "a, b", without spaces; none of nothing."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def check_names(names: Iterable[str], kind: str, table: Iterable[str], other: str) -> None:
    """Raises for a name that is not in the table, with the nearest; `other` also goes."""
    for name in names:
        if name not in table:
            known = ", ".join(table)
            raise ValueError(
                f"no {kind} '{name}'{suggest(name, table)} (there are {known}, or {other})"
            )


def read_shares(flag: str, text: str | None) -> tuple[float, ...]:
    """The shares of an image in "0.1,0.2", each once; none where the flag is not given."""
    if text is None:
        return ()
    mistake = f"--{flag} is a share between 0 and 1, or several with commas, got '{text}'"
    try:
        shares = tuple(dict.fromkeys(float(part) for part in split_names(text)))
    except ValueError:
        raise ValueError(mistake) from None
    if not shares or not all(0 < share < 1 for share in shares):
        raise ValueError(mistake)
    return shares


def read_box(text: str | None) -> int | tuple[float, ...] | None:
    """A detection's number, or x, y, w, h; None where there is no text."""
    if text is None:
        return None
    if text.strip().isdigit():
        return int(text)
    mistake = f"--target_box: expected x,y,w,h in pixels or a number, got '{text}'"
    try:
        box = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise ValueError(mistake) from None
    if len(box) != 4 or not all(0 <= side < math.inf for side in box) or 0 in box[2:]:
        raise ValueError(mistake)
    return box


def read_batch_size(text: str) -> int | None:
    """How many images go through in one pass; None for "auto": what fits."""
    if text.lower() == "auto":
        return None
    if not text.isdigit() or int(text) < 1:
        raise ValueError(f"--batch_size is auto or a whole number from 1 on, got '{text}'")
    return int(text)


def check_positive(flag: str, value: float) -> None:
    if not 0 < value < math.inf:
        raise ValueError(f"--{flag} is above 0, got {value}")


def check_workers(count: int) -> None:
    if count < 1:
        raise ValueError(f"--workers is at least 1, got {count}")


def check_alpha(alpha: float) -> None:
    if not 0 <= alpha <= 1:
        raise ValueError(f"--alpha is between 0 and 1, got {alpha}")


def check_colormap(name: str | None) -> None:
    import matplotlib  # here, so that --help is quick

    if name is not None and name not in matplotlib.colormaps:
        raise ValueError(f"no colormap '{name}'{suggest(name, matplotlib.colormaps)}")
