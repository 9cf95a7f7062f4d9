"""The JSON file beside a model, `mine.json` beside `mine.keras`: what it says, field by field."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from classifier.labels import named_classes
from classifier.model_files import is_function
from registry.suggest import suggest

TASKS = ("classification", "regression")
SIDES = (4, 4096)  # pixels that a side of an image may have
SHOWN = 40  # letters of a wrong value that an error shows
LARGEST = 2**24  # bytes of a sidecar


def _is_names(value: Any) -> bool:
    if isinstance(value, (list, dict)):
        named_classes(value)  # raises where one will not do
    return isinstance(value, (list, dict)) or (isinstance(value, str) and bool(value))


def _is_size(value: Any) -> bool:
    if not isinstance(value, list) or [type(side) for side in value] != [int, int]:
        return False
    return all(SIDES[0] <= side <= SIDES[1] for side in value)


# What the file may say: whether a value fits, and what would.
FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "class_names": (_is_names, "a list of names, name: number, a file, imagenet or coco"),
    "preprocessing": (lambda value: isinstance(value, str) and bool(value), "a name"),
    "multi_label": (lambda value: isinstance(value, bool), "true or false"),
    "input_size": (_is_size, f"[height, width] of {SIDES[0]} to {SIDES[1]} pixels"),
    "task": (lambda value: value in TASKS, " or ".join(TASKS)),
}


def read_sidecar(path: str) -> dict[str, Any]:
    """What `mine.json` beside `mine.keras` says of the model; nothing where there is none.

    Class names in a file are looked for beside it. Raises ValueError, in one line, for anything
    unexpected.
    """
    model = Path(path)
    file = model.with_name(model.name + ".json") if model.is_dir() else model.with_suffix(".json")
    if is_function(path) or not file.is_file():
        return {}
    options = _parsed(file)
    for key, value in options.items():
        check_field(key, value, f"'{file}': ")
    names = options.get("class_names")
    if isinstance(names, str) and (file.parent / names).is_file():
        options["class_names"] = str(file.parent / names)
    return options


def check_field(key: str, value: Any, source: str = "") -> None:
    """Raises ValueError where a model cannot be told this of itself; `source` stands before it."""
    if key not in FIELDS:
        raise ValueError(
            f"{source}unknown {key[:SHOWN]}{suggest(key, FIELDS)}; it may give {', '.join(FIELDS)}"
        )
    fits, expected = FIELDS[key]
    try:
        right = fits(value)
    except ValueError as error:
        raise ValueError(f"{source}{error}") from None
    except TypeError:  # a list where a word is expected
        right = False
    if not right:
        raise ValueError(f"{source}{key} is {expected}, got {str(value)[:SHOWN]}")


def _parsed(file: Path) -> dict[str, Any]:
    """The names and values in a JSON file. Raises ValueError where it holds something else."""
    if file.stat().st_size > LARGEST:
        raise ValueError(f"'{file}' is larger than {LARGEST // 2**20} MB: no sidecar of a model")
    try:
        options = json.loads(file.read_text(encoding="utf-8-sig"), object_pairs_hook=_each_once)
    except UnicodeDecodeError:
        raise ValueError(f"'{file}' is not in UTF-8: save it as UTF-8") from None
    except RecursionError:
        raise ValueError(f"'{file}' is not JSON of a model: brackets within brackets") from None
    except ValueError as error:
        raise ValueError(f"'{file}' is not JSON: {str(error)[:200]}") from error
    if not isinstance(options, dict):
        raise ValueError(f"'{file}': expected names and values, got {str(options)[:SHOWN]}")
    return options


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        twice = next(key for key, _ in pairs if sum(key == other for other, _ in pairs) > 1)
        raise ValueError(f"{twice[:SHOWN]} is said twice")
    return fields
