"""What a run leaves behind: lines on the screen, figures, and the record beside them."""

import hashlib
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

from classifier import Classifier
from pipeline.explanation import Explanation, drawable, percent
from pipeline.plan import Plan
from pipeline.record import (
    DISPLAY_RULE,
    classifier_record,
    method_record,
    versions,
    write_record,
)
from utils import grid_layout

ROWS = 6  # of one figure; more pictures and classes go to further figures
LONGEST_NAME = 100  # letters of a file's name


class Report:
    """Takes explanations picture by picture; holds no more than one figure's cells."""

    def __init__(self, plan: Plan, classifiers: list[Classifier]):
        self.plan = plan
        self.display = plan.display
        self.record: dict[str, Any] = {
            "versions": versions(),
            "classifiers": [classifier_record(classifier) for classifier in classifiers],
            "methods": [method_record(method) for method in plan.methods],
            "target": plan.targets.text,
            "test_image_index": plan.targets.position,
            "display": DISPLAY_RULE,
            "explanations": [],
            "failed": [],
        }
        pairs = len(classifiers) * len(plan.methods)
        alone = ("heatmap", "overlay") if pairs == 1 else ("overlay",)
        asked = self.display.representations
        self.representations = alone if asked is None else asked
        self.columns = 1 + pairs * len(self.representations)
        self._cells: list[tuple[np.ndarray | None, str]] = []
        self._notes: list[str] = []
        self._pages = 0
        self._saved: list[str] = []

    def add(self, path: Path, explanations: list[Explanation]) -> None:
        """Prints what was found of one picture, draws it and puts it into the record."""
        self._print(path, explanations)
        for explanation in explanations:
            self.record["explanations"].append(explanation.row())
        if not self.representations:
            return
        if self.display.kind == "singles":
            for explanation in explanations:
                self._save_singles(explanation)
            return
        for row in _rows(explanations):
            if len(self._cells) == ROWS * self.columns:
                self._pages += 1
                self._save_page(f"_{self._pages}")
            self._add_row(path, row)

    def failed(self, path: Path, reason: str) -> None:
        print(reason, file=sys.stderr)
        self.record["failed"].append({"picture": str(path), "reason": reason})

    def interrupted(self) -> None:
        done = len({row["picture"] for row in self.record["explanations"]})
        self.record["interrupted"] = True
        print(f"stopped; kept {done} of {len(self.plan.pictures)} pictures", file=sys.stderr)

    def finish(self) -> None:
        """Saves the last figure and the record."""
        if self._cells:
            self._pages += 1
            self._save_page(f"_{self._pages}" if self._pages > 1 else "")
        path = self._path(self._stem(), "json")
        self.record["figures"] = self._saved
        write_record(path, self.record)

    def _print(self, path: Path, explanations: list[Explanation]) -> None:
        print(f"{path}")
        told = set()
        for explanation in explanations:
            if explanation.classifier not in told:
                told.add(explanation.classifier)
                top = (f"{name} {percent(score)}" for _, name, score in explanation.record["top"])
                print(f"  {explanation.classifier}: {', '.join(top)}")
        for explanation in explanations:
            if explanation.diagnosis:
                print(f"  {explanation.title.replace(chr(10), ', ')}: {explanation.diagnosis}")

    def _add_row(self, path: Path, row: list[Explanation | None]) -> None:
        shown = next(explanation for explanation in row if explanation)
        self._cells.append((drawable(shown.picture), path.name))
        for explanation in row:
            for representation in self.representations:
                if explanation is None:
                    self._cells.append((None, ""))
                    continue
                self._cells.append((self._drawn(explanation, representation), explanation.title))
            if explanation and explanation.diagnosis:
                title = explanation.title.replace("\n", ", ")
                self._notes.append(f"{path.name}, {title}: {explanation.diagnosis}.")

    def _drawn(self, explanation: Explanation, representation: str) -> np.ndarray:
        return explanation.represented(representation, self.display.colormap, self.display.alpha)

    def _save_page(self, suffix: str) -> None:
        images, titles = zip(*self._cells, strict=True)
        self._save(self._stem() + suffix, images, titles, self.columns, self._notes)
        self._cells, self._notes = [], []

    def _save_singles(self, explanation: Explanation) -> None:
        for representation in self.representations:
            picture = explanation.path.stem
            parts = (picture, explanation.method, explanation.classifier, explanation.label)
            stem = "_".join([*map(str, parts), representation])
            image = self._drawn(explanation, representation)
            notes = [explanation.diagnosis + "."] if explanation.diagnosis else []
            self._save(stem, [image], [explanation.title], 1, notes)

    def _save(self, stem: str, images, titles, columns: int, notes: list[str]) -> None:
        path = self._path(stem, self.display.format)
        replaces = " (replaces an older one)" if path.exists() else ""
        grid_layout(
            images,
            titles,
            columns=columns,
            path=path,
            show=self.display.show,
            caption=" ".join([self._caption(), *notes]),
            colormap=self.display.colormap if self._has_colours() else None,
        )
        self._saved.append(str(path))
        print(f"{path}{replaces}")

    def _has_colours(self) -> bool:
        return bool({"heatmap", "overlay", "isolines"} & set(self.representations))

    def _caption(self) -> str:
        parts = [f"Maps are {DISPLAY_RULE}."]
        for classifier in self.record["classifiers"]:
            if classifier["layer"]:
                parts.append(f"{classifier['name']}: layer {classifier['layer']}.")
        return " ".join(parts)

    def _stem(self) -> str:
        """Name of the run's files: what it explains, how and by whom."""
        plan = self.plan
        pictures = (
            plan.pictures[0].stem if len(plan.pictures) == 1 else f"{len(plan.pictures)}_pictures"
        )
        methods = "-".join(str(method) for method in plan.methods)
        names = "-".join(classifier["name"] for classifier in self.record["classifiers"])
        parts = [pictures, methods, names]
        if plan.targets.position is not None:
            parts.append(f"image_index_{plan.targets.position}")
        elif plan.targets != type(plan.targets)():
            parts.append(plan.targets.text)
        return "_".join(parts)

    def _path(self, stem: str, suffix: str) -> Path:
        """Where a file of that name goes; no two of one run are the same."""
        safe = re.sub(r"[^\w.=-]+", "_", stem)
        if len(safe) > LONGEST_NAME:
            safe = f"{safe[:LONGEST_NAME]}_{hashlib.sha256(stem.encode()).hexdigest()[:8]}"
        path = self.display.output_dir / f"{safe}.{suffix}"
        number = 1
        while str(path) in self._saved:
            number += 1
            path = path.with_name(f"{safe}_{number}.{suffix}")
        return path


def _rows(explanations: list[Explanation]) -> list[list[Explanation | None]]:
    """Of one picture: a row for each class, a column for each classifier and method."""
    columns: dict[tuple, list[Explanation]] = {}
    for explanation in explanations:
        columns.setdefault((explanation.classifier, str(explanation.method)), []).append(
            explanation
        )
    count = max(len(column) for column in columns.values())
    return [
        [column[i] if i < len(column) else None for column in columns.values()]
        for i in range(count)
    ]
