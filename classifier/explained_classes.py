"""What an index stands for that is explained: a class, a contrast of two, or a box."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from classifier.labels import Labels
from classifier.network.forward import Contrast


class ExplainedClasses:
    """Of K classes 0 to K - 1; contrasts and boxes are K and above, in the order they came.

    Part of a `Classifier`, in a file by itself.
    """

    network: Any
    labels: Labels

    def contrast(self, plus: int | None, minus: int) -> int:
        """The index, K or above, of S_plus - S_minus: why the one class and not the other.

        Without `plus` it is -S_minus: what speaks against the class. Methods and metrics take it
        for a class like others; `scores` and `logits` do not have it. Raises ValueError for a class
        that there is not.
        """
        sides = [side for side in (plus, minus) if side is not None]
        if not all(0 <= side < len(self.labels) for side in sides):
            raise ValueError(f"classes go from 0 to {len(self.labels) - 1}, got {sides}")
        contrast = Contrast(plus, minus)
        if contrast not in self.network.contrasts:
            self.network.contrasts = (*self.network.contrasts, contrast)
        return len(self.labels) + self.network.contrasts.index(contrast)

    @contextmanager
    def contrasts(self) -> Iterator[None]:
        """On leaving, there are the contrasts and boxes again that there were before.

        Each is a cost to all that is asked later.
        """
        before = self.network.contrasts
        try:
            yield
        finally:
            self.network.contrasts = before

    @property
    def detects(self) -> bool:
        """Whether it finds boxes, of which each can be explained."""
        return hasattr(self.network, "detections")

    def box(self, image: np.ndarray, wanted: int | tuple[float, ...]) -> int:
        """The index, K or above, of a box in an image (H, W, 3) at the input size.

        `wanted` is the number of a detection, the surest first, or x, y, w, h in pixels of the
        input. Methods and metrics take it for a class. Raises ValueError where there is no such
        detection.
        """
        (inputs,) = self.preprocess(image[np.newaxis])
        find = self.network.nth if isinstance(wanted, int) else self.network.at
        self.network.contrasts = (*self.network.contrasts, find(inputs, wanted))
        return len(self.labels) + len(self.network.contrasts) - 1

    def boxes(self, image: np.ndarray, most: int) -> list[int]:
        """The indices, K and above, of an image's detections, the surest first; `most` of them."""
        (inputs,) = self.preprocess(image[np.newaxis])
        first = len(self.labels) + len(self.network.contrasts)
        found = self.network.best_first(inputs)[:most]
        self.network.contrasts = (*self.network.contrasts, *found)
        return list(range(first, first + len(found)))

    def forget_boxes(self) -> None:
        """Drops all boxes: their indices stand for nothing from here on."""
        self.network.contrasts = ()

    def box_of(self, index: int) -> tuple[float, ...] | None:
        """(x, y, w, h) in pixels of the input where the index is that of a box; else None."""
        if index < len(self.labels):
            return None
        return getattr(self.network.contrasts[index - len(self.labels)], "box", None)

    def title(self, index: int) -> str:
        """The name of a class, of a contrast ("cat - dog", "-dog") or of a box ("cat (box)")."""
        if index < len(self.labels):
            return self.labels.title(index)
        return self.network.contrasts[index - len(self.labels)].title(self.labels)

    def score_of(self, scores: np.ndarray, index: int) -> float:
        """The score of a class or contrast among an image's scores (K,)."""
        if index < len(self.labels):
            return float(scores[index])
        return float(self.network.contrasts[index - len(self.labels)].of(scores[np.newaxis])[0, 0])

    def checked(self, class_indices, images: int) -> np.ndarray:
        """(N,): indices of classes or contrasts, one for each image; else raises ValueError."""
        indices = np.asarray(class_indices)
        if indices.shape != (images,):
            raise ValueError(f"class_indices: one for each of {images} images, got {indices}")
        count = len(self.labels) + len(self.network.contrasts)
        if indices.min() < 0 or indices.max() >= count:
            raise ValueError(f"class_indices go from 0 to {count - 1}, got {indices}")
        return indices
