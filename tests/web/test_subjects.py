"""A detector's boxes on the page, without the page."""

import re

import numpy as np
import pytest

from methods import METHODS

DETECTOR = "red_places:detector"


def test_what_a_detector_finds_is_listed_and_each_box_is_explained(detector_service, red_scene):
    first, second = detector_service.detections(DETECTOR, red_scene)
    assert (first.number, first.title, first.box) == (0, "red thing", (40, 32, 16, 24))
    assert (second.number, second.box) == (1, (8, 12, 16, 20))
    assert 0.9 < first.score < 1
    call = METHODS["OCCLUSION"].call(patch=8, stride=8)
    for text, box in (("0", first.box), ("1", second.box), ("8, 12, 16, 20", second.box)):
        answer = detector_service.explain(DETECTOR, red_scene, [call], "", box=text)
        (explanation,) = answer.explanations
        assert explanation.notes["box"] == pytest.approx(box)
        _, column = np.unravel_index(explanation.map.argmax(), explanation.map.shape)
        assert (column >= 16) == (box[0] >= 32)  # of 32 columns


def test_a_classifier_that_detects_nothing_lists_no_boxes(service, image):
    assert service.detections("small", image) == []
    with pytest.raises(ValueError, match="finds no boxes"):
        service.explain("small", image, [METHODS["GRADCAM"].call()], "", box="0")


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ("7", "this image: it has 2 detections, numbered from 0; got 7"),
        ("0,0,2,2", "this image: it has no detection that overlaps the box"),
        ("1,2,3", "box '1,2,3': expected a detection's number, or x, y, w, h"),
        ("nan,1,2,3", "expected a detection's number"),
        ("<b>", "expected a detection's number"),
    ],
)
def test_a_box_that_there_is_not_is_said(detector_service, box, words, red_scene):
    calls = [METHODS["OCCLUSION"].call()]
    with pytest.raises(ValueError, match=re.escape(words)):
        detector_service.explain(DETECTOR, red_scene, calls, "", box=box)


def test_a_box_is_for_one_request_only(detector_service, red_scene):
    calls = [METHODS["OCCLUSION"].call()]
    detector_service.explain(DETECTOR, red_scene, calls, "", box="0")
    assert detector_service._pool._loaded[DETECTOR][0].network.contrasts == ()
