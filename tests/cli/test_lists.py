"""What names there are."""

import pytest

import main
from classifier.class_groups import group_of
from classifier.labels import read_labels
from evaluation import METRICS
from methods import METHODS
from views import VIEWS

IMAGENET = read_labels("imagenet")


def listed(capsys, *flags: str) -> list[list[str]]:
    """The words of each line that a command prints."""
    assert main.main(list(flags)) == 0
    return [line.split() for line in capsys.readouterr().out.splitlines()]


def test_all_classes_are_listed_by_index_id_and_name(capsys):
    lines = listed(capsys, "--list_classes")
    assert len(lines) == 1000
    assert lines[386] == ["386", "n02504458", "African_elephant"]


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("elephants", ["Indian_elephant", "African_elephant"]),
        ("spaniel", None),
        ("beetl", None),
        ("Germn_shepherd", ["German_shepherd"]),
    ],
)
def test_classes_are_listed_that_a_word_may_stand_for(word, names):
    found = [IMAGENET.names[index] for index in IMAGENET.matching(word)]
    if names is None:
        assert len(found) > 4
        assert all(word in name for name in found)
    else:
        assert found == names


def test_a_word_for_no_class_is_a_mistake(capsys):
    assert main.main(["--list_classes=xyzzy"]) == 2
    assert "no class of 1000 is like 'xyzzy'" in capsys.readouterr().err


def test_the_classes_of_a_model_are_its_own(model_file, capsys):
    lines = listed(capsys, "--model_path", model_file, "--list_classes")
    assert lines == [["0", "ant"], ["1", "bee"], ["2", "Bee"]]


def test_dogs_are_a_hundred_and_eighteen_and_some_are_named():
    dogs = group_of("Dogs")
    assert len(dogs) == 118
    assert {IMAGENET.names[index] for index in dogs} >= {"Chihuahua", "pug", "Mexican_hairless"}
    with pytest.raises(ValueError, match=r"118 of that kind: Chihuahua, .*--list_classes dog"):
        IMAGENET.index("dog")
    with pytest.raises(ValueError, match="2 of that kind: Indian_elephant, African_elephant"):
        IMAGENET.index("elephant")
    with pytest.raises(ValueError, match="did you mean 'sorrel'"):
        IMAGENET.index("horse")
    assert IMAGENET.index("hog") == 341


def test_words_for_groups_are_no_classes_and_hold_what_their_names_say():
    for word in ("fox", "wolf", "bear", "turtle", "crab", "beetle", "butterfly", "whale"):
        names = [IMAGENET.names[index] for index in group_of(word)]
        assert any(word in name for name in names), word
        assert word not in IMAGENET.names


def test_methods_views_metrics_and_classifiers_are_listed(capsys):
    names = {line[0] for line in listed(capsys, "--list_methods")}
    assert names >= {*METHODS, *VIEWS, *METRICS}
    names = {line[0] for line in listed(capsys, "--list_models")}
    assert names >= {"EfficientNetLite0", "SqueezeNet", "ResNet50", "Xception"}
