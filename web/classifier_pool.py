"""Classifiers that visitors share, each for one visitor at a time."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from classifier import Classifier
from classifier.names import known_names
from pipeline.plan import ClassifierChoice

REQUESTS = 1000  # after so many a classifier is loaded anew: programs add up


class BusyError(ValueError):
    """The classifier has been working for others all the time."""


class ClassifierPool:
    """Classifiers by their names, loaded when they are first asked for."""

    def __init__(self, choices: Sequence[ClassifierChoice], seconds: float):
        """`seconds` is how long a visitor waits for others at most."""
        self._choices = {choice_name(choice): choice for choice in choices}
        self._locks = {name: threading.Lock() for name in self._choices}
        self._loaded: dict[str, tuple[Classifier, int]] = {}
        self._seconds = seconds

    @property
    def names(self) -> list[str]:
        """What the classifiers are called."""
        return list(self._choices)

    @contextmanager
    def classifier(self, name: str, layer: str | None = None) -> Iterator[Classifier]:
        """The classifier, for one visitor at a time. Raises BusyError where that takes too long.

        On leaving, it has its own layer again, and no contrasts or boxes of the visitor's.
        """
        if name not in self._choices:
            raise ValueError(f"no classifier '{name}' here")
        lock = self._locks[name]
        if not lock.acquire(timeout=self._seconds):
            raise BusyError(f"{name} is busy with other visitors' images; try again")
        try:
            classifier, uses = self._loaded.get(name, (None, REQUESTS))
            if uses >= REQUESTS:
                classifier, uses = self._choices[name].load(), 0
            self._loaded[name] = classifier, uses + 1
            default_layer = classifier.layer if classifier.has_layers else None
            try:
                if layer:
                    classifier.layer = layer
                with classifier.contrasts():
                    yield classifier
            finally:
                if layer and default_layer:
                    classifier.layer = default_layer
        finally:
            lock.release()


def choice_name(choice: ClassifierChoice) -> str:
    """What a classifier is called on the page; a file's never as one of those that have a name."""
    if choice.model_path is None:
        return choice.model_name
    name = Path(choice.model_path).stem
    return f"{name} (own)" if name in known_names() else name
