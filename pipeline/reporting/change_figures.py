"""Figures of experiments: an image and its map beside those after each change."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from figures import BarSpan, Sheet
from figures.sheet import most_columns
from pipeline.explaining.changes import ChangedExplanation
from pipeline.explaining.drawable import drawable
from pipeline.explaining.explanation import (
    HEADLINE,
    Explanation,
    class_with_probability,
    percent,
)
from pipeline.plan import Plan
from pipeline.reporting.captions import Captions, colour_bars
from pipeline.reporting.figure_files import FigureFiles
from pipeline.reporting.file_names import single_name

PAIRS, MANY_PAIRS = 2, 6  # of an image and its map in a row of a figure; one more beyond so many


class Panel(NamedTuple):
    """An image of a figure: what its file is called where it stands alone, and its title."""

    name: str
    image: np.ndarray  # (H, W, 3) uint8
    title: str


class ChangeFigures:
    """Draws what experiments found of one image after the other."""

    def __init__(self, plan: Plan, captions: Captions, files: FigureFiles, draws: bool):
        self.plan, self.display, self.files = plan, plan.display, files
        self.captions, self._draws = captions, draws

    def add(self, changed: Sequence[ChangedExplanation]) -> None:
        """Draws a figure for each explanation and experiment."""
        if not self._draws:
            return
        groups: dict[tuple[int, str], list[ChangedExplanation]] = {}
        for explanation in changed:
            groups.setdefault((id(explanation.before), explanation.change.experiment), []).append(
                explanation
            )
        for (_, experiment), group in groups.items():
            self._draw(experiment, group)

    def _draw(self, experiment: str, group: list[ChangedExplanation]) -> None:
        before = group[0].before
        stem = f"{single_name(before)}_{experiment}"
        panels = self._panels(experiment, group)
        if self.display.kind == "bare":
            for panel in panels:
                self.files.save_bare(f"{stem}_{panel.name}", lambda image=panel.image: image)
            return
        pairs = math.ceil(len(panels) / 2)
        columns = 2 * min(pairs, PAIRS + (1 if pairs > MANY_PAIRS else 0))
        columns = min(columns, most_columns(self.display.width, has_labels=False) // 2 * 2)
        titles = [panel.title for panel in panels]
        shown = [before, *(changed.after for changed in group)]
        bars = colour_bars(self.display.colormap, shown, ["overlay"])
        last_row = math.ceil(len(panels) / columns) - 1
        about = ABOUT[experiment](group)
        sheet = Sheet(
            images=[panel.image for panel in panels],
            titles=titles,
            columns=columns,
            headline=HEADLINE.join([before.path.name, *before.title.split("\n")]),
            bars=[BarSpan(last_row, 0, columns - 1, bar) for bar in bars],
            caption=f"{self.captions.of_maps([before], ['overlay'])} {about}",
            width=self.display.width,
        )
        self.files.save(stem, sheet, f"{self.captions.in_full([before], ['overlay'])} {about}")

    def _panels(self, experiment: str, group: list[ChangedExplanation]) -> list[Panel]:
        """The image with its prediction, its map, and a pair for each change."""
        before = group[0].before
        _, name, score = before.top[0]
        title = f"image\n{class_with_probability(name, score, before.task)}"
        panels = [
            Panel("image", drawable(before.image), title),
            self._map("map", before, "its map"),
        ]
        for changed in group:
            values, change = changed.values, changed.change
            seen = class_with_probability(
                values["predicted"], values["predicted_probability"], before.task
            )
            image_title, map_title = TITLES[experiment](changed)
            panels += [
                Panel(change.name, changed.after.image, f"{image_title}\n{seen}"),
                self._map(f"{change.name}_map", changed.after, map_title),
            ]
        return panels

    def _map(self, name: str, explanation: Explanation, title: str) -> Panel:
        """The map over the image; where it means nothing, the title says so."""
        image = explanation.represented("overlay", **self.display.drawing)
        return Panel(name, image, f"{title}\n(no map)" if explanation.diagnosis else title)


def _augmentation_titles(changed: ChangedExplanation) -> tuple[str, str]:
    r = changed.values["correlation"]
    correlation = f"r = {math.nan if r is None else r:.2f}"
    return changed.change.name.replace("_", " "), f"{_probability(changed)}{correlation}"


def _masking_titles(changed: ChangedExplanation) -> tuple[str, str]:
    return changed.change.title, f"{_probability(changed)}its map"


def _probability(changed: ChangedExplanation) -> str:
    """Of the class that is explained, now; nothing for a map of any class."""
    after = changed.after
    return "" if after.class_agnostic else f"{percent(after.probability, after.task)}, "


def _about_masking(group: Sequence[ChangedExplanation]) -> str:
    change = group[0].change
    return f"Hidden with {change.fill}, as {change.shape}."


def _about_augmentations(group: Sequence[ChangedExplanation]) -> str:
    return "r: correlation with the image's own map, where both images show the same."


# Of each experiment: the titles of a pair, and what a caption says of it.
TITLES = {"augmentations": _augmentation_titles, "masking": _masking_titles}
ABOUT = {"augmentations": _about_augmentations, "masking": _about_masking}
