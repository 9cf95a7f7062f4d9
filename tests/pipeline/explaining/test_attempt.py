"""What goes wrong with one image or one method costs that alone."""

import csv

import numpy as np
import pytest
from PIL import Image
from support import bright_classifier, noise

import main
from classifier import BlackBox, Classifier
from classifier.labels import numbered_labels
from images import ImageError
from methods import METHODS
from methods.method import Method
from pipeline.dataset import store
from pipeline.explaining.changes import Masking, explain_again
from pipeline.explaining.explain import explain, explain_batch, request_of
from pipeline.targets import Targets

MODULE = """
import numpy as np
def light(images):
    if {case}:
        raise {error}("flat is too much")
    p = images.mean(axis=(1, 2, 3)) / 255
    return np.stack([1 - p, p], axis=1)
light.input_size = (32, 32)
"""
FLAT = "(images == 200).all(axis=(1, 2, 3)).any()"
CORNERS = (
    "((images[:, [0, -1], [0, -1], 0] < 1).all(axis=1) & (images.mean(axis=(1, 2, 3)) > 9)).any()"
)


def method_that(raises) -> Method:
    """A method whose maps are the images' red; `raises` gets the images."""

    def red(classifier, images, class_indices):
        raises(images)
        return images[..., 0]

    return Method(red, "Red").call()


def answers(method, images):
    classifier = bright_classifier((32, 32, 3))
    calls = [METHODS["OCCLUSION"].call(patch=16), method]
    requests = [request_of(image.astype(np.uint8), classifier, calls) for image in images]
    return explain_batch(requests, classifier, Targets())


@pytest.mark.parametrize("error", [RuntimeError, ValueError, ImageError, np.linalg.LinAlgError])
@pytest.mark.parametrize("count", [1, 3])  # the first of a run may be the one that will not do
def test_a_method_that_raises_on_one_image_fails_there_alone(error, count):
    images = noise(count=count)
    images[0] = 200

    def raises(shown):
        if (shown[0] == 200).all():
            raise error("flat is too much")

    first, *others = answers(method_that(raises), images)
    assert [e.method.name for e in first.explanations] == ["OCCLUSION"]
    (failure,) = first.failures
    assert failure.asker == "RED"
    assert "flat is too much" in failure.reason
    assert [len(answer.explanations) for answer in others] == [2] * (count - 1)
    assert not any(answer.failures for answer in others)


def test_what_noise_cannot_have_either_is_a_mistake_of_the_command():
    def raises(shown):
        raise ValueError("red is out of range")

    with pytest.raises(ValueError, match="red is out of range"):
        answers(method_that(raises), noise(count=2))


def run_on(folder, *flags) -> tuple[int, list[dict]]:
    """The exit status, and the rows of failures.csv."""
    out = folder / "out"
    flags = [*flags, "--representation=none", "--output_dir", str(out)]
    status = main.main(["--test_image_path", str(folder / "images"), *flags])
    file = out / "failures.csv"
    return status, list(csv.DictReader(file.read_text().splitlines())) if file.exists() else []


@pytest.fixture
def folder(tmp_path):
    """An image of one grey, then two of patches."""
    (tmp_path / "images").mkdir()
    flat = np.full((1, 32, 32, 3), 200)
    for number, image in enumerate(np.concatenate([flat, noise()])):
        Image.fromarray(image.astype(np.uint8)).save(tmp_path / f"images/{number}.png")
    return tmp_path


@pytest.mark.parametrize("error", ["TypeError", "ValueError"])
@pytest.mark.parametrize("method", ["PATCHES:grid=2", "OCCLUSION:patch=16"])  # a batch; one by one
def test_a_users_function_that_raises_on_one_image_costs_that_alone(
    error, method, folder, monkeypatch
):
    name = f"light_{error}_{method[:3]}".lower()
    (folder / f"{name}.py").write_text(MODULE.format(case=FLAT, error=error))
    monkeypatch.syspath_prepend(folder)
    status, failed = run_on(folder, f"--model_path={name}:light", f"--explanation_method={method}")
    assert status == 1
    (row,) = failed
    assert row["image"].endswith("0.png")
    assert "flat is too much" in row["reason"]


@pytest.mark.parametrize(
    ("name", "case", "flag"),
    [
        ("rotation", CORNERS, "--augment=rotation,blur"),
        ("mask_0.2", "len(images) == 8", "--mask_salient=0.2"),  # random places
    ],
)
def test_a_users_function_that_raises_on_a_changed_image_costs_that_change_alone(
    name, case, flag, folder, monkeypatch
):
    module = f"light_{name[:4]}"
    (folder / f"{module}.py").write_text(MODULE.format(case=case, error="ValueError"))
    monkeypatch.syspath_prepend(folder)
    Image.open(folder / "images/1.png").rotate(90).save(folder / "images/0.png")
    method = "OCCLUSION:patch=16"
    flags = [flag, f"--explanation_method={method}", f"--model_path={module}:light"]
    status, failed = run_on(folder, *flags)
    assert status == 1
    assert [row["of"] for row in failed] == [f"{method}, {name}"] * 3
    assert len(store.read(folder / "out")) == 3
    kept = store.read(folder / "out", kind="change")
    assert list(kept["error"].isna()) == [True] * (3 if name == "rotation" else 0) + [False] * 3


def test_superpixels_that_are_none_or_too_many_cost_their_image_and_method_alone(folder):
    methods = "LIME:samples=50,KERNELSHAP:samples=20:segmentation=slic,OCCLUSION:patch=56:stride=56"
    Image.new("RGB", (32, 32), (90, 90, 90)).save(folder / "images/1.png")
    status, failed = run_on(folder, "--model_name=SqueezeNet", f"--explanation_method={methods}")
    assert status == 1
    assert {(row["image"][-5:], row["of"].split(":")[0]) for row in failed} == {
        *(("0.png", name) for name in ("LIME", "KERNELSHAP")),
        *(("1.png", name) for name in ("LIME", "KERNELSHAP")),
        ("2.png", "KERNELSHAP"),
    }


def test_a_class_whose_score_is_nan_is_no_prediction_of_a_changed_image():
    def scores(images):
        light = images.mean(axis=(1, 2, 3)) / 255
        rest = np.stack([0.3 * light, 1 - 0.3 * light], axis=1)
        return np.concatenate([np.full((len(images), 1), np.nan), rest], axis=1)

    network = BlackBox(scores, (32, 32, 3))
    classifier = Classifier("holed", network, numbered_labels(3), lambda x: x)
    image = noise(count=1)[0].astype(np.uint8)
    before = explain(classifier, image, "OCCLUSION", target="index:2", patch=16)
    assert before.predicted_index == 2
    changed = explain_again(classifier, before, Masking(fraction=0.2))
    assert changed.values["label_changed"] == changed.values["random_label_changed"] == 0
