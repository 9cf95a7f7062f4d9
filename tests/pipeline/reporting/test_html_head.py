"""The head of the report page."""

from pathlib import Path

from evaluation import METRICS
from methods import METHODS
from pipeline.plan import Evaluation, Experiments, Plan
from pipeline.reporting.html_head import facts, page_title
from pipeline.targets import Targets
from views import VIEWS


def record(*names: str) -> dict:
    rest = {"input_size": (224, 224), "precision": "float32", "layer": "last"}
    return {
        "classifiers": [{"name": name, **rest} for name in names],
        "versions": {"toolkit": "1.2.3", "numpy": "9", "keras": "4.0"},
    }


def named(plan: Plan, *names: str) -> dict[str, list[str]]:
    return {fact.name: list(fact.values) for fact in facts(plan, record(*names), "Images")}


def test_the_title_names_the_classifiers():
    assert page_title(record("one"), True) == "What one looked at"
    assert page_title(record("one", "two", "three"), True) == "What one, two and three looked at"
    assert page_title(record(*"abcdef"), True) == "What a, b, c, d and 2 more looked at"
    assert page_title(record("one"), False) == "Inside one"


def test_all_that_was_asked_for_is_there():
    plan = Plan(
        images=(Path("in/1.png"), Path("in/2.png")),
        paths=(Path("in"),),
        methods=(METHODS["GRADCAM"].call(relu="channels"), METHODS["FEM"].call()),
        targets=Targets(text="top3"),
        evaluation=Evaluation(metrics=(METRICS["PCC"].call(),), ground_truth=("gaze",)),
        experiments=Experiments(augmentations=("vertical_flip",), mask=(0.1, 0.25), keep=(0.5,)),
    )
    assert named(plan, "one", "two") == {
        "Images": ["2 in in"],
        "Classifiers": [
            "one, 224 x 224 pixels, layer last",
            "two, 224 x 224 pixels, layer last",
        ],
        "Methods": ["Grad-CAM (relu=channels)", "FEM"],
        "Class": ["top3"],
        "Metrics": ["PCC"],
        "Ground truth": ["gaze"],
        "Experiments": [
            "changed: vertical flip",
            "most salient 10%, 25% hidden (rectangles, black)",
            "most salient 50% kept (rectangles, black)",
        ],
        "Made by": ["toolkit 1.2.3, Keras 4.0"],
    }


def test_what_was_not_asked_for_is_left_out():
    plan = Plan(images=(Path("1.png"),), methods=(), views=(VIEWS["ACTIVATIONS"].call(),))
    found = named(plan, "one")
    assert list(found) == ["Images", "Classifier", "Views", "Made by"]
    assert found["Images"] == ["1.png"]


def test_the_command_is_as_a_shell_takes_it():
    command = ("main.py", "--test_image_path", "my photos", "--report")
    plan = Plan(images=(Path("a.png"),), command=command)
    assert named(plan, "one")["Command"] == ["main.py --test_image_path 'my photos' --report"]
    assert "Command" not in named(Plan(images=(Path("a.png"),)), "one")
