"""Images in, explanations out: the plan, the runner, what is drawn and what is recorded."""

from pipeline.dataset.store import read
from pipeline.explaining.changes import Augmentation, ChangedExplanation, Masking, explain_again
from pipeline.explaining.explain import explain
from pipeline.explaining.explanation import Explanation
from pipeline.explaining.view_image import ViewImage, view
from pipeline.plan import ClassifierChoice, Plan
from pipeline.runs.beforehand import check_beforehand
from pipeline.runs.run import run

__all__ = [
    "Augmentation",
    "ChangedExplanation",
    "ClassifierChoice",
    "Explanation",
    "Masking",
    "Plan",
    "ViewImage",
    "check_beforehand",
    "explain",
    "explain_again",
    "read",
    "run",
    "view",
]
