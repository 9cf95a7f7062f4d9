"""What a run says while it goes: lines for each image where these are few, else a bar."""

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pipeline.dataset.runner import Outcome
from pipeline.explaining.changes import ChangedExplanation
from pipeline.explaining.explanation import Explanation, percent, points
from pipeline.explaining.view_image import ViewImage
from runtime import Bar, counted, duration, escaped

MOST = 24  # images that get lines on the console and in the record; of more, the store has them
MANY_TIES = 0.05  # of the pixels: from here on their order is worth a word


class Console:
    """Says what is found, what fails and what is written."""

    def __init__(self, images: int, started: float | None = None):
        """`images` is how many there are in all; `started` when the first was begun, or now."""
        self.images = images
        self._failures = 0
        self._started = time.monotonic() if started is None else started

    @property
    def is_verbose(self) -> bool:
        """Whether there are lines for each image."""
        return self.images <= MOST

    def progress(self, outcomes: Iterable[Outcome], at_once: int = 1) -> Iterator[Outcome]:
        """The outcomes; where there are many, with a bar that has rate and time left.

        So many come `at_once`. Where each has its lines, lines of how far it is are between them.
        """
        shown = {"first": at_once, "only_lines": self.is_verbose, "stays": True}
        with Bar(self.images, "image", **shown) as bar:
            for outcome in outcomes:
                yield outcome
                if outcome.path is not None:
                    bar.update(already=outcome.is_stored)

    def outcome(self, outcome: Outcome) -> None:
        """Says what was found of one subject."""
        if not self.is_verbose:
            return
        if outcome.path is not None and outcome.explanations:
            self._explanations(outcome.path, outcome.explanations)
        self._changes(outcome.changed)
        for view in outcome.views:
            self._view(view)

    def failed(self, reason: str) -> bool:
        """Says why something failed, of the first few; whether it was said."""
        self._failures += 1
        if self._failures <= MOST:
            print(escaped(reason), file=sys.stderr)
        return self._failures <= MOST

    def interrupted(self, kept: str) -> None:
        """Says that the run was stopped, and what is kept of it."""
        print(f"stopped; kept {kept}", file=sys.stderr)

    def wrote(self, path: Path, replaces: bool = False) -> None:
        """Says where a file is."""
        print(escaped(str(path)) + (" (replaces an older one)" if replaces else ""))

    def total(self, done: int, stored: int, failed: int, store: Path) -> None:
        """Says how many images are done, how many of them were `stored` before, and how fast."""
        seconds = time.monotonic() - self._started
        new = done - stored
        parts = [f"{stored:,} already stored"] if stored else []
        if new:
            parts.append(f"{new:,} explained in {duration(seconds)} ({new / seconds:.1f} a second)")
        parts.append(f"{failed:,} failed")
        print(f"{done:,} of {counted(self.images, 'image')}: {', '.join(parts)}; {store}")

    def _explanations(self, path: Path, explanations: Sequence[Explanation]) -> None:
        print(escaped(str(path)))
        if caution := explanations[0].notes.get("image_caution"):
            print(f"  {caution}")
        firsts = {explanation.classifier_title: explanation for explanation in explanations}
        for classifier, explanation in firsts.items():
            print(escaped(f"  {classifier}: {predictions(explanation)}"))
        for explanation in explanations:
            print(escaped(f"  {explanation.one_line_title}: {map_line(explanation)}"))
            for line in remarks(explanation):
                print(escaped(f"    {line}"))

    def _changes(self, changed: Sequence[ChangedExplanation]) -> None:
        """A line for each explanation and experiment."""
        lines: dict[tuple[int, str], list[ChangedExplanation]] = {}
        for one in changed:
            lines.setdefault((id(one.before), one.change.experiment), []).append(one)
        for (_, experiment), some in lines.items():
            before = some[0].before.one_line_title
            if experiment == "masking":
                for one in some:
                    print(escaped(f"  {before}: {masking_line(one)}"))
            else:
                words = ", ".join(map(augmentation_words, some))
                print(escaped(f"  {before}: r {words}"))

    def _view(self, view: ViewImage) -> None:
        path = [] if view.path is None else [str(view.path)]
        print(escaped(", ".join([*path, *view.title.split("\n")])))


def predictions(explanation: Explanation) -> str:
    """The best classes with their probabilities."""
    task = explanation.task
    return ", ".join(f"{name} {percent(score, task)}" for _, name, score in explanation.top)


def map_line(explanation: Explanation) -> str:
    """What the metrics say of a map; without them its size, and what it took."""
    if values := explanation.results.values:
        return ", ".join(f"{name} {value:.3f}" for name, value in values.items())
    size = " x ".join(map(str, explanation.map.shape))
    passes = explanation.notes.get("passes")
    passes = "" if passes is None else f", {counted(passes, 'pass')} through the classifier"
    return f"{size} map{passes}, {explanation.seconds:.2g} s"


def remarks(explanation: Explanation) -> Iterator[str]:
    """What a reader of the map has to know, a line each."""
    notes, ties = explanation.notes, explanation.results.tied
    if explanation.diagnosis:
        yield explanation.diagnosis
    if caution := notes.get("caution"):
        yield caution
    if notes.get("stopped_early"):
        yield f"stopped early, after {counted(notes['passes'], 'pass')} through the classifier"
    if ties and ties >= MANY_TIES:
        yield (
            f"{ties:.0%} of the pixels are tied: as salient as others, so that INSERTION and "
            "DELETION change them in an arbitrary order"
        )
    for name, noted in explanation.results.notes.items():
        if reason := noted.get("reason"):
            yield f"{name} is nan: {reason}"


def augmentation_words(changed: ChangedExplanation) -> str:
    """The correlation of the maps, and the prediction where it is another one now."""
    values = changed.values
    now = "" if values["class_kept"] else f" (now {values['predicted']})"
    return f"{changed.change.name} {_number(values['correlation']):.2f}{now}"


def masking_line(changed: ChangedExplanation) -> str:
    """The predictions now, and what the class has lost."""
    before, after = changed.before, changed.after
    at_random = changed.values["random_class_probability"]
    probabilities = before.probability, after.probability, at_random
    said = points if before.is_contrast else percent
    was, now, moved = (said(probability, before.task) for probability in probabilities)
    return (
        f"{changed.change.title}: {predictions(after)}; {before.label} "
        f"{was} \u2192 {now}, at random {moved}"
    )


def _number(value: float | None) -> float:
    """NaN for what JSON does not have."""
    return float("nan") if value is None else value
