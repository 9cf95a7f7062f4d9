"""Class names: reading lists of them, and finding the classes that a user asks for."""

import csv
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from registry import suggest

DATA = Path(__file__).parent.parent / "data"
SHIPPED = {"imagenet": DATA / "imagenet_classes.tsv", "coco": DATA / "coco_classes.txt"}
LAB_CLASSES = ("African_elephant", "American_black_bear")  # --test_image_index of ImageNet's


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
        found = [i for i, name in enumerate(names) if name == text]
        found = found or [i for i, own in enumerate(self.ids) if own and own == text.lower()]
        found = found or [i for i, n in enumerate(names) if n.casefold() == text.casefold()]
        if len(found) > 1:
            ways = ", ".join(f"index:{i}" + f" ({self.ids[i]})" * bool(self.ids[i]) for i in found)
            raise ValueError(f"class '{target}' occurs {len(found)} times; say which: {ways}")
        if found:
            return found[0]
        if text.lstrip("-").isdigit():
            return self._checked_index(text, target)
        raise ValueError(f"no class '{target}' among {len(self)}{suggest(text, names)}")

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

    A `.json` file holds a list, a `.tsv` file index, id and name in a row, any other one name a
    line. Raises FileNotFoundError, or ValueError where the file is not such a list.
    """
    path = SHIPPED.get(str(source), Path(source))
    if not path.is_file():
        lists = ", ".join(SHIPPED)
        raise FileNotFoundError(f"class names '{source}': no such file, nor one of {lists}")
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".tsv":
            rows = sorted(csv.reader(text.splitlines(), delimiter="\t"), key=lambda r: int(r[0]))
            return Labels([row[2] for row in rows], [row[1] for row in rows])
        names = json.loads(text) if path.suffix == ".json" else text.splitlines()
    except (ValueError, IndexError) as error:
        raise ValueError(f"class names '{source}' cannot be read: {error}") from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"class names '{source}': expected a list of names")
    names = [name.strip() for name in names]
    while names and not names[-1]:
        names.pop()
    if not names or not all(names):
        raise ValueError(
            f"class names '{source}': empty names at line {names.index('') + 1}"
            if names
            else f"class names '{source}': the file is empty"
        )
    return Labels(names)
