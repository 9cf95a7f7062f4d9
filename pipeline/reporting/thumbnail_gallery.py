"""A gallery of explanations as HTML, its thumbnails within it, however many images there are.

So many bytes are shared among the images: of many, each has a smaller thumbnail, and where these
would be too small to be looked at, only some images are shown, evenly spread. The gallery lies
in a file that vanishes, so that memory holds one image.
"""

import base64
import html
import io
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from figures import ColourBar
from images import resized
from pipeline.explaining.explanation import Explanation, colour_bar, percent
from pipeline.plan import Display
from representations import REPRESENTATIONS

LEAST = 4_000  # bytes of a thumbnail with what is said of it; with fewer, images are left out
SIDE, SMALLEST_SIDE = 320, 48  # of a thumbnail, pixels
QUALITY = 80  # of its JPEG
LONGEST = 80  # letters of a name
BASE64 = 4 / 3  # bytes of text for a byte
STOPS = 17  # colours of a legend
ANSWERS = RIGHT, WRONG, UNKNOWN = "right", "wrong", "class unknown"


class Gallery:
    """Takes the explanations of `images` images, one after the other, and makes HTML of them.

    `budget` is what it may weigh, in bytes.
    """

    def __init__(self, display: Display, images: int, budget: int):
        self.display = display
        self.images = images
        self.shown = 0
        self.methods: dict[str, int] = {}  # title -> number, by which it is filtered
        self.classifiers: dict[str, int] = {}
        self.predicted: dict[str, int] = {}
        self.true: dict[str, int] = {}
        self.rules: set[str] = set()
        self.answers: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(ANSWERS, 0))
        self.bars: dict[ColourBar, None] = {}  # in the order in which they came
        self._left = budget
        self.come = 0
        self._most: int | None = None  # images that are shown, once it is known
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (read when all are there)

    @property
    def representation(self) -> str:
        """What is shown of a map: the overlay, unless others were asked for and it was not."""
        asked = self.display.representations or ("overlay",)
        return "overlay" if "overlay" in asked else asked[0]

    def add(self, path: Path, explanations: list[Explanation]) -> None:
        """Takes the explanations of an image; it is shown if its turn has come."""
        if not explanations:
            return
        answers = {e.classifier_title: answer(e) for e in explanations}
        for classifier, given in answers.items():
            self.answers[classifier][given] += 1
        self.rules |= {explanation.rule for explanation in explanations}
        if REPRESENTATIONS[self.representation].coloured:
            self.bars |= {colour_bar(self.display.colormap, e.rule): None for e in explanations}
        if self._most is None:
            self._most = max(1, self._left // (LEAST * (1 + len(explanations))))
        most = min(self._most, self.images)
        turn = (self.come + 1) * most // self.images > self.come * most // self.images
        self.come += 1
        if not turn:
            return
        share = self._left // max(1, most - self.shown)
        card = self._card(path, explanations, share).encode("utf-8", "replace")
        if len(card) <= self._left:
            self._file.write(card)
            self._left -= len(card)
            self.shown += 1

    def parts(self) -> Iterator[bytes]:
        """The HTML of all images that are shown, in parts; after the last the file is gone."""
        self._file.seek(0)
        with self._file:
            while part := self._file.read(1 << 20):
                yield part

    def close(self) -> None:
        """Lets the file vanish, also where nobody has asked for its parts."""
        self._file.close()

    def _card(self, path: Path, explanations: list[Explanation], share: int) -> str:
        """One image beside its maps, in about `share` bytes."""
        first = explanations[0]
        image = small(first.image)
        words = [self._words(explanation) for explanation in explanations]
        true = first.true_class
        shows = f" <small>of {text(true)}</small>" if true else ""
        head = (
            f'<article data-true="{_number(self.true, true) if true else ""}">'
            f'<h3 title="{text(str(path), 1000)}">{text(path.name)}{shows}</h3><div class="row">'
        )
        spent = len(head.encode("utf-8", "replace")) + sum(
            len(part.encode("utf-8", "replace")) for some in words for part in some
        )
        each = int((share - spent - 200) / BASE64 / (1 + len(explanations)))
        original = f"<figure>{_image(image, each, 'the image')}</figure>"
        figures = "".join(
            before + _image(self._map(explanation, image), each, "its map") + after
            for explanation, (before, after) in zip(explanations, words, strict=True)
        )
        return f"{head}{original}{figures}</div></article>\n"

    def _words(self, explanation: Explanation) -> tuple[str, str]:
        """The figure's beginning, with what it is filtered by, and its end, with its caption."""
        best = explanation.top[0]
        name = best[1].replace("_", " ")
        given = answer(explanation)
        begin = (
            f'<figure data-method="{_number(self.methods, explanation.method.title)}" '
            f'data-classifier="{_number(self.classifiers, explanation.classifier_title)}" '
            f'data-predicted="{_number(self.predicted, name)}" data-answer="{given}">'
        )
        lines = [f"<b>{text(explanation.title, 240).replace(chr(10), '</b><br>', 1)}"]
        told = "" if given == UNKNOWN else f" ({given})"
        lines.append(f"says {text(name)} {percent(best[2])}{told}")
        values = explanation.results.values.items()
        lines += [f"{text(metric)} {value:.3g}" for metric, value in values]
        for warning in (explanation.diagnosis, explanation.notes.get("caution")):
            lines += [f'<span class="warning">{text(warning, 300)}</span>'] if warning else []
        caption = "<br>".join(lines).replace("\n", "<br>")
        return begin, f"<figcaption>{caption}</figcaption></figure>"

    def _map(self, explanation: Explanation, image: np.ndarray) -> np.ndarray:
        drawn = explanation.of_copy(image).represented(
            self.representation, self.display.colormap, self.display.alpha
        )
        return small(drawn)


def answer(explanation: Explanation) -> str:
    """Whether the classifier's best class is the image's: one of ANSWERS."""
    if explanation.true_index is None:
        return UNKNOWN
    return RIGHT if explanation.predicted_index == explanation.true_index else WRONG


def small(image: np.ndarray) -> np.ndarray:
    """The image (H, W, 3), no side longer than a thumbnail's."""
    largest = max(image.shape[:2])
    if largest <= SIDE:
        return image
    height, width = (max(1, round(side * SIDE / largest)) for side in image.shape[:2])
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


def text(words: str, longest: int = LONGEST) -> str:
    """The words for HTML, long ones without their middle."""
    if len(words) > longest:
        words = f"{words[: longest // 2]}…{words[-longest // 2 :]}"
    return html.escape(words)


def legend(bar: ColourBar) -> str:
    """A colour bar as HTML."""
    import matplotlib

    colours = matplotlib.colormaps[bar.colormap](np.linspace(0, 1, STOPS), bytes=True)[:, :3]
    stops = ", ".join(f"rgb({red} {green} {blue})" for red, green, blue in colours.tolist())
    words = [f"<span>{text(label)}</span>" for label in bar.labels]
    return (
        f'<div class="legend"><i style="background: linear-gradient(to right, {stops})"></i>'
        f"<div>{''.join(words)}</div></div>"
    )


def data_uri(content: bytes, kind: str) -> str:
    """A file as part of a page; `kind` is its MIME type."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _image(image: np.ndarray, most: int, alternative: str) -> str:
    source = data_uri(thumbnail(image, most), "image/jpeg")
    return f'<button><img src="{source}" alt="{alternative}"></button>'


def _number(names: dict[str, int], name: str) -> int:
    return names.setdefault(name, len(names))
