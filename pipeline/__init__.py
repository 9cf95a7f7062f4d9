"""Pictures in, explanations out: the plan, the flow, what is drawn and what is recorded."""

from pipeline.explanation import Explanation
from pipeline.flow import explain
from pipeline.plan import ClassifierChoice, Plan
from pipeline.run import run

__all__ = ["ClassifierChoice", "Explanation", "Plan", "explain", "run"]
