"""What `--list_classes`, `--list_methods` and `--list_models` print."""

from collections.abc import Iterator, Mapping

from classifier.labels import Labels
from classifier.names import ALIASES, application_names, embedded_names
from evaluation import METRICS
from methods import METHODS
from registry import Entry
from views import VIEWS


def class_lines(labels: Labels, word: str) -> Iterator[str]:
    """Index, id and name of each class that a word may stand for; of all for "".

    Raises ValueError where none may be meant.
    """
    indices = labels.matching(word)
    if not indices:
        raise ValueError(f"--list_classes: no class of {len(labels)} is like '{word}'")
    for index in indices:
        yield "  ".join(filter(None, [f"{index:>4}", labels.ids[index], labels.names[index]]))


def method_lines() -> Iterator[str]:
    """Each method, view and metric with what it does, a line each, under its heading."""
    tables = {"methods": METHODS, "views": VIEWS, "metrics": METRICS}
    for heading, table in tables.items():
        yield f"{heading}:"
        yield from _entry_lines(table)
    yield "options: --help NAME"


def model_lines() -> Iterator[str]:
    """Each classifier that is known by name, and where its weights come from."""
    short = {full_name: f" (or {alias})" for alias, full_name in ALIASES.items()}
    for name in embedded_names():
        yield f"{name}  embedded"
    for name in application_names():
        yield f"{name}{short.get(name, '')}"
    yield "weights of these are downloaded by Keras; --model_name takes keras-hub's presets too"


def _entry_lines(table: Mapping[str, Entry]) -> Iterator[str]:
    width = max(map(len, table))
    for name, entry in table.items():
        yield f"  {name:<{width}}  {entry.summary}"
