"""`--mask_salient` and `--keep_salient`: does the decision rest on what the explanation shows?"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from classifier import Classifier
from experiments import Masked, hide, masked, moved_region
from images import resized
from pipeline.dataset.runner import Outcome
from pipeline.explaining.explanation import Explanation, percent
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
    with_probability,
    write_summary,
)

RANDOM = 8  # places that the region is moved to at random, for comparison
ABOUT = (
    "Label changed: share of images whose predicted class is another than before. Loss: mean "
    "fall of the probability of the class. At random: the same where the region, of the same "
    f"size and shape, is moved to each of {RANDOM} random places."
)


class Part(NamedTuple):
    """What is hidden: a share, the most salient, or with `keep` all but it."""

    fraction: float
    keep: bool

    @property
    def way(self) -> str:
        return "keep" if self.keep else "mask"

    @property
    def words(self) -> str:
        return f"{self.fraction:.0%} {'kept' if self.keep else 'hidden'}"


class Hiding:
    """Asks again of every image without what its map shows most, or with nothing else."""

    def __init__(self, plan: Plan, classifiers: Sequence[Classifier], report: Report):
        self.experiments, self.report = plan.experiments, report
        self.classifiers = {classifier.name: classifier for classifier in classifiers}
        self.parts = [Part(fraction, False) for fraction in plan.experiments.mask]
        self.parts += [Part(fraction, True) for fraction in plan.experiments.keep]
        self.running_table = RunningTable(
            plan.display.output_dir / "masking.csv",
            ("classifier", "method", "way", "fraction"),
            {
                "label_changed": "label changed",
                "loss": "loss",
                "random_label_changed": "label changed at random",
                "random_loss": "loss at random",
            },
        )

    def add(self, outcome: Outcome) -> None:
        """Hides and keeps what an image's maps show: puts it into the table and draws it."""
        for explanation in outcome.explanations:
            if explanation.diagnosis:  # which is said already
                continue
            self._add(explanation)

    def finish(self) -> None:
        """Prints and writes how often labels change, and what the classes lose."""
        write_summary(self.running_table, "Masking", ABOUT, self.report)

    def _add(self, before: Explanation) -> None:
        classifier, experiments = self.classifiers[before.classifier], self.experiments
        input_image = resized(before.image, classifier.input_size)
        hidden = [
            masked(
                input_image,
                before.map,
                part.fraction,
                part.keep,
                experiments.fill,
                experiments.shape,
            )
            for part in self.parts
        ]
        images = [one.image for one in hidden]
        found = explained(images, before, [before.method], classifier, [before.class_index])
        found = [some[key_of(before)] for some in found]
        scores = self._at_random(before, input_image, hidden, classifier)
        rows = [
            _row(before, *told, classifier)
            for told in zip(found, self.parts, hidden, scores, strict=True)
        ]
        for row in rows:
            self.running_table.add(row)
        self._tell(before, found, rows)
        self._draw(before, found, rows)

    def _at_random(self, before, input_image, hidden: list[Masked], classifier) -> np.ndarray:
        """(parts, RANDOM, K): scores where each region is moved to random places."""
        seeds = seeds_of(before.image, self.experiments.seed, "moved_region", RANDOM)
        images = [
            hide(input_image, moved_region(one.hidden, seed), fill=self.experiments.fill).image
            for one in hidden
            for seed in seeds
        ]
        return classifier.scores(np.stack(images)).reshape(len(hidden), RANDOM, -1)

    def _tell(self, before: Explanation, found: list[Explanation], rows: list[dict]) -> None:
        if not self.report.tells:
            return
        for part, after, row in zip(self.parts, found, rows, strict=True):
            top = ", ".join(f"{name} {percent(score)}" for _, name, score in after.top)
            print(
                f"  {in_line(before)}: {part.words}: {top}; {before.label} "
                f"{percent(before.probability)} \u2192 {percent(after.probability)}, at random "
                f"{percent(row['random_class_probability'])}"
            )

    def _draw(self, before: Explanation, found: list[Explanation], rows: list[dict]) -> None:
        panels = first_panels(before, self.report)
        for part, after, row in zip(self.parts, found, rows, strict=True):
            name = f"{part.way}_{part.fraction:g}"
            seen = with_probability(row["predicted"], row["predicted_probability"])
            own = class_words(after)
            panels += [
                Panel(name, after.image, f"{part.words}\n{seen}"),
                map_panel(f"{name}_map", after, f"its map\n{own}", self.report),
            ]
        about = f"Hidden with {self.experiments.fill}, as {self.experiments.shape}."
        draw(self.report, "masking", before, panels, found, about)


def _row(
    before: Explanation,
    after: Explanation,
    part: Part,
    hidden: Masked,
    scores: np.ndarray,
    classifier: Classifier,
) -> dict[str, Any]:
    at_random = np.mean([classifier.score_of(one, before.class_index) for one in scores])
    return identity(before) | {
        "way": part.way,
        "fraction": part.fraction,
        "share": hidden.share,
        "predicted": classifier.title(after.predicted_index),
        "predicted_probability": after.top[0][2],
        "class_probability": after.probability,
        "loss": before.probability - after.probability,
        "label_changed": int(after.predicted_index != before.predicted_index),
        "random_class_probability": float(at_random),
        "random_loss": before.probability - float(at_random),
        "random_label_changed": float(np.mean(scores.argmax(axis=1) != before.predicted_index)),
    }
