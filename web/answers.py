"""What the page's service answers with."""

from typing import Any, NamedTuple

from pipeline.explaining.changes import ChangedExplanation
from pipeline.explaining.explanation import Explanation
from pipeline.explaining.request import Box
from pipeline.explaining.view_image import ViewImage
from pipeline.targets import Targets


class StoppedError(ValueError):
    """The visitor stopped before anything was known."""


class Guess(NamedTuple):
    """A class of an image."""

    target: str  # as `Targets` read it
    title: str
    probability: float


class Detection(NamedTuple):
    """A box that a detector finds in an image."""

    number: int  # the surest is 0
    title: str
    score: float
    box: Box  # in pixels of the image


class Answer(NamedTuple):
    """What methods say of an image, and who was asked."""

    explanations: list[Explanation]
    classifier: dict[str, Any]  # its record
    left_out: tuple[str, ...] = ()  # titles of methods that were not asked any more
    failures: tuple[str, ...] = ()  # a line for each method that failed
    name: str = ""  # the classifier's, here
    layer: str | None = None  # that was chosen
    targets: Targets = Targets()  # what was asked for


class ChangesAnswer(NamedTuple):
    """What became of explanations when their image was changed."""

    changed: list[ChangedExplanation]
    failures: tuple[str, ...] = ()  # a line each
    left_out: tuple[str, ...] = ()  # changes that were not made any more


class ViewAnswer(NamedTuple):
    """What a view shows, and of which classifier."""

    view: ViewImage
    classifier: dict[str, Any]  # its record
