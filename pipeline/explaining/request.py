"""What a classifier is asked of an image, and the answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from classifier import Classifier
from images import Clip
from pipeline.explaining.explanation import Explanation
from registry import Call

Box = tuple[float, ...]  # x, y, w, h


class Chooser(Protocol):
    """What says which classes of an image are explained: Targets, or classes known before."""

    box: int | Box | None

    def indices(self, classifier: Classifier, scores: np.ndarray) -> list[int]: ...


class FixedClasses(NamedTuple):
    """Classes that are known before an image is."""

    chosen: Sequence[int]
    box: None = None

    def indices(self, classifier: Classifier, scores: np.ndarray) -> list[int]:
        """These classes, for every image."""
        return list(self.chosen)


class Request(NamedTuple):
    """An image or clip, and the methods that are to explain it."""

    path: Path | None
    image: np.ndarray  # (H, W, 3) uint8 RGB as it was read; a clip's frames (T, H, W, 3)
    input_image: np.ndarray  # (h, w, 3) float32 at the classifier's input size, or (T, h, w, 3)
    methods: Sequence[Call]
    clip: Clip | None = None  # which frames these are, where it is one
    caution: str = ""  # what is to be said of how the image was read


class Failure(NamedTuple):
    """Why an image has no answer of a method, metric, view or change; "": of none."""

    asker: str
    reason: str


@dataclass
class Answer:
    """What a classifier's methods give for one image, and what failed."""

    explanations: list[Explanation] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    @property
    def failed_whole(self) -> bool:
        """Whether the image as a whole has no answer."""
        return any(not failure.asker for failure in self.failures)


def rescaled(box: Box, image: np.ndarray, other: np.ndarray) -> Box:
    """x, y, w, h in pixels of the image (H, W, 3) -> in pixels of that other one."""
    rows, columns = (b / a for a, b in zip(image.shape[:2], other.shape[:2], strict=True))
    return tuple(side * scale for side, scale in zip(box, (columns, rows) * 2, strict=True))
