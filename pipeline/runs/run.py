"""Carrying a plan out: flags -> Plan -> images -> explain -> evaluate -> store -> report."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from classifier import Classifier
from images import find_clips
from pipeline.dataset.ground_truth import GroundTruthIndex
from pipeline.dataset.ray_engine import run_on_ray
from pipeline.dataset.runner import Outcome, Runner
from pipeline.dataset.store import FOLDER, set_aside
from pipeline.plan import Plan
from pipeline.reporting.report import Report
from pipeline.runs.beforehand import make_folder
from pipeline.runs.prepare import prepared
from runtime import escaped, remove_unfinished


def run(plan: Plan, classifiers: Sequence[Classifier] | None = None) -> int:
    """Carries the plan out and says what it does; the exit status: 0, or 1 if anything failed.

    `classifiers` are the plan's, where they were `prepared` before. Raises ValueError or
    FileNotFoundError for a mistake in the plan, before any image is read.
    """
    folder = plan.display.output_dir
    make_folder(folder)
    remove_unfinished(folder)
    remove_unfinished(folder / FOLDER)
    truths = GroundTruthIndex(plan)
    classifiers = prepared(plan) if classifiers is None else classifiers
    if classifiers[0].frames:
        plan = replace(plan, images=tuple(find_clips(plan.paths or plan.images)))
        truths = GroundTruthIndex(plan)
    plan = replace(plan, images=truths.images)
    truths.print_unmatched()
    for line in truths.taken_for():
        print(escaped(line))
    if plan.fresh and (aside := set_aside(folder)):
        print(f"the store that was there is now {aside}")
    runner = Runner(plan, classifiers, truths)
    started, by_workers = time.monotonic(), 0
    if plan.engine == "ray":
        by_workers = run_on_ray(runner, prepared)
        runner = Runner(plan, classifiers, truths)  # from here on there is only what to report
    report = Report(runner, started, by_workers)
    try:
        try:
            for outcome in _outcomes(runner, report):
                report.add(outcome)
            if runner.stopped:
                report.interrupted()
        except KeyboardInterrupt:
            report.interrupted()
        finally:
            runner.store.flush()
        report.finish()
    finally:
        report.write_record()
    return 1 if report.is_incomplete else 0


def _outcomes(runner: Runner, report: Report) -> Iterator[Outcome]:
    """What becomes of every subject: images, the classifiers themselves, classes; each once."""
    classes = dict.fromkeys(runner.fixed_classes())
    if runner.needs_images:
        for outcome in report.progress(runner.outcomes(runner.plan.images)):
            yield outcome
            for number, indices in outcome.classes.items():
                classes |= dict.fromkeys((number, index) for index in indices)
    for number in range(len(runner.classifiers)):
        if not runner.stopped:
            yield runner.views_of_classifier(number)
    for number, index in classes:
        if not runner.stopped:
            yield runner.views_of_class(number, index)
