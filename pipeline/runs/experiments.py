"""What experiments share: an image's explanations asked again of changed images, and drawn."""

import zlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from classifier import Classifier
from images import resized
from pipeline.explaining.explain import Asked, explain_batch
from pipeline.explaining.explanation import Explanation, colour_bar, drawable, percent
from pipeline.reporting.file_names import single_name
from pipeline.reporting.report import Report
from pipeline.reporting.running_table import RunningTable
from registry import Call
from runtime import write_text

PAIRS, MANY_PAIRS = 2, 6  # of an image and its map in a row of a figure; one more beyond so many


class Classes(NamedTuple):
    """Targets that are known before an image is."""

    chosen: Sequence[int]
    box: None = None  # experiments are of classes

    def indices(self, classifier: Classifier, scores) -> list[int]:
        """The same for every image."""
        return list(self.chosen)


class Panel(NamedTuple):
    """An image of a figure: what its file is called where it stands alone, and its title."""

    name: str
    image: np.ndarray  # (H, W, 3) uint8
    title: str


def explained(
    images: Iterable[np.ndarray],
    before: Explanation,
    methods: Sequence[Call],
    classifier: Classifier,
    classes: Sequence[int],
) -> list[dict[tuple[str, int], Explanation]]:
    """Of each changed image (h, w, 3), of any size, its explanations by method and class.

    Raises KeyboardInterrupt where a method was stopped early.
    """
    batch = [
        Asked(
            before.path,
            in_shape(image, before.image),
            resized(image, classifier.input_size),
            methods,
        )
        for image in images
    ]
    found = explain_batch(batch, classifier, Classes(classes))
    if any(some and some[-1].stopped_early for some in found):
        raise KeyboardInterrupt
    return [{key_of(explanation): explanation for explanation in some} for some in found]


def key_of(explanation: Explanation) -> tuple[str, int]:
    """What tells an explanation from others of the same image and classifier."""
    return str(explanation.method), explanation.class_index


def in_shape(changed: np.ndarray, image: np.ndarray) -> np.ndarray:
    """(h, w, 3) float32 -> uint8 in the proportions of the image (H, W, 3), no side smaller."""
    pixels = np.rint(changed).astype(np.uint8)
    size = size_in_shape(changed.shape[:2], image)
    return drawable(np.rint(resized(pixels, size)).astype(np.uint8))


def size_in_shape(size: tuple[int, int], image: np.ndarray) -> tuple[int, int]:
    """The smallest size (H, W) in the proportions of the image, of which no side is smaller."""
    sides = list(zip(size, image.shape[:2], strict=True))
    factor = max(side / whole for side, whole in sides)
    return tuple(max(side, round(whole * factor)) for side, whole in sides)


def seeds_of(image: np.ndarray, seed: int, purpose: str, count: int) -> list[int]:
    """Seeds that are the same for the same image, whatever it is called and whoever looks."""
    own = (seed, zlib.crc32(np.ascontiguousarray(image)), zlib.crc32(purpose.encode()))
    return [int(number) for number in np.random.SeedSequence(own).generate_state(count)]


def identity(explanation: Explanation) -> dict[str, Any]:
    """The first columns of an experiment's rows."""
    return {
        "image": str(explanation.path),
        "classifier": explanation.classifier_title,
        "method": str(explanation.method),
        "class": explanation.label,
    }


def with_probability(label: str, probability: float) -> str:
    """A class and its probability, as figures have it."""
    return f"{label.replace('_', ' ')} {percent(probability)}"


def class_words(explanation: Explanation) -> str:
    """The class that a map is of, with its probability."""
    if explanation.class_agnostic:
        return "any class"
    return with_probability(explanation.label, explanation.probability)


def in_line(explanation: Explanation) -> str:
    """What an explanation is of, as the screen shows it."""
    return explanation.title.replace("\n", ", ")


def first_panels(before: Explanation, report: Report) -> list[Panel]:
    """The image with its prediction, and its map."""
    _, name, score = before.top[0]
    title = f"{before.path.name}\n{with_probability(name, score)}"
    return [
        Panel("image", drawable(before.image), title),
        map_panel("map", before, before.title, report),
    ]


def map_panel(name: str, explanation: Explanation, title: str, report: Report) -> Panel:
    """The map over the image; where it means nothing, the title says so."""
    display = report.display
    image = explanation.represented("overlay", display.colormap, display.alpha)
    return Panel(name, image, f"{title}\n(no map)" if explanation.diagnosis else title)


def draw(
    report: Report,
    name: str,
    before: Explanation,
    panels: Sequence[Panel],
    found: Iterable[Explanation],
    about: str,
) -> None:
    """Saves the panels, in pairs, as one figure, or bare where that is asked for."""
    stem, display = f"{single_name(before)}_{name}", report.display
    if not report.representations:
        return
    if display.kind == "bare":
        for panel in panels:
            report.save_bare(f"{stem}_{panel.name}", lambda image=panel.image: image)
        return
    pairs = -(-len(panels) // 2)
    columns = 2 * min(pairs, PAIRS + (pairs > MANY_PAIRS))
    rules = sorted({explanation.rule for explanation in (before, *found)})
    bars = dict.fromkeys(colour_bar(display.colormap, rule) for rule in rules)
    caption = f"{report.caption([before], ['overlay'])} {about}"
    images, titles = [panel.image for panel in panels], [panel.title for panel in panels]
    report.save(stem, images, titles, columns, caption, bars)


def write_summary(running_table: RunningTable, title: str, about: str, report: Report) -> None:
    """Prints an experiment's summary and writes it beside its table, where it has any rows."""
    if not (rows := running_table.summary()):
        return
    report.add_experiment(title, rows, about)
    print(f"{title}\n{running_table.text('simple')}\n{about}")
    if report.record["interrupted"]:  # the table of a whole run is not lost for a part of one
        running_table.path = running_table.path.with_stem(f"{running_table.path.stem}_partial")
    path = running_table.path.with_suffix(".md")
    older = running_table.path.exists(), path.exists()
    report.wrote(running_table.write(), older[0])
    write_text(path, f"## {title}\n\n{running_table.text('pipe')}\n\n{about}\n")
    report.wrote(path, older[1])
