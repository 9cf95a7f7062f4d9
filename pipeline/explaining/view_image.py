"""One view of one subject: what is inside a classifier, as an image."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from classifier import Classifier
from figures import draw_grid
from figures.saving import as_png
from pipeline.explaining.explain import request_of
from pipeline.explaining.request import Request
from registry import Call, parse_call
from runtime import noting
from views import VIEWS


@dataclass(frozen=True, repr=False, kw_only=True)
class ViewImage:
    """An image that a view made of an image, a class, or nothing."""

    call: Call
    image: np.ndarray  # (H, W, 3) uint8
    classifier: str  # its name
    layer: str
    random_weights: bool = False
    path: Path | None = None  # of the image that it is made of
    source: np.ndarray | None = None  # (H, W, 3) uint8, as it was read; of clips (T, H, W, 3)
    class_index: int | None = None
    label: str | None = None  # the name of the class
    description: str = ""  # what the view has to say of it
    notes: dict[str, Any] = field(default_factory=dict)
    frames: np.ndarray | None = None  # (F, H, W, 3) uint8 of its way, where it ascended
    seconds: float = 0.0

    @property
    def classifier_title(self) -> str:
        """The classifier's name, and whether its weights are random."""
        return f"{self.classifier} (random weights)" if self.random_weights else self.classifier

    @property
    def title(self) -> str:
        """View, classifier, class, and what the view has to say, a line each."""
        label = (self.label or "").replace("_", " ")
        parts = self.call.title, self.classifier_title, label, self.description
        return "\n".join(part for part in parts if part)

    @property
    def stopped_early(self) -> bool:
        """Whether Ctrl-C ended it before its end."""
        return bool(self.notes.get("stopped_early"))

    def figure(self):
        """A matplotlib figure of it, with its title."""
        return draw_grid([self.image], [self.title], 1)

    def __repr__(self) -> str:
        return f"ViewImage({self.title.replace(chr(10), ', ')})"

    def _repr_png_(self) -> bytes:
        """How a notebook shows it."""
        return as_png(self.figure())

    def as_record(self) -> dict[str, Any]:
        """What the run's record says of it."""
        return {
            "image": None if self.path is None else str(self.path),
            "classifier": self.classifier_title,
            "view": str(self.call),
            "class_index": self.class_index,
            "label": self.label,
            "size": self.image.shape[:2],
            "seconds": self.seconds,
            "notes": self.notes,
        }


def view(
    classifier: Classifier,
    name: str,
    image: str | Path | np.ndarray | None = None,
    target: str | int | None = None,
    **options,
) -> ViewImage:
    """What is inside a classifier, as an image: of an image or clip, of a class, or of neither.

    `name` is that of a view, `image` a file or (H, W, 3) uint8 RGB, `target` a class's name or
    index. Raises ValueError where what the view takes is missing, or ImageError.
    """
    call = parse_call(name, VIEWS)
    call = Call(call.entry, call.given | options)
    request = None if image is None else request_of(image, classifier, ())
    index = target
    if isinstance(target, str):
        index = classifier.labels.index(target)
    return make_view(call, classifier, request, index)


def make_view(
    call: Call,
    classifier: Classifier,
    request: Request | None = None,
    class_index: int | None = None,
) -> ViewImage:
    """The view of an image, of a class, or of neither. Raises ValueError or ImageError."""
    images = None if request is None else request.input_image[np.newaxis]
    classes = None if class_index is None else np.array([class_index])
    started = time.perf_counter()
    with noting() as notes:
        (image,) = call(classifier, images, classes)
    frames = notes.pop("frames", [None])[0]
    return ViewImage(
        call=call,
        image=image,
        classifier=classifier.name,
        layer=classifier.layer,
        random_weights=classifier.random_weights,
        path=request and request.path,
        source=None if request is None else request.image,
        class_index=class_index,
        label=None if class_index is None else classifier.title(class_index),
        description=call.entry.describe(classifier, class_index, notes),
        notes=notes,
        frames=frames,
        seconds=time.perf_counter() - started,
    )
