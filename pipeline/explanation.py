"""One explanation: a picture, a class, a map, and how it came about."""

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from figures import draw_grid
from figures.saving import DPI
from methods import METHODS, MethodCall
from pictures import resized
from representations import ALPHA, COLORMAP, represent

LARGEST_DRAWN = 1600  # pixels of a side


@dataclass(frozen=True)
class Explanation:
    """What a method says of one picture and one class of one classifier."""

    picture: np.ndarray  # (H, W, 3) uint8 RGB, as it was read
    map: np.ndarray  # (h, w) float32, raw
    class_index: int
    label: str
    probability: float
    classifier: str  # its name
    method: MethodCall
    path: Path | None = None
    diagnosis: str | None = None  # why the map means nothing, where it does
    record: dict[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Method, classifier, and class with its probability, a line each."""
        words = f"{self.label.replace('_', ' ')} {percent(self.probability)}"
        if METHODS[self.method.name].class_agnostic:
            words = "any class"
        return f"{method_title(self.method)}\n{self.classifier}\n{words}"

    def represented(self, representation: str, colormap: str = COLORMAP, alpha: float = ALPHA):
        """(H, W, 3) RGB: one of REPRESENTATIONS; the bare picture in grey where the map is none."""
        picture = drawable(self.picture)
        if self.diagnosis:
            grey = picture.mean(axis=-1, keepdims=True) / 3 + 150
            return np.repeat(grey.astype(np.uint8), 3, axis=-1)
        return represent(representation, self.map, picture, colormap, alpha)

    def figure(self, representations=("heatmap", "overlay"), colormap=COLORMAP, alpha=ALPHA):
        """A matplotlib figure: the picture, and each representation of the map."""
        images = [
            drawable(self.picture),
            *(self.represented(r, colormap, alpha) for r in representations),
        ]
        titles = [self.path.name if self.path else "picture", *[self.title] * len(representations)]
        return draw_grid(images, titles, len(images), self.diagnosis or "", colormap)

    def row(self) -> dict[str, Any]:
        """What the run's record says of it."""
        return {
            "picture": str(self.path),
            "classifier": self.classifier,
            "method": str(self.method),
            "class_index": self.class_index,
            "label": self.label,
            "probability": self.probability,
            "map_shape": self.map.shape,
            "map_minimum": float(self.map.min()),
            "map_maximum": float(self.map.max()),
            "diagnosis": self.diagnosis,
            **self.record,
        }

    def _repr_png_(self) -> bytes:
        """How a notebook shows it."""
        file = io.BytesIO()
        self.figure().savefig(file, format="png", dpi=DPI // 2)
        return file.getvalue()


def drawable(picture: np.ndarray) -> np.ndarray:
    """The picture, made smaller where a figure could not show all of its pixels."""
    largest = max(picture.shape[:2])
    if largest <= LARGEST_DRAWN:
        return picture
    height, width = (max(1, round(side * LARGEST_DRAWN / largest)) for side in picture.shape[:2])
    return np.rint(resized(picture, (height, width))).astype(np.uint8)


def percent(probability: float) -> str:
    """A probability as figures and the screen show it."""
    return "<0.1%" if 0 < probability < 0.0005 else f"{probability:.1%}"


def method_title(method: MethodCall) -> str:
    """The method as figures call it, with the options that were asked for."""
    options = ", ".join(f"{name}={value}" for name, value in method.given.items())
    return METHODS[method.name].title + (f" ({options})" if options else "")
