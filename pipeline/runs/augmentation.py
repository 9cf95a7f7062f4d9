"""`--augment`: does an explanation follow its image?"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from classifier import Classifier
from experiments import AUGMENTATIONS, Augmented, agreement
from images import resized
from pipeline.dataset.runner import Outcome
from pipeline.explaining.explanation import Explanation
from pipeline.plan import Plan
from pipeline.reporting.report import Report
from pipeline.reporting.running_table import RunningTable
from pipeline.runs.experiments import (
    Panel,
    class_words,
    draw,
    explained,
    first_panels,
    identity,
    in_line,
    key_of,
    map_panel,
    seeds_of,
    size_in_shape,
    with_probability,
    write_summary,
)
from representations import upsampled

SURVIVES = 0.5  # a map has survived where its correlation with the image's own is at least that
ABOUT = (
    "Class kept: share of images whose predicted class stays what it was. Map kept: share of "
    "maps whose correlation r with the image's own map, where both images show the same, is "
    f"at least {SURVIVES:g}."
)


class Augmenting:
    """Explains augmentations of every image, by the same methods and for the same classes."""

    def __init__(self, plan: Plan, classifiers: Sequence[Classifier], report: Report):
        self.plan, self.classifiers, self.report = plan, classifiers, report
        self.running_table = RunningTable(
            plan.display.output_dir / "augmentations.csv",
            ("classifier", "method", "augmentation"),
            {"class_kept": "class kept", "map_kept": "map kept", "correlation": "mean r"},
        )

    def add(self, outcome: Outcome) -> None:
        """Explains an image's augmentations: puts them into the table and draws them."""
        for classifier in self.classifiers:
            own = [e for e in outcome.explanations if e.classifier == classifier.name]
            if own:
                self._add(own, classifier)

    def finish(self) -> None:
        """Prints and writes how often class and map survive."""
        write_summary(self.running_table, "Augmentations", ABOUT, self.report)

    def _add(self, own: list[Explanation], classifier: Classifier) -> None:
        image, experiments = own[0].image, self.plan.experiments
        small = resized(image, size_in_shape(classifier.input_size, image))
        changes = {}
        for name in experiments.augmentations:
            (seed,) = seeds_of(image, experiments.seed, name, 1)
            changes[name] = AUGMENTATIONS[name](small, seed)
        classes = list(dict.fromkeys(explanation.class_index for explanation in own))
        images = [change.image for change in changes.values()]
        found = explained(images, own[0], self.plan.methods, classifier, classes)
        for before in own:
            after = {name: some[key_of(before)] for name, some in zip(changes, found, strict=True)}
            rows = {
                name: _row(before, after[name], name, change, classifier)
                for name, change in changes.items()
            }
            for row in rows.values():
                self.running_table.add(row)
            self._tell(before, rows)
            self._draw(before, after, rows)

    def _tell(self, before: Explanation, rows: dict[str, dict]) -> None:
        if self.report.tells:
            told = ", ".join(
                f"{name} {row['correlation']:.2f}"
                + (f" (now {row['predicted']})" * (not row["class_kept"]))
                for name, row in rows.items()
            )
            print(f"  {in_line(before)}: r {told}")

    def _draw(self, before: Explanation, after: dict[str, Explanation], rows: dict) -> None:
        panels = first_panels(before, self.report)
        for name, explanation in after.items():
            row = rows[name]
            seen = with_probability(row["predicted"], row["predicted_probability"])
            title = f"{class_words(explanation)}\nr = {row['correlation']:.2f}"
            panels += [
                Panel(name, explanation.image, f"{name.replace('_', ' ')}\n{seen}"),
                map_panel(f"{name}_map", explanation, title, self.report),
            ]
        about = "r: correlation with the image's own map, where both images show the same."
        draw(self.report, "augmentations", before, panels, after.values(), about)


def _row(
    before: Explanation,
    after: Explanation,
    name: str,
    change: Augmented,
    classifier: Classifier,
) -> dict[str, Any]:
    size = change.image.shape[:2]
    r = agreement(upsampled(before.map, size), upsampled(after.map, size), change)
    return identity(before) | {
        "augmentation": name,
        "predicted": classifier.title(after.predicted_index),
        "predicted_probability": after.top[0][2],
        "class_probability": after.probability,
        "class_kept": int(after.predicted_index == before.predicted_index),
        "correlation": r,
        "map_kept": np.nan if np.isnan(r) else int(r >= SURVIVES),
    }
