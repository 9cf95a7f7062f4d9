"""Carrying a plan out, from its images to its tables."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from classifier import Classifier
from pipeline.dataset.ground_truth import GroundTruthIndex
from pipeline.dataset.ray_engine import explain_on_ray
from pipeline.dataset.runner import Outcome, Runner
from pipeline.dataset.store import Index, set_aside
from pipeline.plan import Plan
from pipeline.reporting.report import Report
from pipeline.runs.augmentation import Augmenting
from pipeline.runs.clips import run_clips
from pipeline.runs.masking import Hiding
from pipeline.runs.views import view_all


def run(plan: Plan, classifiers: Sequence[Classifier] | None = None) -> int:
    """Carries the plan out and says what it does; the exit status: 0, or 1 if images failed.

    `classifiers` are the plan's, where they were `prepared` before. Raises ValueError or
    FileNotFoundError for a mistake in the plan, before any image is read.
    """
    folder = plan.display.output_dir
    _make_folder(folder)
    evidence = GroundTruthIndex(plan)
    plan = replace(plan, images=evidence.images)
    classifiers = prepared(plan) if classifiers is None else classifiers
    if classifiers[0].frames:
        return run_clips(plan, classifiers[0])
    evidence.tell()
    if plan.fresh and (aside := set_aside(folder)):
        print(f"the store that was there is now {aside}")
    runner = Runner(plan, classifiers, evidence)
    if plan.engine == "ray" and (pending := runner.pending(plan.images)):
        explain_on_ray(replace(plan, fresh=False), pending)
        runner.index = Index(folder)  # from here on there is only what to tell and to draw
    report = Report(plan, runner)
    experiments = _experiments(plan, classifiers, report)
    try:
        try:
            if plan.methods:
                _report_all(runner, report, experiments)
            if plan.views and not report.record["interrupted"]:
                view_all(plan, classifiers, report)
        finally:
            runner.store.flush()
            for experiment in experiments:
                experiment.finish()
        report.finish()
    finally:
        report.write_record()
    return 1 if report.is_incomplete else 0


def prepared(plan: Plan) -> list[Classifier]:
    """The plan's classifiers, loaded and ready for it. Raises ValueError where they do not fit."""
    classifiers = [choice.load() for choice in plan.classifiers]
    for classifier in classifiers:
        plan.targets.parts(classifier)
        for call in (*plan.methods, *plan.views):
            call.entry.check(classifier, call.given)
        classifier.expect(_passes(plan))
        if plan.batch_size is not None:
            classifier.limit_batch(plan.batch_size)
    return classifiers


def _experiments(plan: Plan, classifiers: Sequence[Classifier], report: Report) -> list:
    """What is done to the plan's images beyond explaining them."""
    asked = plan.experiments
    kinds = {Augmenting: asked.augmentations, Hiding: asked.mask or asked.keep}
    return [kind(plan, classifiers, report) for kind, wanted in kinds.items() if wanted]


def _report_all(runner: Runner, report: Report, experiments: list) -> None:
    """Hands every outcome to report and experiments, until all are there or Ctrl-C."""
    try:
        for outcome in report.progress(runner.outcomes(runner.plan.images)):
            report.add(outcome)
            if not runner.stopped:
                _experiment(outcome, experiments, report)
        if runner.stopped:
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        report.interrupted()


def _experiment(outcome: Outcome, experiments: list, report: Report) -> None:
    try:
        for experiment in experiments:
            experiment.add(outcome)
    except ValueError as error:
        report.failed(outcome.path, f"image '{outcome.path}', changed: {error}")


def _passes(plan: Plan) -> int:
    """About how many passes a plan takes, beside those that methods expect themselves."""
    measuring = sum(call.entry.passes for call in plan.evaluation.metrics)
    changed = plan.experiments.passes
    return len(plan.images) * (1 + len(plan.methods) * (1 + measuring + changed))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(f"--output_dir '{folder}' cannot be made: {reason}") from error
