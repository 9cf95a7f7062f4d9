"""What a row of the zoo is, and small parts that many models are made of."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
from keras import layers
from zoo.scene import RED
from zoo.weights import constructed

from classifier import Classifier, load_classifier

OPTIONS = {  # for images of about 64 pixels, in no time
    "OCCLUSION": {"patch": 12, "stride": 6},
    "RISE": {"masks": 400},
    "SMOOTHGRAD": {"samples": 4},
}
SPREADS = {"OCCLUSION": 12, "RISE": 8}  # pixels by which a method blurs, beside its map's cells


@dataclass(frozen=True, kw_only=True)
class Row:
    """A model and how it is loaded.

    `make` builds the Keras model, or writes what is loaded into a folder and gives its path; with
    `saved` the model goes through a file of that ending, "" being a folder of a SavedModel.
    """

    name: str
    make: Callable[..., Any]
    options: dict[str, Any] = field(default_factory=dict)
    saved: str | None = None
    sidecar: dict[str, Any] | None = None  # what mine.json says beside it
    xfail: str = ""  # the reason for which it does not hold yet

    def load(self, folder: Path) -> Classifier:
        """The classifier, of a model that was made in `folder`, if of a file."""
        if self.saved is None and "folder" in getattr(self.make, "__annotations__", {}):
            return load_classifier(model_path=self.make(folder), **self.options)
        model = self.make()
        if self.saved is None:
            return load_classifier(model, **self.options)
        path = folder / f"mine{self.saved}"
        if self.sidecar is not None:
            (folder / "mine.json").write_text(json.dumps(self.sidecar))
        model.save(path) if self.saved else model.export(path, verbose=False)
        return load_classifier(model_path=path, **self.options)


@dataclass(frozen=True, kw_only=True)
class Explained(Row):
    """A model of which every method's energy is on the disc, by this share at least.

    A share of 0 is for maps that lie elsewhere, and of which the caution says so.
    `caution` is what the reader is told of it, a regular expression; "" where there is no reason.
    """

    methods: tuple[str, ...] = ("GRADCAM",)
    share: float = 0.8
    target: int = RED
    caution: str = ""


@dataclass(frozen=True, kw_only=True)
class Placed(Row):
    """A model with random weights: it has nothing to say of the disc, but it has to know where.

    What changes of its target layer's features with the disc is on the disc.
    """

    layer: str  # how the path of its target layer ends
    grid: tuple[int, int] = (8, 8)
    attends: bool = True  # whether its attention can be followed


@dataclass(frozen=True, kw_only=True)
class Refused(Row):
    """A model that is refused by a line, when it is loaded or by a method; a regular expression."""

    line: str
    method: str | None = None
    error: type[Exception] = ValueError


def features(x, size: int = 4, **options):
    """Maps of the four channels, a cell for every `size` pixels."""
    given = {"activation": "relu"} | options
    return layers.Conv2D(4, size, size, **given)(x)


def head(x, count: int = 2, activation: str | None = "softmax"):
    """Pooling, and a dense layer."""
    return layers.Dense(count, activation)(layers.GlobalAveragePooling2D()(x))


def network(
    body: Callable = features,
    end: Callable = head,
    *,
    size: tuple[int | None, int | None] = (64, 64),
    channels: int = 3,
    first: Callable = lambda x: layers.Rescaling(1 / 255)(x),
    seen: Callable | str = lambda x: x / 255,
) -> keras.Model:
    """Preprocessing inside, features and a head, with constructed weights."""
    inputs = keras.Input((*size, channels))
    return constructed(keras.Model(inputs, end(body(first(inputs))), name="mine"), seen)


def made(*args, **options) -> Callable[[], keras.Model]:
    """What a row needs: a function that makes this network when it is its turn."""
    return lambda: network(*args, **options)
