"""Words for many of ImageNet's classes at once: `dog` is no class, and 118 classes are dogs."""

from functools import cache
from pathlib import Path

GROUPS = Path(__file__).parent.parent / "data" / "imagenet_groups.tsv"


def group_of(word: str) -> list[int]:
    """The indices of ImageNet's classes of that kind, whatever its case; none for other words."""
    word = word.strip().casefold()
    return _groups().get(word) or _groups().get(word.removesuffix("s"), [])


@cache
def _groups() -> dict[str, list[int]]:
    groups = {}
    for line in GROUPS.read_text(encoding="utf-8").splitlines():
        word, ranges = line.split("\t")
        ends = [[int(end) for end in text.split("-")] for text in ranges.split()]
        groups[word] = [index for end in ends for index in range(end[0], end[-1] + 1)]
    return groups
