"""A gallery of explanations as HTML, its thumbnails within it, however many images there are.

So many bytes are shared among the images: of many, each has a smaller thumbnail, and where these
would be too small to be looked at, only some images are shown, evenly spread. The gallery lies
in a temporary file, so that memory holds one image.
"""

import io
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from markupsafe import Markup
from PIL import Image

from evaluation import METRICS
from figures import ColourBar
from images import resized
from pipeline.explaining.explanation import (
    Explanation,
    class_with_probability,
    colour_bar,
)
from pipeline.plan import Display
from pipeline.reporting.html_tables import number_text
from pipeline.reporting.html_templates import data_uri, shorten, template_environment
from pipeline.reporting.undefined import undefined
from registry import parse_call
from representations import REPRESENTATIONS

LEAST = 4_000  # bytes of a thumbnail with its caption; with fewer, images are left out
SIDE, SMALLEST_SIDE = 320, 48  # of a thumbnail, pixels
LARGE_SIDE, FEW = 640, 48  # where there are so few thumbnails
STRIP_SIDE, STRIP = 1280, 3  # of what is that many times as wide as high: a clip's frames
QUALITY = 80  # of its JPEG
LONGEST_TITLE = 240  # letters of an explanation's title
BASE64 = 4 / 3  # bytes of text for a byte
PART = 1 << 20  # letters of HTML that are read at once
CORRECTNESS = RIGHT, WRONG, UNKNOWN = "right", "wrong", "class unknown"


class ThumbnailGallery:
    """Takes the explanations of `images` images, one after the other, and makes HTML of them.

    `budget` is what it may weigh, in bytes.
    """

    def __init__(self, display: Display, images: int, budget: int):
        self.display = display
        self.images = images
        self.received = self.shown = 0  # images
        self.methods: dict[str, int] = {}  # title -> number, by which it is filtered
        self.classifiers: dict[str, int] = {}
        self.predicted_classes: dict[str, int] = {}
        self.true_classes: dict[str, int] = {}
        self.rules: set[str] = set()
        self.correctness: dict[str, dict[str, int]] = defaultdict(
            lambda: dict.fromkeys(CORRECTNESS, 0)  # of a classifier: images
        )
        self.colour_bars: dict[ColourBar, None] = {}  # in the order in which they came
        self._left = budget
        self._most: int | None = None  # images that are shown, once it is known
        self.figures = 0  # of the image that has the most, itself among them
        self.is_large = False  # whether so few are shown that each can be large
        self._file: IO[str] = tempfile.TemporaryFile(  # noqa: SIM115 (read when all are there)
            "w+", encoding="utf-8", errors="backslashreplace", newline=""
        )

    @property
    def representation(self) -> str:
        """What is shown of a map: the overlay, unless others were asked for and it was not."""
        asked = self.display.representations or ("overlay",)
        return "overlay" if "overlay" in asked else asked[0]

    def add(self, path: Path, explanations: list[Explanation]) -> None:
        """Takes the explanations of an image; it is shown if its turn has come."""
        if not explanations:
            return
        self._count(explanations)
        if self._most is None:
            self._most = max(1, self._left // (LEAST * (1 + len(explanations))))
            self.is_large = min(self._most, self.images) * (1 + len(explanations)) <= FEW
        most = min(self._most, self.images)
        shown_before = self.received * most // self.images
        self.received += 1
        if self.received * most // self.images == shown_before:
            return  # another image has this turn
        card = self._card(path, explanations, share=self._left // max(1, most - self.shown))
        if _weight(card) <= self._left:
            self._file.write(card)
            self._left -= _weight(card)
            self.shown += 1

    def parts(self) -> Iterator[Markup]:
        """The HTML of all images that are shown, in parts; after the last the file is gone."""
        self._file.seek(0)
        with self._file:
            while part := self._file.read(PART):
                yield Markup(part)

    def close(self) -> None:
        """Lets the file vanish, also where nobody has asked for its parts."""
        self._file.close()

    def _count(self, explanations: list[Explanation]) -> None:
        """Counts right predictions, and takes up what legends and captions say of all images."""
        for classifier, name in {e.classifier_title: correctness(e) for e in explanations}.items():
            self.correctness[classifier][name] += 1
        self.figures = max(self.figures, 1 + len(explanations))
        self.rules |= {explanation.rule for explanation in explanations}
        if REPRESENTATIONS[self.representation].coloured:
            bars = [colour_bar(self.display.colormap, e.rule) for e in explanations]
            self.colour_bars |= dict.fromkeys(bars)

    def _card(self, path: Path, explanations: list[Explanation], share: int) -> str:
        """One image beside its maps, in about `share` bytes."""
        true_class = explanations[0].true_class
        image = shrink(explanations[0].image, self._side(explanations[0].image))
        figures = [self._figure(explanation) for explanation in explanations]
        card = {
            "is_strip": _is_strip(image),
            "path": str(path),
            "name": path.name,
            "true_class": true_class,
            "true_number": _number(self.true_classes, true_class) if true_class else "",
            "source": data_uri(b"", "image/jpeg"),
            "figures": figures,
        }
        template = template_environment().get_template("card.html")
        room = share - _weight(template.render(card))  # for the images, which are not there yet
        most = int(room / BASE64 / (1 + len(figures))) - 2  # base64 fills up by two bytes
        card["source"] = thumbnail_uri(image, most)
        for figure, explanation in zip(figures, explanations, strict=True):
            figure["source"] = thumbnail_uri(self._map(explanation, image), most)
        return template.render(card)

    def _figure(self, explanation: Explanation) -> dict[str, Any]:
        """What the card says of an explanation, and by which numbers it is filtered."""
        _, name, score = explanation.top[0]
        name = name.replace("_", " ")
        prediction = class_with_probability(name, score, explanation.task)
        is_of_prediction = explanation.class_title == prediction
        return {
            "method": _number(self.methods, explanation.method.title),
            "classifier": _number(self.classifiers, explanation.classifier_title),
            "predicted": _number(self.predicted_classes, name),
            "correctness": correctness(explanation),
            "is_known": correctness(explanation) != UNKNOWN,
            "source": data_uri(b"", "image/jpeg"),
            "title": shorten(explanation.title, LONGEST_TITLE).split("\n"),
            "prediction": "" if is_of_prediction else prediction,
            "metrics": list(_metrics(explanation)),
            "warnings": _warnings(explanation),
        }

    def _map(self, explanation: Explanation, image: np.ndarray) -> np.ndarray:
        drawn = explanation.of_copy(image).represented(
            self.representation, self.display.colormap, self.display.alpha
        )
        return shrink(drawn, self._side(drawn))

    def _side(self, image: np.ndarray) -> int:
        """So long is a side of the image's thumbnail at most, pixels."""
        if _is_strip(image):
            return STRIP_SIDE
        return LARGE_SIDE if self.is_large else SIDE


def _metrics(explanation: Explanation) -> Iterator[tuple[str, str, str]]:
    """Title and value of each metric, and why there is none."""
    reasons = undefined(explanation)
    for call in dict.fromkeys([*explanation.results.values, *reasons]):
        reason = reasons.get(call, "")
        value = "n/a" if reason else number_text(explanation.results.values[call])
        yield parse_call(call, METRICS).title, value, reason


def _warnings(explanation: Explanation) -> list[str]:
    """What the reader of a map has to know."""
    notes = explanation.notes
    stopped = "stopped early" if explanation.stopped_early else ""
    cautions = explanation.diagnosis, notes.get("caution"), notes.get("image_caution"), stopped
    return [caution for caution in cautions if caution]


def correctness(explanation: Explanation) -> str:
    """Whether the classifier's best class is the image's: one of CORRECTNESS."""
    if explanation.true_index is None:
        return UNKNOWN
    return RIGHT if explanation.predicted_index == explanation.true_index else WRONG


def shrink(image: np.ndarray, most: int = SIDE) -> np.ndarray:
    """The image (H, W, 3), no side longer than `most` pixels."""
    largest = max(image.shape[:2])
    if largest <= most:
        return image
    height, width = (max(1, round(side * most / largest)) for side in image.shape[:2])
    return np.rint(resized(image, (height, width))).astype(np.uint8)


def thumbnail(image: np.ndarray, most: int) -> bytes:
    """The image as a JPEG of at most so many bytes, or the smallest that one still sees."""
    image = Image.fromarray(image)
    while True:
        file = io.BytesIO()
        image.save(file, "jpeg", quality=QUALITY, optimize=True)
        size, largest = file.tell(), max(image.size)
        if size <= most or largest <= SMALLEST_SIDE:
            return file.getvalue()
        factor = max(0.5, 0.95 * (max(most, 1) / size) ** 0.5)
        factor = max(factor, SMALLEST_SIDE / largest)
        image = image.resize([max(1, int(side * factor)) for side in image.size])


def thumbnail_uri(image: np.ndarray, most: int) -> str:
    """The image as a JPEG within a page, of at most about so many bytes."""
    return data_uri(thumbnail(image, most), "image/jpeg")


def _is_strip(image: np.ndarray) -> bool:
    """Whether it is so wide that it takes a row for itself."""
    return image.shape[1] >= STRIP * image.shape[0]


def _weight(html: str) -> int:
    """Its bytes."""
    return len(html.encode("utf-8", "backslashreplace"))


def _number(names: dict[str, int], name: str) -> int:
    """The name's number, a new one at its first time."""
    return names.setdefault(name, len(names))
