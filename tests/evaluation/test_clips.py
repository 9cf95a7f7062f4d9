"""Metrics of clips' maps: over positions and time."""

import keras
import numpy as np
import pytest
from keras import layers

from classifier import BlackBox, Classifier, load_classifier
from classifier.labels import numbered_labels
from evaluation import METRICS
from evaluation.measure import MetricInputs, measure
from gradcam import gradcam
from registry import parse_call
from runtime import noting

FRAMES, SIDE = 4, 8
OF_CLIPS = [name for name, metric in METRICS.items() if metric.of_clips]


def bright_classifier() -> Classifier:
    """The probability of class 1 is the mean brightness of all frames, from 0 to 1."""

    def scores(clips):
        light = clips.mean(axis=(1, 2, 3, 4), dtype=np.float64) / 255
        return np.stack([1 - light, light], axis=1).astype(np.float32)

    network = BlackBox(scores, (FRAMES, SIDE, SIDE, 3))
    return Classifier("bright", network, numbered_labels(2), lambda x: x)


def network() -> Classifier:
    return load_classifier(
        keras.Sequential(
            [
                keras.Input((FRAMES, SIDE, SIDE, 3)),
                layers.Rescaling(1 / 127.5, offset=-1),
                layers.Conv3D(4, 3, padding="same", activation="relu"),
                layers.GlobalAveragePooling3D(),
                layers.Dense(2, activation="softmax"),
            ]
        )
    )


def clips(count: int = 2) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.uniform(0, 255, (count, FRAMES, SIDE, SIDE, 3)).astype(np.float32)


def lit_clip() -> tuple[np.ndarray, np.ndarray]:
    """A clip whose second frame is white and the others black; a map that knows it."""
    clip = np.zeros((1, FRAMES, SIDE, SIDE, 3), np.float32)
    clip[0, 1] = 255
    places = np.arange(clip[0, ..., 0].size).reshape(FRAMES, SIDE, SIDE)
    return clip, (1000 * clip[..., 0] - places).astype(np.float32)


def evidence(metric, classifier, images) -> list:
    known = {
        "classifier": classifier,
        "images": images,
        "class_indices": np.array([0, 1])[: len(images)],
        "explain": lambda images, indices: gradcam(classifier, images, indices),
    }
    return [known[need] for need in metric.needs]


def test_of_clips_are_all_that_need_no_gaze_and_no_mask():
    assert {"INSERTION", "DELETION", "ROAD", "AVERAGE_DROP", "SPARSITY"} < set(OF_CLIPS)
    for name, metric in METRICS.items():
        if name in OF_CLIPS:
            assert metric.check(bright_classifier()) is None
        else:
            with pytest.raises(
                ValueError, match=f"{name} needs .*evaluated by .*INSERTION"
            ) as error:
                metric.check(bright_classifier())
            assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", OF_CLIPS)
def test_they_keep_the_contract(name):
    classifier, images, metric = network(), clips(), METRICS[name]
    maps = np.random.default_rng(1).random((2, FRAMES, SIDE, SIDE)).astype(np.float32)
    before = maps.copy()
    values = metric(maps, *evidence(metric, classifier, images))
    np.testing.assert_array_equal(maps, before)
    assert values.shape == (2,)
    assert np.isfinite(values).all()


def test_pixels_of_all_frames_are_inserted_and_deleted_in_one_order():
    """The lit frame is a quarter: up from 0 to 1/4 while it is shown, then level; and back."""
    images, maps = lit_clip()
    given = (maps, bright_classifier(), images, [1])
    step = images[0, ..., 0].size // 16
    with noting() as notes:
        (area,) = METRICS["INSERTION"](*given, step=step, start="black")
    ((shares, scores),) = notes["curve"]
    np.testing.assert_allclose(shares, np.arange(17) / 16)
    np.testing.assert_allclose(scores, np.minimum(shares, 0.25), atol=1e-6)
    assert area == pytest.approx(0.25 * 0.25 / 2 + 0.25 * 0.75)
    assert METRICS["DELETION"](*given, step=step)[0] == pytest.approx(0.25 * 0.25 / 2)


def test_what_is_left_of_a_clip_under_its_map_by_hand():
    images = np.full((1, FRAMES, SIDE, SIDE, 3), 51, np.float32)  # p = 0.2 of class 1
    half = np.zeros((1, FRAMES, SIDE, SIDE), np.float32)
    half[:, :2] = 3
    given = (half, bright_classifier(), images)
    np.testing.assert_allclose(METRICS["AVERAGE_DROP"](*given, [1]), [0.5], atol=1e-6)
    np.testing.assert_allclose(METRICS["AVERAGE_GAIN"](*given, [0]), [0.5], atol=1e-6)
    assert METRICS["INCREASE"](*given, [0])[0] == 1


def test_road_takes_the_same_share_of_each_frame():
    images = np.zeros((1, FRAMES, SIDE, SIDE, 3), np.float32)
    images[0, :, :4, :4] = 255
    good = images[..., 0] + np.random.default_rng(0).random((1, FRAMES, SIDE, SIDE))
    good = good.astype(np.float32)
    right, wrong = (
        METRICS["ROAD"](maps, bright_classifier(), images, [1], noise=0.0)[0]
        for maps in (good, -good)
    )
    assert right == pytest.approx(-wrong, abs=0.02)
    assert right > 0.05


def test_sparsity_and_complexity_of_frames_that_are_all_alike_follow_from_one():
    frame = np.random.default_rng(0).random((1, 1, SIDE, SIDE)).astype(np.float32)
    maps = frame.repeat(FRAMES, axis=1)
    assert METRICS["SPARSITY"](maps)[0] == pytest.approx(METRICS["SPARSITY"](frame)[0])
    expected = METRICS["COMPLEXITY"](frame)[0] + np.log(FRAMES)
    assert METRICS["COMPLEXITY"](maps)[0] == pytest.approx(expected)


def test_coarse_maps_are_brought_to_the_clips_size():
    classifier, images = network(), clips(1)
    coarse = np.random.default_rng(2).random((2, 4, 4)).astype(np.float32)
    calls = [parse_call(name, METRICS) for name in OF_CLIPS]
    inputs = MetricInputs(
        classifier, images[0], [coarse, -coarse], [0, 1], lambda x, i: gradcam(classifier, x, i)
    )
    assert inputs.sized(METRICS["DELETION"]).shape == (2, FRAMES, SIDE, SIDE)
    for result in measure(inputs, calls):
        assert set(result.values) == {str(call) for call in calls}
        assert not result.impossible
