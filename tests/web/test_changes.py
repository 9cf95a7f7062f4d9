"""Experiments on the page, without the page."""

import threading

import pytest

from methods import METHODS
from pipeline import Augmentation, Masking
from web.answers import StoppedError

DETECTOR = "red_places:detector"


CHANGES = [Augmentation("blur"), Masking(fraction=0.2), Masking(fraction=0.2, keep=True)]


def test_an_explanation_is_asked_for_again_after_each_change(service, image):
    answer = service.explain("small", image, [METHODS["GRADCAM"].call()], "ant")
    found = service.explain_again(answer, CHANGES)
    assert [one.change for one in found.changed] == CHANGES
    assert all(one.before is answer.explanations[0] for one in found.changed)
    assert found.changed[0].values["augmentation"] == "blur"
    assert found.changed[1].values["share"] == pytest.approx(0.2, abs=0.05)
    assert (found.failures, found.left_out) == ((), ())


def test_a_contrast_on_its_layer_is_changed_as_it_was_explained(service, image):
    calls = [METHODS["GRADCAM"].call()]
    target = "ant:bee,index:2:ant"
    answer = service.explain("small", image, calls, target, layer="backbone/conv1")
    found = service.explain_again(answer, [Augmentation("blur")])
    assert [one.after.label for one in found.changed] == ["ant - bee", "<b> - ant"]
    assert found.changed[0].after.map.shape == (16, 16)
    assert service._pool._loaded["small"][0].network.contrasts == ()


def test_changes_end_when_they_are_stopped(service, image):
    answer = service.explain("small", image, [METHODS["GRADCAM"].call()], "ant")
    stop, counts = threading.Event(), []

    def on_progress(done, total):
        counts.append((done, total))
        if done == 1:
            stop.set()

    found = service.explain_again(answer, CHANGES, on_progress=on_progress, stop=stop)
    assert counts == [(0, 3), (1, 3)]
    assert len(found.changed) == 1
    assert found.left_out == ("mask 0.2", "keep 0.2")
    with pytest.raises(StoppedError, match="before the image was changed"):
        service.explain_again(answer, CHANGES, stop=stop)


def test_too_many_changes_and_none_are_refused(service, image):
    calls = [METHODS["GRADCAM"].call()]
    answer = service.explain("small", image, calls, "ant,bee,index:2,ant:bee,bee:ant")
    with pytest.raises(ValueError, match="15 maps are asked for"):
        service.explain_again(answer, CHANGES)
    with pytest.raises(ValueError, match="choose at least one change"):
        service.explain_again(answer, [])


def test_clips_and_boxes_are_not_changed(clip_service, detector_service, red_scene, clip):
    answer = clip_service.explain("clips", clip, [METHODS["GRADCAM"].call()], "index:1")
    with pytest.raises(ValueError, match="this is a clip"):
        clip_service.explain_again(answer, CHANGES)
    call = METHODS["OCCLUSION"].call(patch=16)
    answer = detector_service.explain(DETECTOR, red_scene, [call], "", box="0")
    with pytest.raises(ValueError, match="not for a box"):
        detector_service.explain_again(answer, CHANGES)
