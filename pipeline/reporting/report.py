"""What a run leaves behind: lines on the screen, figures, and the record beside them."""

import csv
import io
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from figures import ANIMATION, ColourBar
from figures.grid import LARGEST_CELL
from figures.saving import REST, save_animation, save_image
from pipeline.dataset.runner import Outcome, Runner
from pipeline.dataset.store import FOLDER
from pipeline.explaining.explanation import Explanation, colour_bar, percent
from pipeline.explaining.record import (
    classifier_record,
    method_record,
    metric_record,
    versions,
    view_record,
    write_record,
)
from pipeline.plan import Plan
from pipeline.reporting.file_names import FileNames, run_name, single_name
from pipeline.reporting.html_report import HtmlReport
from pipeline.reporting.results import Results
from representations import DISPLAY_RULES, REPRESENTATIONS, UPSAMPLING
from runtime import BackgroundWriter, write_text
from utils import grid_layout

ROWS = 6  # of one figure; more images and classes go to further figures
COLUMNS = 8  # of one figure; a row with more cells is broken into lines

TOLD = 24  # images that get lines on the screen and in the record; of more, the store tells

Entry = list[Explanation | None]  # a column for each classifier and method


class Report:
    """Takes explanations image by image; holds no more than one figure's cells."""

    def __init__(self, plan: Plan, runner: Runner):
        classifiers, evidence = runner.classifiers, runner.evidence
        self.plan = plan
        self.display = plan.display
        self._classifiers = classifiers
        self.classifiers = [classifier.name for classifier in classifiers]
        self.record: dict[str, Any] = {
            "versions": versions(),
            "classifiers": [classifier_record(classifier) for classifier in classifiers],
            "methods": [method_record(method) for method in plan.methods],
            "views": [view_record(view) for view in plan.views],
            "experiments": vars(plan.experiments) if plan.experiments.passes else None,
            "target": plan.targets.text,
            "test_image_index": plan.targets.position,
            "metrics": [metric_record(metric) for metric in plan.evaluation.metrics],
            "ground_truth": list(plan.evaluation.ground_truth),
            "without_ground_truth": evidence.unmatched if evidence.metrics else [],
            "images": len(plan.images),
            "explanations": [],
            "viewed": [],
            "failed": [],
            "interrupted": False,
            "figures": [],
        }
        pairs = len(classifiers) * len(plan.methods)
        alone = ("heatmap", "overlay") if pairs == 1 else ("overlay",)
        shown = {call.entry.shown for call in plan.methods}
        alone = (shown.pop() if len(shown) == 1 else ()) or alone
        alone += tuple(dict.fromkeys(draws for m in evidence.metrics for draws in m.draws))
        asked = self.display.representations
        self.representations = alone if asked is None else asked
        self.shows_truth = bool(evidence.metrics) and evidence.has_truth
        cells = 1 + self.shows_truth + pairs * len(self.representations)
        self.lines = -(-cells // COLUMNS)  # of a row
        self.columns = -(-cells // self.lines)
        self._rows: list[tuple[Path, Entry]] = []
        self._done, self._started = 0, time.monotonic()
        self._failures: dict[str, str] = {}  # image -> reason
        self._pages = 0
        self._results = Results(plan, [key for keys in runner.keys for key in keys])
        self._names = FileNames(self.display.output_dir)
        self._background = BackgroundWriter()
        self._bare = 0  # images without a figure around them
        self._html = HtmlReport(plan) if self.display.report else None

    def progress(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        """The outcomes; where there are many, with a bar that tells rate and time left."""
        from tqdm import tqdm

        many = len(self.plan.images) > TOLD
        bar = tqdm(total=len(self.plan.images), disable=None if many else True, unit="image")
        with bar:
            for outcome in outcomes:
                yield outcome
                bar.update()

    def add(self, outcome: Outcome) -> None:
        """Prints what was found of one image, puts it into the record and draws it."""
        path, explanations = outcome.path, outcome.explanations
        if outcome.error is not None:
            self.failed(path, outcome.error)
            return
        self._done += 1
        if self.tells:
            self._print(path, explanations)
            self.record["explanations"] += [explanation.row() for explanation in explanations]
        if self._html:
            self._html.add(path, explanations)
        if not self.representations:
            return
        if self.display.kind == "bare":
            for explanation in explanations:
                self._save_bare(explanation)
            return
        if self.display.kind == "singles":
            for explanation in explanations:
                self._save_singles(explanation)
            return
        for row in self._in_rows(explanations):
            if len(self._rows) == max(1, ROWS // self.lines):
                self._pages += 1
                self._save_page(f"_{self._pages}")
            self._rows.append((path, row))

    @property
    def tells(self) -> bool:
        """Whether there is a line on the screen for each image."""
        return len(self.plan.images) <= TOLD

    @property
    def is_incomplete(self) -> bool:
        """Whether images failed, or the run was stopped."""
        return bool(self._failures) or self.record["interrupted"]

    def failed(self, path: Path, reason: str) -> None:
        """Says why an image could not be explained or viewed, the first time."""
        if str(path) in self._failures:
            return
        self._failures[str(path)] = reason
        if len(self._failures) <= TOLD:
            print(reason, file=sys.stderr)
            self.record["failed"].append({"image": str(path), "reason": reason})

    def interrupted(self, kept: str = "") -> None:
        """Says that the run was stopped, and what is kept of it."""
        self.record["interrupted"] = True
        kept = kept or f"{self._done} of {len(self.plan.images)} images"
        print(f"stopped; kept {kept}", file=sys.stderr)

    def add_experiment(self, title: str, rows: list[dict[str, Any]], about: str) -> None:
        """Puts what an experiment found over all images into the run's page, if it has one."""
        if self._html:
            self._html.add_experiment(title, rows, about)

    def finish(self) -> None:
        """Saves the last figure, and the tables and charts of the metrics."""
        self._background.finish()
        if self._bare and not self.tells:
            print(f"{self._bare} images in {self.display.output_dir}")
        if self._rows:
            self._pages += 1
            self._save_page(f"_{self._pages}" if self._pages > 1 else "")
        metrics = self.plan.evaluation.metrics
        found = self._results.find() if self._done and (metrics or self._html) else None
        if metrics and found:
            for path in self._results.write(found):
                self.wrote(path)
        if self._html:
            self.wrote(self._html.write(self.record, list(self._failures.items()), found))
        failures = self.display.output_dir / "failures.csv"
        failures.unlink(missing_ok=True)  # of an earlier run
        if self._failures:
            table = io.StringIO(newline="")
            csv.writer(table).writerows([("image", "reason"), *self._failures.items()])
            write_text(failures, table.getvalue())
            _tell(failures, False)
        if self.plan.methods and not self.tells:
            seconds = time.monotonic() - self._started
            print(
                f"{self._done} of {len(self.plan.images)} images in {seconds:.0f} s "
                f"({self._done / seconds:.1f} a second), {len(self._failures)} failed; "
                f"{self.display.output_dir / FOLDER}"
            )

    def write_record(self) -> None:
        """Saves the record, also of a run that failed on its way."""
        if self._html:
            self._html.close()
        for classifier, row in zip(self._classifiers, self.record["classifiers"], strict=True):
            row["folding_refused"] = classifier.folding_refused
        path = self._names.path(run_name(self.plan, self.classifiers), "json")
        replaces = path.exists()
        write_record(path, self.record)
        _tell(path, replaces)

    def _in_rows(self, explanations: list[Explanation]) -> list[Entry]:
        """Of one image: a row for each class; a class-agnostic method stands in the first."""
        columns: dict[tuple, list[Explanation]] = {}
        for classifier in self.classifiers:
            for method in self.plan.methods:
                columns[classifier, str(method)] = []
        for explanation in explanations:
            columns[explanation.classifier, str(explanation.method)].append(explanation)
        count = max(map(len, columns.values()))
        return [
            [column[i] if i < len(column) else None for column in columns.values()]
            for i in range(count)
        ]

    def _print(self, path: Path, explanations: list[Explanation]) -> None:
        print(path)
        tops = {explanation.classifier_title: explanation.top for explanation in explanations}
        for classifier, top in tops.items():
            best = (f"{name} {percent(score)}" for _, name, score in top)
            print(f"  {classifier}: {', '.join(best)}")
        for explanation in explanations:
            where = explanation.title.replace("\n", ", ")
            if explanation.diagnosis:
                print(f"  {where}: {explanation.diagnosis}")
            if caution := explanation.notes.get("caution"):
                print(f"  {where}: {caution}")
            if explanation.notes.get("stopped_early"):
                print(f"  {where}: stopped early, after {explanation.notes['passes']:,} passes")
            if values := explanation.results.values:
                told = ", ".join(f"{name} {value:.3f}" for name, value in values.items())
                ties = explanation.results.tied
                told += f" ({ties:.0%} of the pixels tied)" if ties is not None else ""
                print(f"  {where}: {told}")

    def _save_page(self, suffix: str) -> None:
        images, titles = [], []
        for path, row in self._rows:
            shown = next(explanation for explanation in row if explanation)
            images.append(shown.shown_image)
            titles.append(path.name)
            if self.shows_truth:
                images.append(shown.truth_image)
                titles.append("ground truth" if images[-1] is not None else "")
            for explanation in row:
                for representation in self.representations:
                    images.append(explanation and self._drawn(explanation, representation))
                    titles.append(explanation.title if explanation else "")
            rest = -len(images) % (self.columns * self.lines)
            images += [None] * rest
            titles += [""] * rest
        stem = run_name(replace(self.plan, views=()), self.classifiers) + suffix
        shown = [explanation for _, row in self._rows for explanation in row if explanation]
        self._save(stem, images, titles, self.columns, shown, self.representations)
        self._rows = []

    def _save_singles(self, explanation: Explanation) -> None:
        for representation in self.representations:
            stem = f"{single_name(explanation)}_{representation}"
            image = self._drawn(explanation, representation)
            self._save(stem, [image], [explanation.title], 1, [explanation], (representation,))

    def _save_bare(self, explanation: Explanation) -> None:
        """Each representation as a PNG of the image's size, and nothing around it."""
        for representation in self.representations:
            stem = f"{single_name(explanation)}_{representation}"
            look = self.display.colormap, self.display.alpha
            self.save_bare(stem, partial(explanation.bare, representation, *look))

    def _drawn(self, explanation: Explanation, representation: str) -> np.ndarray:
        return explanation.represented(representation, self.display.colormap, self.display.alpha)

    def _save(
        self,
        stem: str,
        images: list[np.ndarray | None],
        titles: list[str],
        columns: int,
        shown: list[Explanation],
        representations: Sequence[str],
    ) -> None:
        rules = sorted({explanation.rule for explanation in shown})
        bars = [colour_bar(self.display.colormap, rule) for rule in rules]
        coloured = any(REPRESENTATIONS[name].coloured for name in representations)
        caption = self.caption(shown, representations)
        self.save(stem, images, titles, columns, caption, dict.fromkeys(bars) if coloured else [])

    def save(
        self,
        stem: str,
        images: Sequence[np.ndarray | None],
        titles: Sequence[str],
        columns: int,
        caption: str,
        bars: Iterable[ColourBar] = (),
        largest: float = LARGEST_CELL,
    ) -> None:
        """Saves a figure of images with their titles, `largest` inches wide at most."""
        path = self._names.path(stem, self.display.figure_format)
        replaces = path.exists()
        grid_layout(
            images,
            titles,
            columns=columns,
            path=path,
            show=self.display.show,
            caption=caption,
            colour_bars=list(bars),
            largest=largest,
        )
        self.wrote(path, replaces)

    def save_bare(self, stem: str, draw: Callable[[], np.ndarray]) -> None:
        """Saves the image that `draw` gives as PNG, and nothing around it, while others go on."""
        path = self._names.path(stem, "png")
        self._bare += 1
        if self.tells:
            self.wrote(path, path.exists())
        self._background.submit(lambda: save_image(draw(), path))

    def save_animation(self, stem: str, frames: np.ndarray) -> None:
        """Saves frames (F, H, W, 3) as they follow each other."""
        path = self._names.path(stem, ANIMATION)
        replaces = path.exists()
        self.wrote(save_animation(frames, path, rest=REST), replaces)

    def wrote(self, path: Path, replaces: bool = False) -> None:
        """Puts a figure or table into the record, and says where it is."""
        self.record["figures"].append(str(path))
        _tell(path, replaces)

    def caption(self, shown: list[Explanation], representations: Sequence[str]) -> str:
        """The rules by which maps were drawn, all options, layers, and maps that mean nothing."""
        rules = sorted({explanation.rule for explanation in shown})
        drawn = [REPRESENTATIONS[name] for name in representations]
        parts = [] if all(one.own_size for one in drawn) else [UPSAMPLING]
        parts += [DISPLAY_RULES[rule].caption for rule in rules]
        parts += [one.caption for one in drawn if one.caption]
        parts += [self._results.constants()] if self.plan.evaluation.metrics else []
        for method in dict.fromkeys(str(explanation.method) for explanation in shown):
            call = next(e.method for e in shown if str(e.method) == method)
            parts.append(call.description)
        rows = [method.entry for method in self.plan.methods]
        if any(row.shares_features for row in rows):
            for classifier in self.record["classifiers"]:
                parts.append(f"{classifier['name']}: layer {classifier['layer']}.")
        if self.plan.classifiers[0].precision != "float32":
            parts.append(f"Perturbations in {self.plan.classifiers[0].precision}.")
        for caution in dict.fromkeys(explanation.notes.get("caution") for explanation in shown):
            parts += [f"{caution[0].upper()}{caution[1:]}."] if caution else []
        for explanation in shown:
            if explanation.diagnosis:
                where = explanation.title.replace("\n", ", ")
                parts.append(f"{explanation.path.name}, {where}: {explanation.diagnosis}.")
        return " ".join(part for part in parts if part)


def _tell(path: Path, replaces: bool) -> None:
    print(f"{path}{' (replaces an older one)' if replaces else ''}")
