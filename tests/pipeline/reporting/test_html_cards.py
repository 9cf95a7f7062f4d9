"""What the cards of the report page say of rankings, experiments and cost."""

import math

import pytest

from evaluation import METRICS
from evaluation.ranking import Ranking
from evaluation.statistics import ALL
from pipeline.reporting.experiment_tables import EXPERIMENT_TABLES, ExperimentResult
from pipeline.reporting.html_cards import (
    accuracy_card,
    cost_card,
    count_cards,
    experiment_card,
    metric_cards,
)

CALL = METRICS["DELETION"].call()


def ranking(best, close=(), classifier="network", class_name=ALL, values=20, methods=3):
    return Ranking(
        classifier=classifier,
        metric=str(CALL),
        class_name=class_name,
        methods=methods,
        values=values,
        best=tuple(best),
        close=tuple(close),
        mean=0.25,
        low=0.2,
        high=0.3,
    )


def line_of(*rankings):
    (card,) = metric_cards(rankings, [CALL])
    assert (card.title, card.note) == ("Deletion", "lower is better")
    return card.lines[0]


def test_a_clear_best_is_named_and_marked():
    line = line_of(ranking(["GRADCAM:relu=channels"]))
    assert line.value == "Grad-CAM (relu=channels)"
    assert line.detail == "0.250 (0.200 to 0.300)"
    assert line.is_best


@pytest.mark.parametrize(
    ("unclear", "detail"),
    [
        (ranking(["FEM"], ["RISE"]), "FEM 0.250 (0.200 to 0.300); RISE overlaps"),
        (ranking(["FEM"], ["RISE", "LIME"]), "FEM 0.250 (0.200 to 0.300); all others overlap"),
        (ranking(["FEM", "RISE"], ["LIME"]), "FEM and RISE tie at 0.250"),
        (ranking(["FEM", "RISE", "LIME"]), "all 3 methods tie at 0.250"),
        (ranking(["FEM"], values=5), "FEM 0.250 (0.200 to 0.300), of only 5 maps"),
    ],
)
def test_no_best_is_claimed_where_it_is_not_clear(unclear, detail):
    line = line_of(unclear)
    assert (line.value, line.detail) == ("no clear best", detail)
    assert line.is_unclear
    assert not line.is_best


def test_of_many_methods_three_are_named():
    close = ["GRADCAM", "LIME", "OCCLUSION", "SALIENCY", "EIGENCAM"]
    detail = line_of(ranking(["FEM"], close, methods=9)).detail
    assert detail.endswith("Grad-CAM, LIME, Occlusion and 2 more overlap")


def test_one_method_is_shown_by_its_mean():
    line = line_of(ranking(["FEM"], methods=1))
    assert (line.value, line.detail) == ("0.250", "FEM, 0.200 to 0.300")


def test_classifiers_have_a_line_each_and_classes_none():
    rankings = [
        ranking(["FEM"], classifier="one"),
        ranking(["RISE"], classifier="one", class_name="cat"),
        ranking(["LIME"], classifier="two"),
    ]
    (card,) = metric_cards(rankings, [CALL, METRICS["SPARSITY"].call()])
    assert [(line.of, line.value) for line in card.lines] == [("one", "FEM"), ("two", "LIME")]


def test_failures_are_a_warning_and_views_are_counted():
    cards = list(count_cards(4, 5, "Images", 1, 0))
    assert [(card.title, card.lines[0].value) for card in cards] == [
        ("Images explained", "4 of 5"),
        ("Failed", "1"),
    ]
    assert [card.is_warning for card in cards] == [False, True]
    assert next(iter(count_cards(0, 5, "Images", 5, 0))).link == ""  # there is no such section
    (views,) = count_cards(0, 5, "Images", 0, 1200)
    assert (views.title, views.lines[0].value) == ("Views", "1,200")


def test_the_cost_is_that_of_the_fastest_and_of_the_slowest():
    rows = [
        {"classifier": "network", "method": "RISE", "seconds": 12.3, "passes": 4000.0},
        {"classifier": "network", "method": "FEM", "seconds": 0.00045, "passes": 1.0},
        {"classifier": "network", "method": "LIME", "seconds": 3.0, "passes": math.nan},
    ]
    (card,) = cost_card(rows)
    assert [(line.value, line.detail) for line in card.lines] == [
        ("0.450 ms", "FEM, 1 pass"),
        ("12.3 s", "RISE, 4,000 passes"),
    ]
    (alone,) = cost_card(rows[2:])
    assert [(line.value, line.detail) for line in alone.lines] == [("3.00 s", "")]
    assert list(cost_card([])) == []


def test_a_baseline_has_cost_no_passes():
    row = {"classifier": "network", "method": "CENTRE", "seconds": 0.00045, "passes": 0.0}
    (card,) = cost_card([row])
    assert card.lines[0].detail == "0 passes"


def test_accuracy_is_a_share_and_no_card_where_no_class_is_known():
    row = {"classifier": "network", "right": 2, "known": 3, "accuracy": 2 / 3}
    (card,) = accuracy_card([row])
    assert [(line.value, line.detail, line.of) for line in card.lines] == [
        ("66.7%", "2 of 3 right", "")
    ]
    assert list(accuracy_card([])) == []


def test_an_experiment_says_how_often_maps_are_kept():
    rows = [
        {"classifier": "network", "method": method, "augmentation": "blur", "map_kept": kept}
        for method, kept in [("FEM", 1), ("FEM", 0), ("FEM", None), ("RISE", None)]
    ]
    table = EXPERIMENT_TABLES["augmentations"]
    card = experiment_card(ExperimentResult(name="augmentations", table=table, rows=rows))
    assert (card.title, card.note) == ("Augmentations", "map kept")
    lines = [(line.value, line.detail) for line in card.lines]
    assert lines == [("50.0%", "FEM"), ("n/a", "RISE")]
