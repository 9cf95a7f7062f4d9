"""Which columns of an eye tracker's file are x, y and the duration of a fixation, by their names.

Names of Tobii, EyeLink, SMI, Pupil Labs, Gazepoint, Ogama, and of people.
"""

import re
from dataclasses import dataclass

OTHER = re.compile(  # places that are no fixation's, or are in no pixels
    r"pupil|veloc|sacc|_sac|next|prev|direction|origin|head|accel|resol|dispersion|start|std|mouse"
    r"|mm\b|3d|error|blink|deg|angle|eye ?pos|amplitude",
)
OTHER_TIME = re.compile(r"sacc|_sac|next|prev|blink|trial|record|session|media|stimul|interest|ip_")
PARTS = re.compile(r"norm|^[fb]pog[xy]$")  # of the image's sides
UPWARD = re.compile(r"norm_pos")  # Pupil Labs: y grows from the bottom to the top
ONE_EYE = re.compile(r"left|right|(^|[_ ])[lr][_ ]")
FIXATION = re.compile(r"fix|fpog")
EVENT = re.compile(r"(movement|event)[_ ]?type$|^category\b|^fpogv$|^event$")
NUMBER = re.compile(r"^(fixation[_ ]?(id|index)|fpogid|eye movement (type|event) index)$")
SUBJECT = re.compile(r"participant|subject|observer|^user|^recording (name|id)|session_label")


@dataclass(frozen=True)
class Columns:
    """The numbers of columns; `event` says fixation or saccade, `fixation` which of them it is."""

    x: int
    y: int
    duration: int | None = None
    in_parts: bool = False
    upward: bool = False
    event: int | None = None
    fixation: int | None = None
    subjects: tuple[int, ...] = ()


def columns_of(names: list[str]) -> Columns | None:
    """The columns of a header; None where no two of them are x and y.

    Raises ValueError where several pairs could be.
    """
    names = [name.strip().lower() for name in names]
    pairs = _pairs(names)
    if not pairs:
        return None
    ranked = sorted(pairs, key=lambda pair: _rank(names[pair[0]]), reverse=True)
    if len(ranked) > 1 and _rank(names[ranked[0][0]]) == _rank(names[ranked[1][0]]):
        several = " or ".join(f"'{names[x]}', '{names[y]}'" for x, y in ranked[:2])
        raise ValueError(f"x and y could be {several}; leave the right ones")
    x, y = ranked[0]
    return Columns(
        x,
        y,
        duration=_duration(names),
        in_parts=bool(PARTS.search(names[x])),
        upward=bool(UPWARD.search(names[x])),
        event=_first(EVENT, names),
        fixation=_first(NUMBER, names),
        subjects=tuple(i for i, name in enumerate(names) if SUBJECT.search(name)),
    )


def _pairs(names: list[str]) -> list[tuple[int, int]]:
    """Columns whose names differ by an x and a y alone: `fixation x [px]`, `fixation y [px]`."""
    pairs = []
    for number, name in enumerate(names):
        for match in re.finditer("x", name):
            twin = name[: match.start()] + "y" + name[match.end() :]
            if twin in names and not OTHER.search(name):
                pairs.append((number, names.index(twin)))
    return pairs


def _rank(name: str) -> tuple[bool, ...]:
    """Larger for fixations than for samples, for both eyes' than for one's, for pixels."""
    return (
        not ONE_EYE.search(name),
        bool(FIXATION.search(name)),
        not PARTS.search(name),
        "mcs" in name,  # Tobii's coordinates of the image, not of the screen
    )


def _duration(names: list[str]) -> int | None:
    """The column of durations: a fixation's or event's before others; None for none or several."""
    found = [i for i, name in enumerate(names) if "dur" in name or name == "fpogd"]
    found = [i for i in found if not OTHER_TIME.search(names[i])]
    named = [i for i in found if re.search("fix|gaze|event", names[i])] or found
    return named[0] if len(named) == 1 else None


def _first(pattern: re.Pattern, names: list[str]) -> int | None:
    return next((i for i, name in enumerate(names) if pattern.search(name)), None)
