"""What is known of the pictures of a run: their ground truth and their classes."""

import sys
from functools import cached_property
from pathlib import Path

import numpy as np

from classifier import Classifier
from evaluation import METRICS
from evaluation.fixations import inside
from evaluation.ground_truth import (
    LISTS,
    GroundTruth,
    find_ground_truth,
    is_mexculture_truth,
    read_truth,
)
from evaluation.metric import OTHERS
from evaluation.true_classes import some_of_each, true_classes
from pictures import picture_size
from pipeline.plan import Plan

LISTED = 10  # unmatched pictures that are named


class Evidence:
    """Ground truth and true classes of a plan's pictures.

    Raises FileNotFoundError or ValueError for places that are not there, or classes that are none.
    """

    def __init__(self, plan: Plan):
        evaluation = plan.evaluation
        self.metrics = [METRICS[call.name] for call in evaluation.metrics]
        self._calls = evaluation.metrics
        self.viewing = evaluation.viewing
        pictures = list(plan.pictures)
        if self.metrics:
            pictures = [picture for picture in pictures if not is_mexculture_truth(picture)]
        self.classes = true_classes(pictures)
        if evaluation.per_class is not None:
            pictures = some_of_each(pictures, self.classes, evaluation.per_class, evaluation.seed)
        self._files: dict[Path, tuple[Path, ...]] = {}
        if any(metric.truths for metric in self.metrics) or evaluation.ground_truth:
            self._files = find_ground_truth(pictures, list(evaluation.ground_truth))
            truths = {file for files in self._files.values() for file in files}
            pictures = [picture for picture in pictures if picture not in truths]
        self.pictures = tuple(pictures)

    def tell(self) -> None:
        """Says which pictures have no ground truth, where some is needed."""
        needed = [metric.name for metric in self.metrics if metric.truths]
        without = [str(picture) for picture in self.pictures if picture not in self._files]
        if not needed or not without:
            return
        named = ", ".join(without[:LISTED]) + ", ..." * (len(without) > LISTED)
        print(
            f"{len(without)} of {len(self.pictures)} pictures have no ground truth, so no "
            f"{', '.join(needed)}: {named}",
            file=sys.stderr,
        )

    @property
    def has_truth(self) -> bool:
        """Whether any picture has ground truth."""
        return bool(self._files)

    @property
    def unmatched(self) -> list[str]:
        """Pictures without ground truth, for the record."""
        return [str(picture) for picture in self.pictures if picture not in self._files]

    def wanted(self, picture: Path) -> frozenset[str]:
        """The metrics that may have a value for the picture: all, if it has any ground truth."""
        return frozenset(
            str(call)
            for call in self._calls
            if picture in self._files or not METRICS[call.name].truths
        )

    def truth(self, picture: Path, size: tuple[int, int]) -> GroundTruth | None:
        """The picture's ground truth, if it has any; `size` is the picture's (H, W)."""
        files = self._files.get(picture)
        return GroundTruth(files, size, self.viewing) if files else None

    def true_class(self, picture: Path, classifier: Classifier) -> tuple[str | None, int | None]:
        """The name of the picture's class, and its index if the classifier knows it."""
        name = self.classes.get(picture)
        if name is None or name.isdigit():
            return name, None
        try:
            return name, classifier.labels.index(name)
        except ValueError:
            return name, None

    def other_fixations(self, picture: Path) -> np.ndarray | None:
        """(m, 2): fixations on all other pictures, in parts of their width and height."""
        if not any(OTHERS in metric.needs for metric in self.metrics):
            return None
        owners, places = self._all_fixations
        return places[owners != self.pictures.index(picture)]

    @cached_property
    def _all_fixations(self) -> tuple[np.ndarray, np.ndarray]:
        """The number of the picture (m,) and the place (m, 2) of every fixation."""
        owners, places = [np.empty(0, int)], [np.empty((0, 2))]
        for number, picture in enumerate(self.pictures):
            lists = [f for f in self._files.get(picture, ()) if f.suffix.lower() in LISTS]
            if not lists:
                continue
            try:
                height, width = picture_size(picture)
                _, found = read_truth(lists[0])
            except (OSError, ValueError):
                continue  # said when it is this picture's turn
            found = inside(found, (height, width))[:, :2] / (width, height)
            owners.append(np.full(len(found), number))
            places.append(found)
        return np.concatenate(owners), np.concatenate(places)
