"""A figure says what its cells share once, and of each cell what is its own."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evaluation import METRICS
from evaluation.measure import MetricResults
from figures.line_chart import LineChart
from figures.sheet import COLUMN, Sheet
from methods import METHODS
from pipeline.explaining.explanation import Explanation
from pipeline.plan import ClassifierChoice, Display, Evaluation, Plan
from pipeline.reporting.comparison import Comparison, FigureRow
from registry import parse_call

IMAGE = np.zeros((40, 60, 3), np.uint8)


def explanation(image="a.png", classifier="first", method="GRADCAM", label="cat", p=0.5, **more):
    known = {"image": IMAGE, "map": np.eye(4, dtype=np.float32), "class_index": 0} | more
    return Explanation(
        path=Path(image),
        classifier=classifier,
        method=parse_call(method, METHODS),
        label=label,
        probability=p,
        **known,
    )


def sheet_of(*rows, representations=("overlay",), metrics=(), truth=None, **display) -> Sheet:
    """The sheet of rows of explanations, the first of which has one for each pair."""
    calls = tuple({str(e.method): e.method for e in rows[0]}.values())
    names = list(dict.fromkeys(e.classifier for e in rows[0]))
    plan = Plan(
        images=(Path("a.png"),),
        methods=calls,
        classifiers=tuple(ClassifierChoice(model_name=name) for name in names),
        display=Display(**display),
        evaluation=Evaluation(metrics=tuple(parse_call(name, METRICS) for name in metrics)),
    )
    rows = [FigureRow(next(e for e in row if e).path, list(row), truth) for row in rows]
    return Comparison(plan, names, representations, rows).sheet()


def heads_of(sheet: Sheet) -> list[tuple[int, int, str]]:
    return [(head.first, head.last, head.text) for head in sheet.heads]


def test_of_one_map_everything_stands_over_the_figure():
    sheet = sheet_of([explanation()], representations=("heatmap", "overlay"))
    assert sheet.headline == "a.png · Grad-CAM · first · cat 50.0%"
    assert heads_of(sheet) == [(0, 0, "image"), (1, 1, "heatmap"), (2, 2, "overlay")]
    assert (list(sheet.labels), list(sheet.notes)) == ([], [])
    assert [(bar.row, bar.first, bar.last) for bar in sheet.bars] == [(0, 1, 2)]


def test_methods_are_heads_and_images_are_labels():
    rows = [
        [explanation(i, method=m, label=c) for m in ("GRADCAM", "FEM")]
        for i, c in (("a.png", "cat"), ("b.png", "red_fox"))
    ]
    sheet = sheet_of(*rows)
    assert sheet.headline == "first"
    assert heads_of(sheet) == [(0, 0, "image"), (1, 1, "Grad-CAM"), (2, 2, "FEM\nany class")]
    assert list(sheet.labels) == [["a.png", "cat 50.0%"], ["b.png", "red fox 50.0%"]]
    assert [bar.row for bar in sheet.bars] == [1]


def test_classifiers_stand_over_their_methods_and_probabilities_under_their_maps():
    row = [
        explanation(classifier=c, method=m, p=p)
        for c, p in (("first", 0.5), ("second", 0.25))
        for m in ("GRADCAM", "FEM")
    ]
    sheet = sheet_of(row)
    assert sheet.headline == "a.png · cat"
    assert [head for head in heads_of(sheet) if head[2] in ("first", "second")] == [
        (1, 2, "first"),
        (3, 4, "second"),
    ]
    assert [(note.first, note.last, note.text) for note in sheet.notes] == [
        (1, 2, "50.0%"),
        (3, 4, "25.0%"),
    ]


def test_classifiers_that_see_different_classes_say_which():
    sheet = sheet_of(
        [explanation(classifier="first"), explanation(classifier="other", label="dog")]
    )
    assert sheet.headline == "a.png"
    assert [note.text for note in sheet.notes] == ["cat 50.0%", "dog 50.0%"]


@pytest.mark.parametrize(("true_index", "said"), [(0, "right"), (1, "wrong: red fox")])
def test_where_the_true_class_is_known_it_is_said_who_is_right(true_index, said):
    known = {"true_index": true_index, "true_class": "red_fox", "predicted_index": 0}
    rows = [[explanation("a.png", **known)], [explanation("b.png")]]
    assert list(sheet_of(*rows).labels) == [["a.png", "cat 50.0%", said], ["b.png", "cat 50.0%"]]


def test_metrics_stand_under_the_maps_by_their_titles():
    results = [MetricResults({"INSERTION": 0.25, "POINTING": np.nan}, {}) for _ in range(2)]
    row = [
        replace(explanation(method=m), results=r)
        for m, r in zip(("GRADCAM", "FEM"), results, strict=True)
    ]
    sheet = sheet_of(row, metrics=("INSERTION", "POINTING"), show_metrics=True)
    assert [(note.first, note.text, note.is_name) for note in sheet.notes] == [
        (0, "Insertion\nPointing game", True),
        (1, "0.250\nn/a", False),
        (2, "0.250\nn/a", False),
    ]
    assert not sheet_of(row, metrics=("INSERTION", "POINTING")).notes


def test_curves_of_all_methods_are_one_chart_of_a_row():
    curve = {"curve": [[0, 1], [0.5, 0]]}
    results = MetricResults({"INSERTION": 0.25}, {"INSERTION": curve, "DELETION": curve})
    row = [replace(explanation(method=m), results=results) for m in ("GRADCAM", "FEM")]
    sheet = sheet_of(row, representations=("overlay", "curves"))
    (chart,) = (cell for cell in sheet.images if isinstance(cell, LineChart))
    assert [(line.name, line.kind) for line in chart.lines] == [
        ("Grad-CAM", "Insertion"),
        ("Grad-CAM", "Deletion"),
        ("FEM", "Insertion"),
        ("FEM", "Deletion"),
    ]
    assert heads_of(sheet)[-3:] == [(3, 3, "curves"), (1, 1, "Grad-CAM"), (2, 2, "FEM\nany class")]


def test_a_row_that_is_too_long_goes_on_below_under_heads_of_its_own():
    methods = ("GRADCAM", "GRADCAM++", "LAYERCAM", "HIRESCAM", "XGRADCAM")
    rows = [[explanation(i, method=m) for m in methods] for i in ("a.png", "b.png")]
    sheet = sheet_of(*rows, figure_width="column")
    assert sheet.width == COLUMN
    assert sheet.columns == 3
    over = {head.row: [] for head in sheet.heads}
    for head in sheet.heads:
        over[head.row].append((head.first, head.text))
    assert {row: sorted(heads) for row, heads in over.items()} == {
        0: [(0, "image"), (1, "Grad-CAM"), (2, "Grad-CAM++")],
        2: [(0, "image"), (1, "LayerCAM"), (2, "HiResCAM")],
        4: [(0, "image"), (1, "XGrad-CAM")],
    }
    assert [label[0] for label in sheet.labels] == ["a.png", "b.png"] * 3
    assert sheet.images[-1] is None


def test_methods_of_several_representations_are_not_torn_apart():
    row = [explanation(method=m) for m in ("GRADCAM", "LAYERCAM", "HIRESCAM")]
    sheet = sheet_of(row, representations=("heatmap", "overlay"), figure_width="column")
    assert sheet.columns == 3
    assert [head[2] for head in heads_of(sheet) if head[0] < head[1]] == [
        "Grad-CAM", "LayerCAM", "HiResCAM"
    ]  # fmt: skip


def test_a_colour_bar_is_under_the_columns_that_it_is_of():
    signed = {"map": np.array([[-1.0, 2.0]], np.float32)}
    row = [explanation(), explanation(method="OCCLUSION", **signed), explanation(method="FEM")]
    bars = {(bar.first, bar.last): bar.bar.labels for bar in sheet_of(row).bars}
    assert bars == {
        (1, 1): ("0", "map's maximum"),
        (2, 2): ("against", "0", "for the class"),
        (3, 3): ("0", "map's maximum"),
    }


def test_of_rows_with_other_colours_each_has_its_own_bar():
    signed = {"map": np.array([[-1.0, 2.0]], np.float32)}
    sheet = sheet_of([explanation("a.png")], [explanation("b.png", **signed)])
    assert [(bar.row, bar.bar.colormap) for bar in sheet.bars] == [(0, "turbo"), (1, "RdBu_r")]


def test_a_map_that_means_nothing_is_said_to_be_none():
    sheet = sheet_of([explanation(diagnosis="it is constant")])
    assert [note.text for note in sheet.notes] == ["no map"]
    assert not sheet.bars


def test_a_method_of_any_class_stands_in_the_first_row_alone():
    rows = [
        [explanation(label="cat"), explanation(method="FEM")],
        [explanation(label="dog"), None],
    ]
    sheet = sheet_of(*rows)
    assert list(sheet.labels) == [["", "cat 50.0%"], ["", "dog 50.0%"]]
    assert sheet.headline == "a.png · first"
    assert sheet.images[-1] is None


def test_ground_truth_stands_beside_the_image():
    truth = np.full((40, 60, 3), 7, np.uint8)
    sheet = sheet_of([explanation()], truth=truth)
    assert heads_of(sheet)[:2] == [(0, 0, "image"), (1, 1, "ground truth")]
    assert sheet.images[1] is truth
