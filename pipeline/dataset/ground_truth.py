"""What is known of the images of a run: their ground truth and their classes."""

import hashlib
import sys
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np

from classifier import Classifier
from evaluation.ground_truth import (
    GroundTruth,
    find_ground_truth,
    is_mexculture_truth,
)
from evaluation.metric import OTHERS
from evaluation.true_classes import some_of_each, true_classes
from images import image_size
from pipeline.dataset.columns import TRUTH
from pipeline.plan import Plan
from runtime import escaped

LISTED = 10  # images or files that are named
TAKEN_FOR = 200  # images whose files are read before the others' turn: a second


class GroundTruthIndex:
    """Ground truth and true classes of a plan's images.

    Raises FileNotFoundError or ValueError for places that are not there, or classes that are none.
    """

    def __init__(self, plan: Plan):
        evaluation = plan.evaluation
        self.metrics = [call.entry for call in evaluation.metrics]
        self._calls = evaluation.metrics
        self.viewing = evaluation.viewing
        images = list(plan.images)
        if self.metrics:
            images = [image for image in images if not is_mexculture_truth(image)]
        self.classes = true_classes(images)
        if evaluation.per_class is not None:
            images = some_of_each(images, self.classes, evaluation.per_class, evaluation.seed)
        self._files: dict[Path, tuple[Path, ...]] = {}
        if any(metric.truths for metric in self.metrics) or evaluation.ground_truth:
            self._files = find_ground_truth(images, list(evaluation.ground_truth))
            truths = {file for files in self._files.values() for file in files}
            images = [image for image in images if image not in truths]
        self.images = tuple(images)

    def print_unmatched(self) -> None:
        """Says which images have no ground truth, where some is needed."""
        needed = [metric.name for metric in self.metrics if metric.truths]
        without = [str(image) for image in self.images if image not in self._files]
        if not needed or not without:
            return
        named = ", ".join(without[:LISTED]) + ", ..." * (len(without) > LISTED)
        line = f"{len(without)} of {len(self.images)} images have no ground truth, so no "
        print(escaped(f"{line}{', '.join(needed)}: {named}"), file=sys.stderr)

    @property
    def has_truth(self) -> bool:
        """Whether any image has ground truth."""
        return bool(self._files)

    def has_files(self, image: Path) -> bool:
        """Whether there are files of ground truth of the image."""
        return image in self._files

    @property
    def unmatched(self) -> list[str]:
        """Images without ground truth, for the record."""
        return [str(image) for image in self.images if image not in self._files]

    def wanted(self, image: Path) -> frozenset[str]:
        """What a stored row of the image has: the metrics that may have a value, and against what.

        All metrics, if the image has any ground truth.
        """
        metrics = {
            str(call) for call in self._calls if image in self._files or not call.entry.truths
        }
        against = self.fingerprint(image)
        return frozenset(metrics | ({TRUTH + against} if against else set()))

    def fingerprint(self, image: Path) -> str:
        """What tells the image's ground truth from another; "" where no metric looks at any.

        Of its files (and of all others, where a metric looks at these) names, sizes and times, and
        how fixations become gaze maps.
        """
        kinds = {kind for metric in self.metrics for kind in metric.truths}
        if image not in self._files or not kinds:
            return ""
        of_others = self._stamps if OTHERS in kinds else ""
        text = f"{_stamp(self._files[image])} {self.viewing} {of_others}"
        return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=6).hexdigest()

    @cached_property
    def _stamps(self) -> str:
        return " ".join(map(_stamp, self._files.values()))

    def truth(self, image: Path, size: tuple[int, int]) -> GroundTruth | None:
        """The image's ground truth, if it has any; `size` is the image's (H, W)."""
        files = self._files.get(image)
        return GroundTruth(files, size, self.viewing, image) if files else None

    def taken_for(self) -> list[str]:
        """What the files of ground truth are taken for: lines with the files of each kind.

        Reads those of the first images, as many as take no time to speak of. What is to be said of
        a file is a line of its own.
        """
        files: dict[str, list[str]] = defaultdict(list)
        remarks = []
        for image in islice(self._files, TAKEN_FOR):
            try:
                for file, description, remark in self.truth(image, image_size(image)).descriptions:
                    files[description].append(file.name)
                    remarks += [f"ground truth '{file}': {remark}"] if remark else []
            except ValueError:  # a file or an image that will not do is said in its turn
                continue
        more = len(remarks) - LISTED
        further = [f"ground truth: {more} more remarks like these"] if more > 0 else []
        unread = len(self._files) - TAKEN_FOR
        if unread > 0:
            further.append(f"ground truth: that of {unread} more images is read in its turn")
        return [_line(*kind) for kind in files.items()] + remarks[:LISTED] + further

    def true_class(self, image: Path, classifier: Classifier) -> tuple[str | None, int | None]:
        """The name of the image's class, and its index if the classifier knows it."""
        name = self.classes.get(image)
        if name is None or name.isdigit():
            return name, None
        try:
            return name, classifier.labels.index(name)
        except ValueError:
            return name, None

    def other_fixations(self, image: Path) -> np.ndarray | None:
        """(m, 2): fixations on all other images, in parts of their width and height."""
        if not any(OTHERS in metric.needs for metric in self.metrics):
            return None
        owners, places = self._all_fixations
        return places[owners != self.images.index(image)]

    @cached_property
    def _all_fixations(self) -> tuple[np.ndarray, np.ndarray]:
        """The number of the image (m,) and the place (m, 2) of every fixation."""
        owners, places = [np.empty(0, int)], [np.empty((0, 2))]
        for number, image in enumerate(self.images):
            if image not in self._files:
                continue
            try:
                height, width = image_size(image)
                found = self.truth(image, (height, width)).fixations
            except ValueError:
                continue  # said when it is this image's turn
            if found is None:
                continue
            found = found / (width, height)
            owners.append(np.full(len(found), number))
            places.append(found)
        return np.concatenate(owners), np.concatenate(places)


def _line(description: str, names: list[str]) -> str:
    named = ", ".join(names[:LISTED]) + ", ..." * (len(names) > LISTED)
    files = "1 file" if len(names) == 1 else f"{len(names)} files"
    return f"ground truth: {files} taken for {description}: {named}"


def _stamp(files: Iterable[Path]) -> str:
    """Names, sizes and times of the last change of files."""
    stats = [(file.name, file.stat()) for file in files]
    return " ".join(f"{name} {stat.st_size} {stat.st_mtime_ns}" for name, stat in stats)
