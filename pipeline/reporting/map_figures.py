"""Figures of images' maps: one grid for all, one figure for each, or bare images."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from pipeline.dataset.ground_truth import GroundTruthIndex
from pipeline.explaining.explanation import Explanation, drawable
from pipeline.plan import Plan
from pipeline.reporting.captions import Captions, colour_bars
from pipeline.reporting.figure_files import FigureFiles
from pipeline.reporting.file_names import run_name, single_name

ROWS = 6  # of one figure; more images and classes go to further figures
COLUMNS = 8  # of one figure; a row with more cells is broken into lines

Row = list[Explanation | None]  # a column for each classifier and method


def shown_representations(plan: Plan) -> tuple[str, ...]:
    """The representations that are asked for, or those that suit the methods and metrics."""
    if plan.display.representations is not None:
        return plan.display.representations
    pairs = len(plan.classifiers) * len(plan.methods)
    suited = {call.entry.shown for call in plan.methods}
    of_methods = suited.pop() if len(suited) == 1 else ()
    shown = of_methods or (("heatmap", "overlay") if pairs == 1 else ("overlay",))
    of_metrics = (name for call in plan.evaluation.metrics for name in call.entry.draws)
    return shown + tuple(dict.fromkeys(of_metrics))


class MapFigures:
    """Draws explanations image by image; holds no more than one figure's cells."""

    def __init__(
        self,
        plan: Plan,
        captions: Captions,
        classifiers: Sequence[str],
        truths: GroundTruthIndex,
        files: FigureFiles,
    ):
        self.plan, self.display, self.files = plan, plan.display, files
        self.captions, self.classifiers = captions, classifiers
        self.representations = shown_representations(plan)
        self.shows_truth = bool(truths.metrics) and truths.has_truth
        pairs = len(classifiers) * len(plan.methods)
        cells = 1 + self.shows_truth + pairs * len(self.representations)
        self._lines = math.ceil(cells / COLUMNS)  # of a row
        self._columns = math.ceil(cells / self._lines)
        self._rows: list[tuple[Path, Row]] = []
        self._pages = 0

    def add(self, path: Path, explanations: Sequence[Explanation]) -> None:
        """Draws one image's explanations, or keeps them until a figure is full."""
        if not self.representations:
            return
        if self.display.kind == "grid":
            self._add_rows(path, explanations)
            return
        for explanation in explanations:
            for representation in self.representations:
                stem = f"{single_name(explanation)}_{representation}"
                self._save_alone(stem, explanation, representation)

    def finish(self) -> None:
        """Saves the last figure."""
        if self._rows:
            self._pages += 1
            self._save_page(f"_{self._pages}" if self._pages > 1 else "")

    def _save_alone(self, stem: str, explanation: Explanation, representation: str) -> None:
        display = self.display
        if display.kind == "bare":
            draw = partial(explanation.bare, representation, display.colormap, display.alpha)
            self.files.save_bare(stem, draw, explanation.image.nbytes)
            return
        image = self._drawn(explanation, representation)
        self._save(stem, [image], [explanation.title], 1, [explanation], (representation,))

    def _add_rows(self, path: Path, explanations: Sequence[Explanation]) -> None:
        image = drawable(explanations[0].image)  # else six photos would wait as they are
        if not explanations[0].is_clip:
            explanations = [explanation.of_copy(image) for explanation in explanations]
        for row in self._in_rows(explanations):
            if len(self._rows) == max(1, ROWS // self._lines):
                self._pages += 1
                self._save_page(f"_{self._pages}")
            self._rows.append((path, row))

    def _in_rows(self, explanations: Sequence[Explanation]) -> list[Row]:
        """Of one image: a row for each class; a class-agnostic method stands in the first."""
        columns: dict[tuple, list[Explanation]] = {
            (classifier, str(method)): []
            for classifier in self.classifiers
            for method in self.plan.methods
        }
        for explanation in explanations:
            columns[explanation.classifier, str(explanation.method)].append(explanation)
        count = max(map(len, columns.values()))
        return [
            [column[i] if i < len(column) else None for column in columns.values()]
            for i in range(count)
        ]

    def _save_page(self, suffix: str) -> None:
        images, titles = [], []
        for path, row in self._rows:
            cells = self._cells(path, row)
            cells += [(None, "")] * (-len(cells) % (self._columns * self._lines))
            images += [image for image, _ in cells]
            titles += [title for _, title in cells]
        stem = run_name(replace(self.plan, views=()), self.classifiers) + suffix
        shown = [explanation for _, row in self._rows for explanation in row if explanation]
        self._save(stem, images, titles, self._columns, shown, self.representations)
        self._rows = []

    def _cells(self, path: Path, row: Row) -> list[tuple[np.ndarray | None, str]]:
        """Images and titles of one row."""
        shown = next(explanation for explanation in row if explanation)
        cells = [(shown.shown_image, path.name)]
        if self.shows_truth:
            truth = shown.truth_image
            cells.append((truth, "" if truth is None else "ground truth"))
        for explanation in row:
            for representation in self.representations:
                if explanation is None:
                    cells.append((None, ""))
                else:
                    cells.append((self._drawn(explanation, representation), explanation.title))
        return cells

    def _drawn(self, explanation: Explanation, representation: str) -> np.ndarray:
        return explanation.represented(representation, self.display.colormap, self.display.alpha)

    def _save(self, stem, images, titles, columns, shown, representations) -> None:
        bars = colour_bars(self.display.colormap, shown, representations)
        under = self.captions.of_maps(shown, representations)
        self.files.save(stem, images, titles, columns, under, bars)
