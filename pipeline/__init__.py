"""Images in, explanations out: the plan, the runner, what is drawn and what is recorded."""

from pipeline.dataset.store import read
from pipeline.explaining.explain import explain
from pipeline.explaining.explanation import Explanation
from pipeline.plan import ClassifierChoice, Plan
from pipeline.runs.run import run

__all__ = ["ClassifierChoice", "Explanation", "Plan", "explain", "read", "run"]
