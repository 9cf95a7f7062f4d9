"""Boxes of a small detector whose answer is known: it looks at two places, and how red they are."""

import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from support import relative_difference, sequential

import main
from classifier import load_classifier
from classifier.detector import Detections, TargetBox, overlap, similarity
from methods import METHODS
from pipeline import explain

SIDE = 32
BOXES = np.array([[4, 6, 8, 10], [20, 16, 8, 12]], np.float32)  # x, y, w, h


def reds(images):
    """Boxes (N, 2, 4), and for each how red it is and how little, (N, 2, 2)."""
    red = [
        tf.reduce_mean(images[:, y : y + h, x : x + w, 0], axis=(1, 2)) / 255
        for x, y, w, h in BOXES.astype(int)
    ]
    red = tf.stack(red, axis=1)
    return tf.repeat(BOXES[np.newaxis], len(images), axis=0), tf.stack([red, 1 - red], axis=-1)


reds.input_shape = (None, SIDE, SIDE, 3)
reds.class_names = ["red", "other"]


def in_numpy(images):
    """The same, without a gradient."""
    return tuple(np.asarray(found) for found in reds(np.array(images.copy())))


vars(in_numpy).update(vars(reds))


def scene_image(first: float = 250, second: float = 200) -> np.ndarray:
    """(32, 32, 3): the two places red, all around blue."""
    image = np.zeros((SIDE, SIDE, 3), np.float32)
    image[..., 2] = 90
    for (x, y, w, h), red in zip(BOXES.astype(int), (first, second), strict=True):
        image[y : y + h, x : x + w, 0] = red
    return image


@pytest.fixture
def detector():
    return load_classifier(model_path=f"{__name__}:reds")


def test_overlap_by_hand():
    boxes = np.array([[0, 0, 4, 4], [2, 0, 4, 4], [4, 0, 4, 4], [1, 1, 2, 2], [0, 0, 0, 0]], "f4")
    expected = [1, 8 / 24, 0, 4 / 16, 0]
    np.testing.assert_allclose(overlap(boxes, (0, 0, 4, 4)), expected)


def test_similarity_is_the_largest_of_overlap_times_cosine():
    rng = np.random.default_rng(0)
    boxes, scores = rng.uniform(1, 9, (3, 5, 4)), rng.uniform(0, 1, (3, 5, 7))
    boxes, scores = boxes.astype(np.float32), scores.astype(np.float32)
    scores[0, 2] = 0  # no detection
    target = TargetBox((2, 3, 5, 6), tuple(rng.uniform(0, 1, 7)))
    expected = np.zeros(3)
    for n, d in np.ndindex(3, 5):
        length = np.linalg.norm(scores[n, d]) * np.linalg.norm(target.scores)
        cosine = scores[n, d] @ target.scores / length if length else 0
        alike = float(overlap(boxes[n, d], target.box)) * cosine
        expected[n] = max(expected[n], alike)
    found = similarity(Detections(boxes, scores), target)
    np.testing.assert_allclose(np.ravel(found), expected, rtol=1e-5)
    nothing = Detections(boxes[:, :0], scores[:, :0])
    np.testing.assert_array_equal(similarity(nothing, target), np.zeros((3, 1)))


def test_a_detector_is_a_classifier_of_what_is_anywhere(detector):
    scores = detector.scores(scene_image()[np.newaxis])
    np.testing.assert_allclose(scores, [[250 / 255, 55 / 255]], rtol=1e-5)
    assert detector.labels.names == ["red", "other"]
    assert detector.network.logits_from == "the score itself"


def test_all_detections_are_listed_the_surest_first(detector):
    image = scene_image(200, 250)
    with detector.contrasts():
        first, second = detector.boxes(image, most=12)
        assert detector.box_of(first) == tuple(BOXES[1].tolist())
        assert detector.box_of(second) == tuple(BOXES[0].tolist())
        assert detector.title(first) == "red (box)"
        assert len(detector.boxes(image, most=1)) == 1
    assert detector.network.contrasts == ()


def test_boxes_are_numbered_the_surest_first_or_given_by_their_place(detector):
    image = scene_image(200, 250)
    first, second = detector.box(image, 0), detector.box(image, 1)
    assert (first, second) == (2, 3)
    assert (detector.box_of(first), detector.box_of(second)) == (tuple(BOXES[1]), tuple(BOXES[0]))
    near = detector.box(image, (3.0, 5.0, 8.0, 10.0))
    assert detector.title(near) == "red (box)"
    assert detector.score_of(detector.scores(image[np.newaxis])[0], near) == pytest.approx(
        200 / 255
    )
    for wanted, words in ((2, "it has 2 detections"), ((0, 0, 2, 2), "no detection that overlaps")):
        with pytest.raises(ValueError, match=words):
            detector.box(image, wanted)
    detector.forget_boxes()
    assert detector.box(image, 0) == 2


def test_drise_finds_the_box_and_not_the_other(detector):
    image = scene_image()
    indices = [detector.box(image, 0), detector.box(image, 1)]
    maps = METHODS["DRISE"](detector, np.stack([image, image]), indices, masks=1000)
    places = BOXES.astype(int)
    for (x, y, w, h), other, found in zip(places, places[::-1], maps, strict=True):
        row, column = np.unravel_index(found.argmax(), found.shape)
        assert y <= row < y + h
        assert x <= column < x + w
        inside = found[y : y + h, x : x + w].mean() - found.mean()
        x, y, w, h = other
        assert found[y : y + h, x : x + w].mean() - found.mean() < 0.2 * inside


def test_drise_is_rise_of_the_box(detector):
    image = scene_image()
    index = detector.box(image, 0)
    options = {"masks": 64, "seed": 3}
    ours = METHODS["DRISE"](detector, image[np.newaxis], [index], **options)
    rise = METHODS["RISE"](detector, image[np.newaxis], [index], grid=16, **options)
    np.testing.assert_array_equal(ours, rise)


def test_what_is_hidden_outside_of_the_box_does_not_count(detector):
    image = scene_image()
    index = detector.box(image, 1)
    options = {"patch": 4, "stride": 4, "fill": "black"}
    (found,) = METHODS["OCCLUSION"](detector, image[np.newaxis], [index], **options)
    x, y, w, h = BOXES[1].astype(int)
    inside = np.zeros_like(found, bool)
    inside[y : y + h, x : x + w] = True
    np.testing.assert_allclose(found[~inside], 0, atol=1e-6)
    red, left = 200 / 255, 200 / 255 * (1 - 16 / 96)  # one of six patches hidden
    alike = np.dot([red, 1 - red], [left, 1 - left])
    alike /= np.hypot(red, 1 - red) * np.hypot(left, 1 - left)
    np.testing.assert_allclose(found[inside], 1 - alike, rtol=1e-3)


def test_saliency_is_the_gradient_of_the_similarity(detector):
    image, x, y, w, h = scene_image(), *BOXES[0].astype(int)
    index = detector.box(image, (4.0, 6.0, 8.0, 5.0))  # the upper half: IoU 1/2
    darker = scene_image(150)
    (found,) = METHODS["SALIENCY"](detector, darker[np.newaxis], [index])

    def alike(red: float) -> float:
        target, now = np.array([250, 5]) / 255, np.array([red, 255 - red]) / 255
        return 0.5 * target @ now / np.linalg.norm(target) / np.linalg.norm(now)

    expected = np.zeros((SIDE, SIDE))
    expected[y : y + h, x : x + w] = abs(alike(150.5) - alike(149.5)) / (w * h)
    assert relative_difference(found, expected) < 1e-3


@pytest.mark.parametrize("name", ["GRADCAM", "SMOOTHGRAD"])
def test_methods_that_look_into_layers_refuse_a_detector(name, detector):
    with pytest.raises(ValueError, match="only gives scores"):
        METHODS[name].check(detector, {})
    METHODS["SALIENCY"].check(detector, {})


def test_saliency_of_a_function_without_a_gradient_is_refused_in_one_line():
    detector = load_classifier(model_path=f"{__name__}:in_numpy")
    index = detector.box(scene_image(), 0)
    with pytest.raises(ValueError, match="has no gradient: this needs one made of TensorFlow"):
        METHODS["SALIENCY"](detector, scene_image()[np.newaxis], [index])
    drise = METHODS["DRISE"](detector, scene_image()[np.newaxis], [index], masks=32)
    assert np.isfinite(drise).all()


@pytest.fixture
def scene(tmp_path, monkeypatch):
    """The image as a file, twice as large."""
    monkeypatch.chdir(tmp_path)
    image = Image.fromarray(scene_image().astype(np.uint8)).resize(
        (64, 64), Image.Resampling.NEAREST
    )
    image.save(tmp_path / "scene.png")
    return [f"--model_path={__name__}:reds", "--test_image_path=scene.png"]


@pytest.mark.parametrize("box", ["1", "40,32,16,24"])
def test_main_explains_a_box_and_draws_it(scene, box, tmp_path):
    flags = ["--explanation_method=DRISE:masks=64,SALIENCY", "--display_type=bare"]
    assert main.main([*scene, f"--target_box={box}", *flags, "--metrics=INSERTION"]) == 0
    (record,) = tmp_path.glob("results/*.json")
    explanations = json.loads(record.read_text())["explanations"]
    assert [e["label"] for e in explanations] == ["red (box)"] * 2
    for explanation in explanations:
        np.testing.assert_allclose(explanation["notes"]["box"], [40, 32, 16, 24], atol=1e-3)
        assert explanation["probability"] == pytest.approx(200 / 255, abs=0.02)
        assert 0 <= explanation["metrics"]["INSERTION"] <= 1
    for figure in tmp_path.glob("results/*.png"):
        drawn = np.asarray(Image.open(figure))
        assert (drawn[32, 40:56] == 255).all()
        assert (drawn[32:56, 40] == 255).all()


def test_a_run_that_goes_on_draws_the_box_again(scene, tmp_path):
    flags = ["--target_box=0", "--explanation_method=DRISE:masks=32", "--display_type=bare"]
    images = []
    for _ in range(2):
        assert main.main([*scene, *flags]) == 0
        images.append([file.read_bytes() for file in sorted(tmp_path.glob("results/*.png"))])
    assert images[0] == images[1]


def test_an_image_without_such_a_detection_fails_by_itself(scene, capsys):
    assert main.main([*scene, "--target_box=5", "--explanation_method=DRISE:masks=32"]) == 1
    assert "'scene.png': it has 2 detections, numbered from 0; got 5" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--target_box=1,2,3"], "expected x,y,w,h"),
        (["--target_box=1,2,0,3"], "expected x,y,w,h"),
        (["--target_box=0", "--target=red"], "a class goes without it"),
        (["--target_box=0", "--augment=blur"], "are for classes, not for --target_box"),
        (["--target_box=0", "--explanation_method=FEM"], "only gives scores"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(scene, flags, words, capsys):
    assert main.main([*scene, *flags]) == 2
    assert words in capsys.readouterr().err


def test_a_classifier_has_no_boxes(scene, tmp_path, capsys):
    sequential().save("plain.keras")
    flags = ["--model_path=plain.keras", "--test_image_path=scene.png", "--target_box=0"]
    assert main.main(flags) == 2
    assert "plain finds no boxes" in capsys.readouterr().err


def test_python_explains_a_class_of_a_detector(detector, scene):
    explanation = explain(detector, "scene.png", "DRISE", target="red", masks=32)
    assert explanation.label == "red"
    assert "box" not in explanation.notes


def wrong(images):
    return np.zeros((len(images), 3, 4)), np.zeros((len(images), 2, 5))


def test_a_function_of_other_shapes_is_refused():
    with pytest.raises(ValueError, match=r"expected \(N, D, 4\) and \(N, D, classes\)"):
        load_classifier(model_path=f"{__name__}:wrong")


def one_class(images):
    """The same with a score for one class only."""
    boxes, scores = reds(images)
    return boxes, scores[..., :1]


def percents(images):
    """The same with scores in percent."""
    boxes, scores = reds(images)
    return boxes, 100 * scores


for function in (one_class, percents):
    function.input_shape = reds.input_shape


def test_a_detector_of_one_class_is_explained():
    detector = load_classifier(model_path=f"{__name__}:one_class")
    assert len(detector.labels) == 1
    explanation = explain(detector, scene_image().astype(np.uint8), "SALIENCY", target_box=0)
    assert explanation.map[6:16, 4:12].sum() > 0.99 * explanation.map.sum()


def test_scores_that_are_no_probabilities_are_refused():
    with pytest.raises(ValueError, match="scores from 0 to 100; expected probabilities"):
        load_classifier(model_path=f"{__name__}:percents")


def test_the_report_draws_the_box_where_it_is(detector):
    explanation = explain(detector, scene_image().astype(np.uint8), "SALIENCY", target_box=0)
    large = explanation.of_copy(explanation.image.repeat(10, axis=0).repeat(10, axis=1))
    np.testing.assert_allclose(large.notes["box"], 10 * np.array(BOXES[0]), atol=1e-3)
    assert (large.shown_image[60, 40:120] == 255).all()
