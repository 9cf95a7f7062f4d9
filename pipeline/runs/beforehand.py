"""Mistakes in a plan that are told before TensorFlow is started: in less than a second."""

from pathlib import Path

from pipeline.dataset.ground_truth import GroundTruthIndex
from pipeline.dataset.ground_truth_check import check_metrics
from pipeline.plan import Plan


def check_beforehand(plan: Plan) -> None:
    """Raises ValueError or FileNotFoundError where names, classes, files or folders will not do.

    Other mistakes are known when the classifiers are.
    """
    for choice in plan.classifiers:
        if (labels := choice.check()) is not None:
            plan.targets.check(labels)
    make_folder(plan.display.output_dir)
    check_metrics(GroundTruthIndex(plan), plan.evaluation.ground_truth)


def make_folder(folder: Path) -> None:
    """Makes the output folder. Raises ValueError where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(f"--output_dir '{folder}' cannot be made: {reason}") from error
