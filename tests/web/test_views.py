"""Views on the page, without the page."""

import threading

import numpy as np
import pytest

from views import VIEWS
from web.answers import StoppedError

DETECTOR = "red_places:detector"


@pytest.mark.parametrize(
    ("view", "given", "target"),
    [
        ("ACTIVATIONS", {"top": 4}, ""),
        ("FILTERS", {}, ""),
        ("CLASS_IMPRESSION", {"steps": 3}, "index:1"),
    ],
)
def test_a_view_is_shown_of_an_image_of_a_class_or_of_nothing(service, image, view, given, target):
    subject = image if view == "ACTIVATIONS" else None
    answer = service.view("small", VIEWS[view].call(**given), subject, target)
    assert answer.view.image.dtype == np.uint8
    assert (answer.view.label == "bee") == bool(target)
    assert (answer.view.frames is not None) == VIEWS[view].ascends
    assert answer.classifier["layer"].endswith("last")


def test_a_view_that_is_too_large_is_refused(service, image, monkeypatch):
    monkeypatch.setattr("web.subjects.MOST_VIEW_PIXELS", 4 * 32 * 32)
    service.view("small", VIEWS["ACTIVATIONS"].call(top=4, size="image"), image)
    with pytest.raises(ValueError, match="choose a smaller top"):
        service.view("small", VIEWS["ACTIVATIONS"].call(top=5, size="image"), image)


def test_a_view_of_another_layer_is_for_one_request_only(service, image):
    call = VIEWS["ACTIVATIONS"].call(top=2)
    first = service.view("small", call, image, layer="backbone/conv1").view
    second = service.view("small", call, image).view
    assert (first.layer, second.layer) == ("backbone/conv1", "backbone/last")


def test_an_ascent_is_stopped_where_it_is(service):
    stop, counts = threading.Event(), []

    def on_progress(done, total):
        counts.append((done, total))
        if done == 2:
            stop.set()

    call = VIEWS["CLASS_IMPRESSION"].call(steps=100)
    answer = service.view("small", call, None, "ant", on_progress=on_progress, stop=stop)
    assert counts == [(0, 100), (1, 100), (2, 100)]
    assert answer.view.stopped_early
    with pytest.raises(StoppedError, match="before there was anything to see"):
        service.view("small", call, None, "ant", stop=stop)


@pytest.mark.parametrize(
    ("view", "target", "words"),
    [
        ("ACTIVATIONS", "", "Activations is of an image: choose one first"),
        ("CLASS_IMPRESSION", "", "Class impression is of a class: choose one first"),
        ("CLASS_IMPRESSION", "anteater", "no class 'anteater'"),
    ],
)
def test_what_a_view_takes_and_has_not_is_said(service, view, target, words):
    with pytest.raises(ValueError, match=words):
        service.view("small", VIEWS[view].call(), None, target)


def test_a_view_that_there_is_not_of_a_classifier_is_refused(detector_service, clip_service):
    with pytest.raises(ValueError, match="has no layers to look into"):
        detector_service.view(DETECTOR, VIEWS["FILTERS"].call())
    with pytest.raises(ValueError, match="FILTERS is of images, and clips takes clips"):
        clip_service.view("clips", VIEWS["FILTERS"].call())
