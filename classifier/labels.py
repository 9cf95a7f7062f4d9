"""Class names: reading lists of them, and finding the classes that a user asks for."""

import csv
import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from classifier.class_groups import group_of
from registry import suggest
from registry.suggest import SHOWN, holding, likely

DATA = Path(__file__).parent.parent / "data"
SHIPPED = {"imagenet": DATA / "imagenet_classes.tsv", "coco": DATA / "coco_classes.txt"}
LAB_CLASSES = ("African_elephant", "American_black_bear")  # --test_image_index of ImageNet's
LONGEST = 300  # letters of a class's name
NUMBERED = re.compile(r"(?P<number>\d+)\s*[\s:;,.)=-]\s*(?P<name>\S.*)")  # "0 cat", "0: cat"


class Labels:
    """The classes of one classifier: `names`, and `ids` (WordNet's for ImageNet, else "")."""

    def __init__(self, names: Sequence[str], ids: Sequence[str] | None = None):
        self.names = list(names)
        self.ids = list(ids) if ids else [""] * len(self.names)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def are_imagenet(self) -> bool:
        return self.names == read_labels("imagenet").names

    def title(self, index: int) -> str:
        """The class's name, with its index where another class is called the same."""
        name = self.names[index]
        return name if self.names.count(name) == 1 else f"{name} ({index})"

    def decode_predictions(self, scores: np.ndarray, top: int = 5) -> list[list[tuple]]:
        """(N, K) scores -> for each row its `top` best as (id, name, score), best first.

        The form of Keras's own `decode_predictions`, which downloads its list. Raises ValueError
        where K is not the number of classes.
        """
        if np.ndim(scores) != 2 or np.shape(scores)[1] != len(self):
            raise ValueError(f"scores are (N, {len(self)}) for these classes, not {scores.shape}")
        return [
            [(self.ids[i], self.names[i], float(row[i])) for i in best_indices(row, top)]
            for row in np.asarray(scores)
        ]

    def index(self, target: str) -> int:
        """The class that `target` names: a name, a WordNet id, an index, or `index:386`.

        A name that is a number wins over that index, exact case over any case; blanks count as
        underscores. Raises ValueError with the nearest name, or with the indices of a name that
        occurs twice.
        """
        text = target.strip()
        if text.startswith("index:"):
            return self._checked_index(text.removeprefix("index:"), target)
        text = text.replace(" ", "_")
        names = [name.replace(" ", "_") for name in self.names]
        indices = [i for i, name in enumerate(names) if name == text]
        indices = indices or [
            i for i, wordnet_id in enumerate(self.ids) if wordnet_id and wordnet_id == text.lower()
        ]
        indices = indices or [i for i, n in enumerate(names) if n.casefold() == text.casefold()]
        if len(indices) > 1:
            ways = ", ".join(
                f"index:{i} ({self.ids[i]})" if self.ids[i] else f"index:{i}" for i in indices
            )
            raise ValueError(f"class '{target}' occurs {len(indices)} times; say which: {ways}")
        if indices:
            return indices[0]
        if text.lstrip("-").isdigit():
            return self._checked_index(text, target)
        group = self._group(target)
        if len(group) > 1:
            some = ", ".join(self.names[i] for i in group[:SHOWN])
            more = ", ..." if len(group) > SHOWN else ""
            raise ValueError(
                f"no class '{target}', but {len(group)} of that kind: {some}{more} (list them: "
                f"--list_classes {target.strip()})"
            )
        near = f"; did you mean '{self.names[group[0]]}'?" if group else suggest(text, names)
        raise ValueError(f"no class '{target}' among {len(self)}{near}")

    def matching(self, word: str) -> list[int]:
        """The indices of the classes that a word may stand for, in their order; all for "".

        Those of that kind ("dog"), else those whose names hold it, else those that are like it.
        """
        if not word.strip():
            return list(range(len(self)))
        found = set(holding(word, self.names) or likely(word, self.names))
        return self._group(word) or [i for i, name in enumerate(self.names) if name in found]

    def _group(self, word: str) -> list[int]:
        return group_of(word) if self.are_imagenet else []

    def split(self, text: str) -> list[str]:
        """The classes that `text` asks for, between commas; a name may have commas of its own."""
        parts, names = text.split(","), []
        while parts:
            ends = [end for end in range(len(parts), 1, -1) if self._has(",".join(parts[:end]))]
            end = ends[0] if ends else 1
            names.append(",".join(parts[:end]).strip())
            parts = parts[end:]
        return [part for part in names if part]

    def _has(self, name: str) -> bool:
        """Whether a class is called so, as `index` reads names."""
        wanted = name.strip().replace(" ", "_").casefold()
        return any(known.replace(" ", "_").casefold() == wanted for known in self.names)

    def _checked_index(self, digits: str, target: str) -> int:
        if not digits.strip().isdigit() or int(digits) >= len(self):
            raise ValueError(f"class '{target}': indices go from 0 to {len(self) - 1}")
        return int(digits)

    def lab_index(self, position: int) -> int:
        """The class of `--test_image_index`: 0 African elephant, 1 American black bear.

        For other classifiers than ImageNet's it is the position in the class names.
        """
        if not self.are_imagenet:
            return self._checked_index(str(position), str(position))
        if position not in range(len(LAB_CLASSES)):
            known = ", ".join(f"{i} {name}" for i, name in enumerate(LAB_CLASSES))
            raise ValueError(f"test_image_index {position}: an ImageNet classifier knows {known}")
        return self.index(LAB_CLASSES[position])


def best_indices(scores: np.ndarray, top: int) -> list[int]:
    """The indices of the `top` highest scores, highest first; the earlier class first in a tie."""
    return [int(i) for i in np.argsort(-np.asarray(scores), kind="stable")[:top]]


def numbered_labels(count: int) -> Labels:
    """Labels "class 0", "class 1", ... where nobody has named the classes."""
    return Labels([f"class {i}" for i in range(count)])


@cache
def read_labels(source: str | Path) -> Labels:
    """Labels from a shipped list (`imagenet`, `coco`) or a file.

    A `.json` file holds a list, or names and numbers as Keras's `class_indices` does; a `.tsv` file
    index, id and name in a row; any other one name a line, with or without its number before it.
    Raises FileNotFoundError, or ValueError where the file is not such a list.
    """
    path = SHIPPED.get(str(source), Path(source))
    if not path.is_file():
        lists = ", ".join(SHIPPED)
        raise FileNotFoundError(f"class names '{source}': no such file, nor one of {lists}")
    try:
        text = _text(path.read_bytes())
        if path.suffix.lower() == ".tsv":
            rows = sorted(csv.reader(text.splitlines(), delimiter="\t"), key=lambda r: int(r[0]))
            return Labels([row[2] for row in rows], [row[1] for row in rows])
        names = json.loads(text) if path.suffix.lower() == ".json" else unnumbered(text)
    except (ValueError, IndexError, RecursionError) as error:
        reason = str(error)[:200]
        raise ValueError(f"class names '{source}' cannot be read: {reason}") from error
    return named_classes(names, f" '{source}'")


def _text(content: bytes) -> str:
    """The text of a file in UTF-8, or in UTF-16 as an editor of Windows may save it."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise ValueError("it is not in UTF-8: save it as UTF-8") from None


def unnumbered(text: str) -> list[str]:
    """The lines, without the numbers before them where these count all lines from 0 or from 1.

    Raises ValueError where numbers before all lines leave one out.
    """
    lines = [line.strip() for line in text.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    matches = [NUMBERED.fullmatch(line) for line in lines]
    if not lines or not all(matches):
        return lines
    names = {int(line["number"]): line["name"] for line in matches}
    first = min(names)
    if len(names) < len(lines) or first > 1 or max(names) - first + 1 > len(lines):
        return lines  # numbers that are parts of names: "7 up", "12 monkeys"
    return [names[number] for number in sorted(names)]


def named_classes(names: Any, source: str = "") -> Labels:
    """The classes of a list of names, or of a dictionary name -> number or number -> name.

    Of Keras's own list for ImageNet, number -> [id, name]. Raises ValueError, in one line, for
    anything else; `source` is said in it.
    """
    ids = None
    if isinstance(names, dict):
        names = _by_number(names, source)
        if names and all(isinstance(pair, list) and len(pair) == 2 for pair in names):
            ids, names = ([pair[part] for pair in names] for part in (0, 1))
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"class names{source}: expected a list of names")
    names = [name.strip() for name in names]
    if not names:
        raise ValueError(f"class names{source}: the list is empty")
    if not all(names):
        raise ValueError(f"class names{source}: empty names at line {names.index('') + 1}")
    for number, name in enumerate(names):
        if len(name) > LONGEST or not name.isprintable():
            raise ValueError(
                f"class names{source}: name {number} is no name of at most {LONGEST} printable "
                f"letters: {name[:20]!r}"
            )
    return Labels(names, ids)


def _by_number(names: dict[str, Any], source: str) -> list:
    """The names in the order of their numbers, which are the keys or the values."""
    numbers = list(names.values())
    if all(type(number) is int for number in numbers):
        pairs = dict(zip(numbers, names, strict=True))
    elif all(str(key).isdecimal() for key in names):
        pairs = {int(key): name for key, name in names.items()}
    else:
        raise ValueError(
            f"class names{source}: expected a list of names, name: number, or number: name"
        )
    if len(pairs) < len(names) or sorted(pairs) != list(range(len(names))):
        shown = ", ".join(map(str, sorted(pairs)[:5]))
        raise ValueError(
            f"class names{source}: numbers go from 0 to {len(names) - 1}, each once; got {shown}"
        )
    return [pairs[number] for number in range(len(names))]
