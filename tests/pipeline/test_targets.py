"""What `--target` stands for: classes, contrasts, and the texts that are told apart."""

import numpy as np
import pytest
from support import sequential

from classifier import load_classifier
from pipeline.targets import TargetPart, Targets


@pytest.fixture
def classifier_of_three():
    return load_classifier(sequential(), class_names=["ant", "bee", "index:2"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bee:ant", TargetPart(1, 0)),
        ("1:0", TargetPart(1, 0)),
        ("-ant", TargetPart(None, 0)),
        ("index:1", TargetPart(1)),
        ("index:1:ant", TargetPart(1, 0)),
        ("bee:index:0", TargetPart(1, 0)),
        ("predicted:ant", TargetPart("predicted", 0)),
        ("-predicted", TargetPart(None, "predicted")),
        ("index:2", TargetPart(2)),
    ],
)
def test_targets_name_two_classes_or_one_against(text, expected, classifier_of_three):
    assert Targets(text=text).parts(classifier_of_three) == [expected]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("bee:bee", "against itself"),
        ("bee:wasp", "no class 'wasp'"),
        ("-wasp", "no class 'wasp'"),
        ("top3:bee", "one class on each side"),
        ("wasp", "no class 'wasp'"),
    ],
)
def test_wrong_contrasts_are_said(text, words, classifier_of_three):
    with pytest.raises(ValueError, match=words):
        Targets(text=text).parts(classifier_of_three)


def test_the_predicted_class_is_not_held_against_itself(classifier_of_three):
    targets = Targets(text="predicted:ant")
    assert targets.indices(classifier_of_three, np.array([0.7, 0.2, 0.1])) == []
    assert targets.indices(classifier_of_three, np.array([0.2, 0.7, 0.1])) == [3]


def test_classes_of_several_parts_are_each_taken_once(classifier_of_three):
    scores = np.array([0.7, 0.2, 0.1])
    assert Targets(text="top2,ant,bee").indices(classifier_of_three, scores) == [0, 1]
    assert Targets(text="predicted").indices(classifier_of_three, scores) == [0]


def test_only_what_no_image_decides_is_fixed(classifier_of_three):
    assert Targets(text="bee,predicted,ant").fixed_indices(classifier_of_three) == [1, 0]


@pytest.mark.parametrize(
    ("targets", "text"),
    [
        (Targets(), "predicted"),
        (Targets(text="ant,bee"), "ant,bee"),
        (Targets(position=1), "test_image_index 1"),
        (Targets(box=2), "box 2"),
        (Targets(box=(1.0, 2.0, 3.0, 4.0)), "box [1.0, 2.0, 3.0, 4.0]"),
    ],
)
def test_each_way_to_ask_has_its_description(targets, text, classifier_of_three):
    assert targets.description == targets.description_for(classifier_of_three) == text


def test_the_five_best_labels_are_those_of_a_multi_label_classifier(classifier_of_three):
    model = sequential(activation="sigmoid", count=7)
    many = load_classifier(model)
    targets = Targets(of_labels=True)
    assert many.multi_label
    assert targets.description_for(many) == "top5"
    assert targets.description_for(classifier_of_three) == "predicted"
    assert len(targets.indices(many, np.linspace(0, 1, 7))) == 5
