"""The contract of a view: what is inside a classifier, as pictures.

    view(classifier, images, class_indices, *, option=default, ...) -> pictures

`pictures` is a list of (H, W, 3) uint8 RGB, whose sizes may differ: one for each of `images`
(N, H, W, 3) float32 RGB in [0, 255] where the view takes a picture, one for each of `class_indices`
(N,) where it takes a class, and one where it takes nothing. What it does not take is None, or not
looked at. A picture is not a map: metrics have nothing to say of it.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from methods.row import Call, Row, parse_call


@dataclass(frozen=True)
class View(Row):
    """A row of the table: called like its function."""

    takes: Literal["picture", "class", "nothing"] = "picture"
    of_clips: bool = False  # whether clips (N, T, H, W, 3) will do for pictures

    def __call__(self, classifier, images=None, class_indices=None, **options) -> list[np.ndarray]:
        """Raises ValueError where what it takes is missing, or the classifier has no layers."""
        classifier.need_layers()
        if classifier.frames and not self.of_clips:
            raise ValueError(f"{self.name} is of pictures, and {classifier.name} takes clips")
        given = {"picture": images, "class": class_indices, "nothing": ()}[self.takes]
        if given is None:
            raise ValueError(f"{self.name} takes a {self.takes}, and there is none")
        return self.function(classifier, images, class_indices, **self.with_preset(options))


class ViewCall(Call):
    """A view with the options that were asked for."""


def parse_view(text: str, table: dict[str, View]) -> ViewCall:
    """The call that `NAME:option=value` stands for. Raises ValueError with the nearest name."""
    return parse_call(text, table, ViewCall)
