"""Which of a store's rows are a plan's: others may lie in the same folder."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.plan import Plan

WITHOUT = ("kind", "change")  # parts of a key that a row's kind decides


class OwnRows:
    """Tells a plan's rows from others, and puts them into the plan's order."""

    def __init__(self, plan: Plan, keys: Sequence[Mapping[str, str]]):
        """`keys` are those of the plan's explanations, without the image."""
        self._names = sorted(name for name in keys[0] if name not in WITHOUT) if keys else []
        values = (tuple(key[name] for name in self._names) for key in keys)
        self._keys = {value: number for number, value in enumerate(values)}
        self._images = {str(path): number for number, path in enumerate(plan.images)}

    def has(self, row: Mapping[str, Any]) -> bool:
        """Whether this row is one of the plan's."""
        return self._key(row) in self._keys and row["image"] in self._images

    def place(self, row: Mapping[str, Any]) -> tuple[int, int]:
        """By what a plan's row is sorted: image, then classifier and method."""
        return self._images[row["image"]], self._keys[self._key(row)]

    def _key(self, row: Mapping[str, Any]) -> tuple:
        return tuple(row[name] for name in self._names)
