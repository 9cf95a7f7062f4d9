"""The labels of multi-label classifiers, from the command line."""

import json

import numpy as np
import pytest
from support import rows_of, sequential

from classifier import load_classifier
from images import read_image, resized


def test_the_five_best_labels_of_a_multi_label_classifier_in_one_figure(
    run, labels_file, images, figures
):
    status, files = run(paths=images[:1], model=labels_file)
    assert status == 0
    (record,) = [json.loads(f.read_text()) for n, f in files.items() if n.endswith(".json")]
    rows = record["explanations"]
    classifier = load_classifier(model_path=labels_file)
    assert classifier.multi_label
    logits = classifier.logits(resized(read_image(images[0]), (32, 32))[None])[0]
    best = np.argsort(-logits)[:5]
    assert [row["class_index"] for row in rows] == best.tolist()
    np.testing.assert_allclose(
        [row["probability"] for row in rows], 1 / (1 + np.exp(-logits[best])), atol=1e-5
    )
    (figure,) = figures
    for index, probability in zip(best, [row["probability"] for row in rows], strict=True):
        assert ["", f"class {index} {probability:.1%}"] in figure["labels"]
    assert len(figure["images"]) == 5 * 3


@pytest.mark.parametrize("flag", ["--metrics=SPARSITY", "--target=predicted"])
def test_one_label_where_maps_are_judged_or_one_is_asked_for(run, labels_file, images, flag):
    _, files = run(flag, paths=images[:1], model=labels_file)
    (record,) = [json.loads(f.read_text()) for n, f in files.items() if n.endswith(".json")]
    assert len(record["explanations"]) == 1


def test_a_judged_label_after_all_five(run, labels_file, images):
    run(paths=images[:1], model=labels_file)
    _, files = run("--metrics=SPARSITY", paths=images[:1], model=labels_file)
    assert len(rows_of(files, "results.csv")) == 1


@pytest.mark.parametrize(
    ("count", "activation", "multi"),
    [(3, "softmax", False), (1, "sigmoid", False), (2, None, False)],
)
def test_other_classifiers_have_one_prediction(count, activation, multi):
    assert load_classifier(sequential(count, activation)).multi_label is multi
