"""Captions say of each note whose it is."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from evaluation.measure import MetricResults
from methods import METHODS
from pipeline.explaining.explanation import Explanation
from pipeline.plan import Plan
from pipeline.reporting.captions import Captions, colour_bars


def explanation(method: str, classifier: str = "small", image: str = "a.png", **notes):
    return Explanation(
        image=np.zeros((8, 8, 3), np.uint8),
        path=Path(image),
        map=np.eye(4, dtype=np.float32),
        method=METHODS[method].call(),
        classifier=classifier,
        class_index=0,
        label="cat",
        probability=0.5,
        notes=notes,
    )


def caption(*explanations: Explanation) -> str:
    plan = Plan(images=(Path("a.png"),), methods=tuple(e.method for e in explanations))
    return Captions(plan, {}, ()).of_maps(explanations, ["overlay"])


def test_a_note_says_which_methods_it_is_of():
    said = caption(
        explanation("OCCLUSION", caption="hidden by grey, patch 4."),
        explanation("RISE", caption="hidden by grey."),
        explanation("LIME", caption="hidden by grey."),
    )
    assert "Occlusion: hidden by grey, patch 4. RISE, LIME: hidden by grey." in said


def test_of_several_classifiers_it_says_which():
    said = caption(
        explanation("RISE", "first", caption="hidden by grey."),
        explanation("RISE", "second", caption="hidden by black."),
    )
    assert "RISE, first: hidden by grey. RISE, second: hidden by black." in said


def test_a_metrics_colour_and_step_are_said():
    noted = {"caption": "hidden by grey, 4 pixels a step.", "step": 4}
    first, second = explanation("RISE"), explanation("FEM")
    results = MetricResults({"DELETION": 0.1}, {"DELETION": noted})
    said = caption(replace(first, results=results), replace(second, results=results))
    assert said.count("Deletion: hidden by grey, 4 pixels a step.") == 1


def test_how_an_image_was_read_names_the_image_once():
    notes = {"image_caution": "read as 12-bit data"}
    said = caption(
        explanation("FEM", image="dark.png", **notes), explanation("CAM", image="dark.png", **notes)
    )
    assert said.count("dark.png: read as 12-bit data.") == 1


def test_a_sign_of_no_class_is_not_for_or_against_one():
    of_class, of_any = explanation("OCCLUSION"), explanation("EIGENCAM")
    bars = colour_bars(None, [of_class, of_any], ["overlay"])
    assert [bar.labels for bar in bars] == [
        ("against", "0", "for the class"),
        ("negative", "0", "positive"),
    ]
    assert caption(of_class, of_any).count("Maps with a sign are divided") == 1
