"""Notes: what a method knows beyond its map, on their way into the record."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_NOTES: ContextVar[dict[str, Any] | None] = ContextVar("notes", default=None)


def note(**values: Any) -> None:
    """Puts values that JSON can hold into the record of what is being explained, if there is one.

    Arrays, with a row for each map, are for its representations: they stay out of the record.
    `caution` is said to the reader of a figure too. A name that was noted before is noted anew.
    """
    notes = _NOTES.get()
    if notes is not None:
        notes.update(values)


def tally(**counts: int) -> None:
    """Adds to numbers in the record, each of which starts at 0."""
    notes = _NOTES.get()
    if notes is not None:
        notes.update({name: notes.get(name, 0) + count for name, count in counts.items()})


@contextmanager
def noting() -> Iterator[dict[str, Any]]:
    """Inside, notes are collected in the dictionary that it gives."""
    notes: dict[str, Any] = {}
    token = _NOTES.set(notes)
    try:
        yield notes
    finally:
        _NOTES.reset(token)
