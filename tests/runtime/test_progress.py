import signal
import threading

import numpy as np
import pytest
from support import noise, sequential

from classifier import load_classifier
from classifier.network.folding import has_bfloat16
from engines.perturbation import batch_sizes, by_image
from engines.statistics import correlation
from methods import METHODS
from methods.rise import rise
from runtime import note, noting, progress, tally, with_listener


def test_notes_reach_the_one_who_listens_and_no_other():
    note(lost=1)
    with noting() as outer:
        note(a=1)
        with noting() as inner:
            note(b=2)
        note(a=3)
    assert outer == {"a": 3}
    assert inner == {"b": 2}


def test_what_is_tallied_adds_up():
    tally(passes=5)
    with noting() as notes:
        tally(passes=3)
        tally(passes=4, images=1)
    assert notes == {"passes": 7, "images": 1}


def test_ctrl_c_finishes_the_batch_and_begins_no_other():
    seen = []
    with noting() as notes:
        for batch in progress(iter(range(10)), 10):
            seen.append(batch)
            if batch == 3:
                signal.raise_signal(signal.SIGINT)
    assert seen == [0, 1, 2, 3]
    assert notes == {"stopped_early": True}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_in_the_last_batch_is_not_forgotten():
    with noting() as notes:
        for batch in progress(iter(range(3)), 3):
            if batch == 2:
                signal.raise_signal(signal.SIGINT)
    assert notes == {"stopped_early": True}


def twice():
    for _ in progress(iter(range(10)), 10):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)


def test_a_second_ctrl_c_ends_at_once():
    with pytest.raises(KeyboardInterrupt):
        twice()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_progress_works_in_other_threads():
    seen = []
    thread = threading.Thread(target=lambda: seen.extend(progress(iter(range(3)), 3)))
    thread.start()
    thread.join()
    assert seen == [0, 1, 2]


def test_a_listener_is_told_before_each_batch_and_stops_as_ctrl_c_does():
    told, seen = [], []

    def listener(done, total):
        told.append((done, total))
        return done == 2

    with noting() as notes, with_listener(listener):
        seen.extend(progress(iter(range(10)), 10))
    assert told == [(0, 10), (1, 10), (2, 10)]
    assert seen == [0, 1]
    assert notes == {"stopped_early": True}
    with with_listener(lambda done, total: True), pytest.raises(KeyboardInterrupt):
        next(progress(iter(range(3)), 3))
    assert list(progress(iter(range(3)), 3)) == [0, 1, 2]


def test_rise_that_was_stopped_gives_the_map_so_far(stop_at_run):
    classifier = load_classifier(sequential())
    images = noise(count=1)
    expected = rise(classifier, images, [0], masks=64)
    stop_at_run(2)
    with noting() as notes:
        stopped = rise(classifier, images, [0], masks=160)
    assert notes["stopped_early"]
    assert notes["passes"] == 64
    np.testing.assert_allclose(stopped, expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["LIME", "KERNELSHAP", "OCCLUSION"])
def test_others_that_were_stopped_still_give_a_map(name, stop_at_run):
    classifier = load_classifier(sequential())
    stop_at_run(3)
    options = {"samples": 400, "segmentation": "slic", "patch": 4, "stride": 2}
    options = {k: v for k, v in options.items() if k in METHODS[name].options}
    with noting() as notes:
        found = METHODS[name](classifier, noise(count=1), [0], **options)
    assert notes["passes"] == 96
    assert np.isfinite(found).all()
    assert found.shape == (1, 32, 32)


def test_batches_are_all_alike_but_the_last():
    assert batch_sizes(70) == [32, 32, 6]
    assert batch_sizes(32) == [32]


def test_neighbours_that_are_one_image_are_explained_together():
    images = noise(count=2)[[0, 0, 1, 0]]
    calls = []

    def explain(image, classes):
        calls.append(classes.tolist())
        return np.zeros((len(classes), 2, 2))

    assert by_image(images, np.array([5, 6, 7, 8]), explain).shape == (4, 2, 2)
    assert calls == [[5, 6], [7], [8]]


def test_bfloat16_comes_close_and_notes_how_close():
    exact, coarse = (
        load_classifier(sequential()),
        load_classifier(sequential(), precision="bfloat16"),
    )
    images = noise(count=1)
    with noting() as notes:
        rough = rise(coarse, images, [0], masks=320)
    fine = rise(exact, images, [0], masks=320)
    assert not np.array_equal(rough, fine)
    assert correlation(rough, fine) > 0.98
    assert 0.9 < notes["float32_correlation"]["weighted"] <= 1
    assert isinstance(has_bfloat16(), bool)
    np.testing.assert_array_equal(coarse.scores(images), exact.scores(images))


def test_an_unknown_precision_is_refused():
    with pytest.raises(ValueError, match="float32, bfloat16"):
        load_classifier(sequential(), precision="float16")
