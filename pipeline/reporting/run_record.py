"""The record of a run, as it grows: all that it takes to do it again, and what came of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from classifier import Classifier
from pipeline.dataset.ground_truth import GroundTruthIndex
from pipeline.dataset.store import FOLDER
from pipeline.explaining.explanation import Explanation
from pipeline.explaining.record import (
    call_record,
    classifier_record,
    finite,
    versions,
    write_record,
)
from pipeline.explaining.view_image import ViewImage
from pipeline.plan import Plan


class RunRecord:
    """What a run's JSON file says."""

    def __init__(self, plan: Plan, classifiers: Sequence[Classifier], truths: GroundTruthIndex):
        self._classifiers = classifiers
        self._failed: list[dict[str, str]] = []
        self._explanations: list[dict[str, Any]] = []
        self._views: list[dict[str, Any]] = []
        self._files: list[str] = []
        self.interrupted = False
        evaluation = plan.evaluation
        self._plan = {
            "command": list(plan.command),
            "date": datetime.now().astimezone().isoformat(timespec="seconds"),
            "methods": [call_record(call) for call in plan.methods],
            "views": [call_record(call) for call in plan.views],
            "experiments": vars(plan.experiments) if plan.experiments.passes else None,
            "target": plan.targets.description,
            "test_image_index": plan.targets.position,
            "metrics": [call_record(call) for call in evaluation.metrics],
            "ground_truth": list(evaluation.ground_truth),
            "without_ground_truth": truths.unmatched if truths.metrics else [],
            "images": len(plan.images),
            "store": str(plan.display.output_dir / FOLDER),  # the explanations of all images
        }

    @property
    def layers(self) -> dict[str, str]:
        """The layer that each classifier is explained by, where it has any."""
        return {c.name: c.layer for c in self._classifiers if c.has_layers and c.layer}

    @property
    def cautions(self) -> list[str]:
        """What a reader of the figures should know of the classifiers."""
        return [caution for c in self._classifiers for caution in c.cautions]

    def add_explanations(self, explanations: Iterable[Explanation]) -> None:
        self._explanations += [explanation.as_record() for explanation in explanations]

    def add_views(self, views: Iterable[ViewImage]) -> None:
        self._views += [view.as_record() for view in views]

    def add_failure(self, path: Path | None, asker: str, reason: str) -> None:
        self._failed.append(
            {"image": "" if path is None else str(path), "of": asker, "reason": reason}
        )

    def add_file(self, path: Path) -> None:
        """A figure or table that was written."""
        self._files.append(str(path))

    def as_dict(self) -> dict[str, Any]:
        """All of it, as it stands."""
        classifiers = [
            classifier_record(c) | {"folding_refused": c.folding_refused} for c in self._classifiers
        ]
        return {
            "versions": versions(),
            "classifiers": classifiers,
            **self._plan,
            "explanations": self._explanations,
            "viewed": self._views,
            "failed": self._failed,
            "interrupted": self.interrupted,
            "figures": self._files,
        }

    def constants(self) -> dict[str, Any]:
        """What is the same for all images, as JSON can hold it."""
        grown = ("explanations", "viewed", "failed", "figures", "without_ground_truth")
        return finite({key: v for key, v in self.as_dict().items() if key not in grown})

    def write(self, path: Path) -> None:
        """Saves it as JSON."""
        write_record(path, self.as_dict())
