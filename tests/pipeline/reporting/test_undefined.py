"""Why metrics have no value, counted over a run."""

import math

import numpy as np

from evaluation.measure import MetricResults
from methods import METHODS
from pipeline.explaining.explanation import Explanation
from pipeline.reporting.undefined import NO_TRUTH, NO_VALUE, UndefinedValues, undefined

NAN = math.nan


def explanation(results: MetricResults, true_class: str | None = None) -> Explanation:
    return Explanation(
        image=np.zeros((4, 4, 3), np.uint8),
        map=np.zeros((2, 2), np.float32),
        class_index=0,
        label="ant",
        probability=0.5,
        classifier="network",
        method=METHODS["FEM"].call(),
        true_class=true_class,
        results=results,
    )


def empty(reason: str) -> MetricResults:
    return MetricResults({"PCC": NAN}, {"PCC": {"reason": reason}})


def test_values_that_are_there_have_no_reason():
    results = MetricResults({"PCC": 0.5, "NSS": NAN, "KL": NAN}, {"NSS": {"reason": "why"}}, False)
    results.impossible.append("SIM")
    assert undefined(explanation(results)) == {"NSS": "why", "KL": NO_VALUE, "SIM": NO_TRUTH}


def test_the_commonest_reason_stands_first():
    counted = UndefinedValues()
    for reason in ("rare", "common", "common"):
        counted.add([explanation(empty(reason))])
    assert counted.of_values("network", "FEM", "PCC") == "common; rare"
    assert counted.of_values("network", "FEM", "NSS") == NO_VALUE


def test_each_class_has_its_own_reasons():
    counted = UndefinedValues()
    counted.add([explanation(empty("of cats"), "cat"), explanation(empty("of dogs"), "dog")])
    assert counted.of_values("network", "FEM", "PCC", "cat") == "of cats"
    assert counted.of_values("network", "FEM", "PCC") == "of cats; of dogs"


def test_want_of_ground_truth_explains_a_mean_and_no_nan():
    counted = UndefinedValues()
    counted.add([explanation(MetricResults(impossible=["PCC"]))])
    assert counted.of_mean("network", "FEM", "PCC") == NO_TRUTH
    assert counted.of_values("network", "FEM", "PCC") == NO_VALUE
