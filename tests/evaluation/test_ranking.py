"""Which methods are best: by hand, on tables of means and intervals."""

import pandas as pd
import pytest

from evaluation.ranking import rankings
from evaluation.statistics import ALL, FEWEST, summary

NAN = float("nan")


def table(*rows, better="higher", n=20):
    """A summary of one metric and classifier from (method, mean, low, high)."""
    names = ("method", "mean", "ci_low", "ci_high")
    same = {"classifier": "network", "metric": "M", "better": better, "class": ALL, "n": n}
    return pd.DataFrame([dict(zip(names, row, strict=True)) | same for row in rows])


def ranking_of(*rows, **same):
    (ranking,) = rankings(table(*rows, **same))
    return ranking


def test_the_best_is_clear_where_its_interval_is_apart_from_all_others():
    ranking = ranking_of(("A", 0.9, 0.8, 1.0), ("B", 0.5, 0.3, 0.79), ("C", 0.2, 0.1, 0.3))
    assert (ranking.best, ranking.close, ranking.is_clear) == (("A",), (), True)
    assert (ranking.mean, ranking.low, ranking.high) == (0.9, 0.8, 1.0)


def test_the_best_is_not_clear_where_an_interval_touches_its_own():
    ranking = ranking_of(("A", 0.9, 0.8, 1.0), ("B", 0.5, 0.3, 0.8), ("C", 0.2, 0.1, 0.3))
    assert (ranking.best, ranking.close, ranking.is_clear) == (("A",), ("B",), False)


def test_lower_is_better_where_the_metric_says_so():
    rows = ("A", 0.9, 0.8, 1.0), ("B", 0.1, 0.0, 0.2)
    assert ranking_of(*rows, better="lower").best == ("B",)
    assert ranking_of(*rows, better="lower").is_clear


@pytest.mark.parametrize(("n", "is_clear"), [(FEWEST - 1, False), (FEWEST, True)])
def test_few_values_make_nothing_clear(n, is_clear):
    ranking = ranking_of(("A", 0.9, 0.8, 1.0), ("B", 0.1, 0.0, 0.2), n=n)
    assert (ranking.values, ranking.is_clear) == (n, is_clear)


@pytest.mark.parametrize("nobody", [("A", 0.9, NAN, NAN), ("A", 0.9, 0.8, 1.0)])
def test_without_an_interval_nothing_is_clear(nobody):
    ranking = ranking_of(nobody, ("B", 0.1, NAN, NAN))
    assert (ranking.best, ranking.close, ranking.is_clear) == (("A",), ("B",), False)


def test_methods_of_the_same_mean_are_best_together():
    ranking = ranking_of(("A", 0.3, 0.3, 0.3), ("B", 0.1 + 0.2, 0.3, 0.3), ("C", 0, 0, 0))
    assert (ranking.best, ranking.close, ranking.is_clear) == (("A", "B"), (), False)
    assert not ranking.all_tie


def test_where_all_are_the_same_none_is_better():
    ranking = ranking_of(("A", 0, 0, 0), ("B", 0, 0, 0))
    assert ranking.all_tie
    assert not ranking.is_clear


def test_one_method_is_not_clearly_the_best():
    ranking = ranking_of(("A", 0.9, 0.8, 1.0), ("B", NAN, NAN, NAN))
    assert (ranking.methods, ranking.best, ranking.is_clear) == (1, ("A",), False)


def test_what_has_no_better_end_or_no_mean_is_not_ranked():
    assert rankings(table(("A", 0.9, 0.8, 1.0), ("B", 0.1, 0.0, 0.2), better="")) == []
    assert rankings(table(("A", NAN, NAN, NAN), ("B", NAN, NAN, NAN))) == []


def test_each_classifier_metric_and_class_has_its_own_best():
    rows = [
        {"classifier": "network", "method": method, "true_class": name, "evaluated": ("M", "L")}
        | {"image": f"{name}{place}", "class_index": 0, "M": value + place / 100, "L": value}
        for method, values in {"A": (0.1, 0.9), "B": (0.5, 0.6)}.items()
        for name, value in zip(("cat", "dog"), values, strict=True)
        for place in range(FEWEST)
    ]
    found = rankings(summary(pd.DataFrame(rows), {"M": "higher", "L": "lower"}))
    best = {(r.metric, r.class_name): r.best for r in found if r.class_name != ALL}
    assert best == {
        ("M", "cat"): ("B",),
        ("M", "dog"): ("A",),
        ("L", "cat"): ("A",),
        ("L", "dog"): ("B",),
    }
    assert [r.class_name for r in found[:2]] == [ALL, ALL]
    assert all(r.is_clear for r in found if r.class_name != ALL)
