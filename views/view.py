"""The contract of a view: what is inside a classifier, as images.

    view(classifier, images, class_indices, *, option=default, ...) -> images

`images` is a list of (H, W, 3) uint8 RGB, whose sizes may differ: one for each of `images`
(N, H, W, 3) float32 RGB in [0, 255] where the view takes an image, one for each of `class_indices`
(N,) where it takes a class, and one where it takes nothing. What it does not take is None, or not
looked at. An image is not a map: metrics have nothing to say of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from registry import Call, Entry


def no_description(classifier, class_index: int | None, notes: dict[str, Any]) -> str:
    """Nothing to say beside a view's name."""
    return ""


@dataclass(frozen=True)
class View(Entry):
    """A row of the table: called like its function."""

    takes: Literal["image", "class", "nothing"] = "image"
    describe: Callable[[Any, int | None, dict[str, Any]], str] = no_description  # by its notes
    ascends: bool = False  # notes `frames` (N, F, H, W, 3) uint8 of its way from noise
    is_mosaic: bool = False  # of many small images, to be drawn large
    numbers: Callable[[dict[str, Any]], list[int]] | None = None  # of tiles, by notes
    legend: str = ""  # what a caption says of its colours
    of_one_layer: bool = False
    by_attention: bool = False  # whether it is of networks whose attention can be followed
    of_clips: bool = False  # whether clips (N, T, H, W, 3) will do for images

    def check(self, classifier, given: Mapping[str, Any]) -> None:
        """Raises ValueError, in one line, where it cannot be had of this classifier, or so."""
        classifier.need_layers()
        if classifier.frames and not self.of_clips:
            raise ValueError(f"{self.name} is of images, and {classifier.name} takes clips")
        if self.of_one_layer and len(classifier.layers) > 1:
            raise ValueError(f"{self.name} looks at one layer, got {classifier.layer}")
        if self.by_attention:
            try:
                _ = classifier.attention
            except ValueError as error:
                raise ValueError(f"{self.name} is not for {classifier.name}: {error}") from None
        options = Call(self, dict(given)).options
        if layer := options.get("layer"):
            classifier.find_layer(layer)

    def __call__(self, classifier, images=None, class_indices=None, **options) -> list[np.ndarray]:
        """Raises ValueError where what it takes is missing, or the classifier has no layers."""
        self.check(classifier, options)
        given = {"image": images, "class": class_indices, "nothing": ()}[self.takes]
        if given is None:
            raise ValueError(f"{self.name} takes a {self.takes}, and there is none")
        return self.function(classifier, images, class_indices, **self.with_preset(options))
