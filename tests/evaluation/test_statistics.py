import numpy as np
import pandas as pd
import pytest
from scipy.stats import wilcoxon

from evaluation.statistics import (
    accuracy,
    agreement,
    confidence_interval,
    confusion,
    describe,
    holm,
    paired_tests,
    summary,
)

RNG = np.random.default_rng(0)


def table() -> pd.DataFrame:
    """Twelve images, three methods; PCC unknown for one image, NaN for another."""
    rows = []
    for number in range(12):
        for place, method in enumerate(("A", "B", "C")):
            rows.append(
                {
                    "image": f"{number}.jpg",
                    "classifier": "net",
                    "method": method,
                    "class_index": 3,
                    "true_class": "cat" if number < 4 else "dog",
                    "true_index": 3 if number < 4 else 5,
                    "predicted_index": 3,
                    "predicted_label": "cat",
                    "evaluated": () if number == 0 else ("PCC",),
                    "PCC": np.nan if number < 2 else number / 10 + 0.05 * place,
                    "agreement": {other: 0.5 for other in "ABC" if other != method},
                }
            )
    return pd.DataFrame(rows)


def test_a_summary_counts_nan_and_missing_and_averages_neither():
    found = summary(table(), {"PCC": "higher"}).set_index(["method", "class"])
    whole = found.loc["A", "all"]
    assert (whole["n"], whole["nan"], whole["missing"]) == (10, 1, 1)
    values = np.arange(2, 12) / 10
    assert whole["mean"] == pytest.approx(values.mean())
    assert whole["variance"] == pytest.approx(values.var(ddof=1))
    assert whole["ci_low"] < whole["mean"] < whole["ci_high"]
    assert found.loc["A", "cat"]["n"] == 2
    assert found.loc["A", "dog"]["n"] == 8


def test_the_interval_covers_the_mean_about_as_often_as_it_says():
    hits = 0
    for _ in range(100):
        low, high = confidence_interval(RNG.normal(0, 1, 40))
        hits += low <= 0 <= high
    assert 88 <= hits <= 99
    assert np.isnan(confidence_interval(np.array([1.0]))).all()


def test_nothing_to_describe_is_nan_and_not_zero():
    told = describe(np.array([np.nan, np.nan]))
    assert (told["n"], told["nan"]) == (0, 2)
    assert np.isnan(told["mean"])


def test_pairs_are_tested_on_the_same_images_and_corrected():
    found = paired_tests(table(), {"PCC": "higher"})
    assert list(zip(found["first"], found["second"], strict=True)) == [
        ("A", "B"),
        ("A", "C"),
        ("B", "C"),
    ]
    assert found["n"].tolist() == [10, 10, 10]
    assert found["median_difference"].tolist() == pytest.approx([-0.05, -0.1, -0.05])
    expected = wilcoxon(np.arange(2, 12) / 10 - (np.arange(2, 12) / 10 + 0.05)).pvalue
    assert found["p"][0] == pytest.approx(expected)
    assert found["p_holm"].tolist() == pytest.approx([3 * expected] * 3)


def test_methods_that_never_differ_have_p_one_and_few_images_none():
    same = table()
    same["PCC"] = np.where(same["PCC"].notna(), 0.5, np.nan)
    assert paired_tests(same, {"PCC": "higher"})["p"].tolist() == [1, 1, 1]
    few = table()[lambda t: t["image"].isin(["2.jpg", "3.jpg"])]
    assert paired_tests(few, {"PCC": "higher"})["p"].isna().all()


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, np.nan, 0.7])[0] == 1
    assert np.isnan(holm([0.6, np.nan, 0.7])[1])


def test_agreement_is_a_symmetric_matrix():
    found = agreement(table())
    assert found.loc["A", "B"] == found.loc["B", "A"] == 0.5
    assert np.diag(found).tolist() == [1, 1, 1]


def test_accuracy_and_confusion_count_images_not_rows():
    assert accuracy(table()) == (4, 12)
    assert confusion(table()).loc["dog", "cat"] == 8
