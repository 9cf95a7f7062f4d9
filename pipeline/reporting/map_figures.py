"""Figures of images' maps: one grid for all, one figure for each, or bare images."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from figures.layout import Layout
from figures.sheet import COLUMN, LARGEST_CELL, MARGIN, TALLEST, Sheet
from pipeline.dataset.ground_truth import GroundTruthIndex
from pipeline.explaining.drawable import drawable
from pipeline.explaining.explanation import HEADLINE, Explanation
from pipeline.plan import Plan
from pipeline.reporting.captions import Captions, colour_bar_spans
from pipeline.reporting.comparison import Comparison, FigureRow, Row
from pipeline.reporting.figure_files import FigureFiles
from pipeline.reporting.file_names import run_name, single_name
from representations import REPRESENTATIONS

CELLS = (LARGEST_CELL, 1.9, 1.6, 1.3, 1.1)  # widths of images that are tried, inches
MOST_ROWS = 12  # of one figure, however low they are: their images are held in memory


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
        self._rows: list[FigureRow] = []
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
        if self.display.kind == "bare":
            draw = partial(explanation.bare, representation, **self.display.drawing)
            self.files.save_bare(stem, draw, explanation.image.nbytes)
            return
        if REPRESENTATIONS[representation].chart:
            image = explanation.chart(representation)
        else:
            image = explanation.represented(representation, **self.display.drawing)
        shown = [explanation], (representation,)
        sheet = Sheet(
            images=[image],
            titles=[""],
            columns=1,
            headline=HEADLINE.join([explanation.path.name, *explanation.title.split("\n")]),
            bars=colour_bar_spans(self.display.colormap, *shown, 0, 0),
            caption=self.captions.of_maps(*shown),
            width=self.display.width,
            largest=COLUMN - 2 * MARGIN,
        )
        self.files.save(stem, sheet, self.captions.in_full(*shown))

    def _add_rows(self, path: Path, explanations: Sequence[Explanation]) -> None:
        truth = explanations[0].truth_image if self.shows_truth else None
        image = drawable(explanations[0].image)  # else many photos would wait as they are
        if not explanations[0].is_clip:
            explanations = [explanation.of_copy(image) for explanation in explanations]
        for explained in self._in_rows(explanations):
            row = FigureRow(path, explained, truth)
            if self._rows and not self._has_room_for(row):
                self._pages += 1
                self._save_page(f"_{self._pages}")
            self._rows.append(row)

    def _has_room_for(self, row: FigureRow) -> bool:
        rows = [*self._rows, row]
        return len(rows) <= MOST_ROWS and self._largest(self._compared(rows)) is not None

    def _largest(self, comparison: Comparison) -> float | None:
        """How wide images can be for the figure to fit on a page; None where they would be tiny."""
        caption = self._caption(comparison)
        for largest in CELLS:
            if Layout(comparison.sheet(caption, largest, is_drawn=False)).height <= TALLEST:
                return largest
        return None

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

    def _compared(self, rows: Sequence[FigureRow]) -> Comparison:
        return Comparison(self.plan, self.classifiers, self.representations, rows)

    def _caption(self, comparison: Comparison) -> str:
        if self.display.caption == "file":
            return ""
        return self.captions.of_maps(comparison.explanations, self.representations)

    def _save_page(self, suffix: str) -> None:
        comparison = self._compared(self._rows)
        stem = run_name(replace(self.plan, views=()), self.classifiers) + suffix
        about = self.captions.in_full(comparison.explanations, self.representations)
        largest = self._largest(comparison) or CELLS[-1]
        self.files.save(stem, comparison.sheet(self._caption(comparison), largest), about)
        self._rows = []
