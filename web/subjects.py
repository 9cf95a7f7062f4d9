"""What a visitor's classifier is asked about: an image or a clip, and which class or box of it."""

import math
from typing import NamedTuple

import numpy as np

from classifier import Classifier
from cli.values import read_box
from images import Clip, resized, resized_clip
from images.clips import sampled
from methods import METHODS
from pipeline.explaining.request import Request
from pipeline.targets import PREDICTED, Targets
from registry import Call
from web.limits import LONGEST_TARGET, MOST_MAPS, MOST_VIEW_PIXELS

Subject = np.ndarray | Clip  # an image (H, W, 3) uint8, or a clip


class Abilities(NamedTuple):
    """What a classifier takes and gives, which decides what the page offers."""

    frames: int | None  # of the clips that it takes; None: it takes images
    detects: bool
    methods: tuple[str, ...]  # that explain it

    @property
    def method(self) -> str:
        """The method that is chosen first."""
        return next(iter(self.methods or METHODS))

    def fit(self, subject: Subject | None) -> bool:
        """Whether this is an image or clip as the classifier takes them."""
        return subject is not None and isinstance(subject, Clip) == bool(self.frames)


def abilities_of(classifier: Classifier) -> Abilities:
    """What the classifier takes and gives."""
    explaining = tuple(name for name, method in METHODS.items() if _explains(method, classifier))
    return Abilities(classifier.frames, classifier.detects, explaining)


def _explains(method, classifier: Classifier) -> bool:
    try:
        method.check(classifier, {})
    except ValueError:
        return False
    return True


def subject_request(subject: Subject, classifier: Classifier, calls: list[Call]) -> Request:
    """The request for an image, or for as many frames of a clip as the classifier takes.

    Raises ValueError where it takes the other kind.
    """
    if isinstance(subject, Clip) != bool(classifier.frames):
        takes = "clips: choose a GIF or a video" if classifier.frames else "images: choose one"
        raise ValueError(f"{classifier.name} takes {takes}")
    if not isinstance(subject, Clip):
        return Request(None, subject, resized(subject, classifier.input_size), calls)
    chosen = sampled(len(subject.frames), classifier.frames)
    numbers = [subject.numbers[i] for i in chosen]
    clip = subject._replace(frames=subject.frames[chosen], numbers=numbers)
    frames = resized_clip(clip.frames, classifier.input_size)
    return Request(None, clip.frames, frames, calls, clip)


def check_view(call: Call, classifier: Classifier) -> None:
    """Raises ValueError for more maps at the image's size than fit into memory beside others'."""
    options = call.options
    pixels = math.prod(classifier.input_shape[:-1]) * options.get("top", 1)
    if options.get("size") == "image" and pixels > MOST_VIEW_PIXELS:
        raise ValueError(f"{call.entry.title}: this is too large here; choose a smaller top")


def read_targets(text: str, box: str = "") -> Targets:
    """The classes or the box of a request; `box` is a detection's number or x, y, w, h.

    Raises ValueError, before any contrast is made, for too many classes.
    """
    if len(text) > LONGEST_TARGET or text.count(",") >= MOST_MAPS:
        raise ValueError(f"too many classes are asked for; the page explains {MOST_MAPS} at most")
    if not box.strip():
        return Targets(text=text or PREDICTED)
    try:
        return Targets(box=read_box("target_box", box[:LONGEST_TARGET].strip()))
    except ValueError:
        expected = "a detection's number, or x, y, w, h in pixels of the image"
        raise ValueError(f"box '{box[:LONGEST_TARGET]}': expected {expected}") from None
