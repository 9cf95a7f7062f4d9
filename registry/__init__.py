"""Rows of tables: an entry around a function, its options, and calls of it by name."""

from registry.bounds import COUNT, NOT_NEGATIVE, SEED, SHARE, Bounds
from registry.entry import Call, Entry, Option, parse_call
from registry.suggest import suggest

__all__ = [
    "COUNT",
    "NOT_NEGATIVE",
    "SEED",
    "SHARE",
    "Bounds",
    "Call",
    "Entry",
    "Option",
    "parse_call",
    "suggest",
]
