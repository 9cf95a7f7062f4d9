"""What the page does, without the page: limits, turns, and early ends."""

import re
import threading
from pathlib import Path

import numpy as np
import pytest
from support import noise

from images import Clip
from methods import METHODS
from pipeline import Augmentation, ClassifierChoice, Masking
from views import VIEWS
from web.answers import StoppedError
from web.classifier_pool import BusyError
from web.limits import MOST_MAPS, call_of, limit
from web.service import ExplanationService

RISE = METHODS["RISE"].call(masks=96)


def test_a_service_knows_classes_layers_and_the_best_guesses(service, image):
    assert service.names == ["small"]
    assert service.classes("small") == [("ant", "index:0"), ("bee", "index:1"), ("<b>", "index:2")]
    assert "backbone/last" in service.layers("small")
    guesses = service.guesses("small", image)
    assert sum(guess.probability for guess in guesses) == pytest.approx(1)
    assert guesses[0].probability == max(guess.probability for guess in guesses)


def test_an_own_model_stands_beside_the_embedded_one_of_its_name(choice, tmp_path):
    file = tmp_path / "SqueezeNet.keras"
    file.write_bytes(Path(choice.model_path).read_bytes())
    own = ClassifierChoice(model_path=str(file))
    assert ExplanationService([own, ClassifierChoice(model_name="SqueezeNet")]).names == [
        "SqueezeNet (own)",
        "SqueezeNet",
    ]


def test_a_clip_is_explained_and_its_frames_are_those_that_the_classifier_takes(clip_service):
    assert clip_service.abilities("clips").frames == 4
    frames = noise((24, 30), count=9).astype(np.uint8)
    clip = Clip(frames, list(range(0, 18, 2)), seconds=1.8)
    assert clip_service.guesses("clips", clip)[0].probability <= 1
    answer = clip_service.explain("clips", clip, [METHODS["GRADCAM"].call()], "index:1")
    (explanation,) = answer.explanations
    assert explanation.clip.numbers == [2, 6, 10, 14]
    assert explanation.map.ndim == 3
    assert len(explanation.image) == 4


def test_a_method_or_an_image_that_does_not_go_with_clips_is_refused(clip_service, image):
    clip = Clip(noise((24, 30), count=4).astype(np.uint8), [0, 1, 2, 3], seconds=0.4)
    with pytest.raises(ValueError, match="HIRESCAM explains images, and clips takes clips"):
        clip_service.explain("clips", clip, [METHODS["HIRESCAM"].call()], "index:1")
    with pytest.raises(ValueError, match="clips takes clips: choose a GIF or a video"):
        clip_service.explain("clips", image, [METHODS["GRADCAM"].call()], "index:1")


def test_a_clip_is_refused_where_images_are_explained(service):
    clip = Clip(noise((24, 30), count=4).astype(np.uint8), [0, 1, 2, 3], seconds=0.4)
    with pytest.raises(ValueError, match="takes images"):
        service.guesses("small", clip)


DETECTOR = "red_places:detector"


def scene_image() -> np.ndarray:
    """(64, 64, 3): what is at (40, 32) is red, what is at (8, 12) less so."""
    image = np.zeros((64, 64, 3), np.uint8)
    image[12:32, 8:24, 0], image[32:56, 40:56, 0] = 150, 250
    return image


def test_what_a_detector_finds_is_listed_and_each_box_is_explained(detector_service):
    image = scene_image()
    first, second = detector_service.detections(DETECTOR, image)
    assert (first.number, first.title, first.box) == (0, "red thing", (40, 32, 16, 24))
    assert (second.number, second.box) == (1, (8, 12, 16, 20))
    assert 0.9 < first.score < 1
    call = METHODS["OCCLUSION"].call(patch=8, stride=8)
    for text, box in (("0", first.box), ("1", second.box), ("8, 12, 16, 20", second.box)):
        answer = detector_service.explain(DETECTOR, image, [call], "", box=text)
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
def test_a_box_that_there_is_not_is_said(detector_service, box, words):
    calls = [METHODS["OCCLUSION"].call()]
    with pytest.raises(ValueError, match=re.escape(words)):
        detector_service.explain(DETECTOR, scene_image(), calls, "", box=box)


def test_a_box_is_for_one_request_only(detector_service):
    calls = [METHODS["OCCLUSION"].call()]
    detector_service.explain(DETECTOR, scene_image(), calls, "", box="0")
    assert detector_service._pool._loaded[DETECTOR][0].network.contrasts == ()


def test_methods_and_classes_are_explained_each_with_each(service, image):
    calls = [METHODS["GRADCAM"].call(), METHODS["FEM"].call()]
    answer = service.explain("small", image, calls, "index:0,bee")
    found = [(e.method.name, e.label) for e in answer.explanations]
    assert found == [("GRADCAM", "ant"), ("GRADCAM", "bee"), ("FEM", "ant")]
    assert answer.classifier["layer"].endswith("last")


def test_a_layer_is_for_one_request_only(service, image):
    first = service.explain(
        "small", image, [METHODS["GRADCAM"].call()], "ant", layer="backbone/conv1"
    )
    second = service.explain("small", image, [METHODS["GRADCAM"].call()], "ant")
    assert first.explanations[0].map.shape == (16, 16)
    assert second.explanations[0].map.shape == (8, 8)


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


def test_clips_and_boxes_are_not_changed(clip_service, detector_service):
    clip = Clip(noise((24, 30), count=4).astype(np.uint8), [0, 1, 2, 3], seconds=0.4)
    answer = clip_service.explain("clips", clip, [METHODS["GRADCAM"].call()], "index:1")
    with pytest.raises(ValueError, match="this is a clip"):
        clip_service.explain_again(answer, CHANGES)
    call = METHODS["OCCLUSION"].call(patch=16)
    answer = detector_service.explain(DETECTOR, scene_image(), [call], "", box="0")
    with pytest.raises(ValueError, match="not for a box"):
        detector_service.explain_again(answer, CHANGES)


def test_a_long_method_says_how_far_it_is_and_stops_when_asked(service, image):
    counts, stop = [], threading.Event()

    def on_progress(done, total):
        counts.append((done, total))
        if done == 1:
            stop.set()

    answer = service.explain("small", image, [RISE], "ant", on_progress=on_progress, stop=stop)
    assert counts == [(0, 3), (1, 3)]
    assert answer.explanations[0].stopped_early
    assert answer.explanations[0].notes["passes"] == 32


def test_maps_that_are_done_are_kept_when_a_later_method_is_stopped(service, image):
    stop = threading.Event()
    stop.set()
    calls = [METHODS["GRADCAM"].call(), RISE, METHODS["FEM"].call()]
    answer = service.explain("small", image, calls, "ant", stop=stop)
    (kept,) = answer.explanations
    assert kept.method.name == "GRADCAM"
    assert not kept.stopped_early
    assert answer.left_out == ("RISE", "FEM")


def test_time_that_is_up_before_anything_is_known_is_said(choice, image):
    service = ExplanationService([choice], seconds=60)
    service.classes("small")
    service._seconds = -1  # which a lock takes for no limit
    with pytest.raises(StoppedError, match="before the first"):
        service.explain("small", image, [RISE], "ant")


def test_a_classifier_works_for_one_visitor_at_a_time(choice):
    service = ExplanationService([choice], seconds=0.1)
    service._pool._locks["small"].acquire()
    with pytest.raises(BusyError, match="small is busy"):
        service.classes("small")
    service._pool._locks["small"].release()
    assert len(service.classes("small")) == 3


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("anteater", "no class 'anteater'"),
        ("index:3", "indices go from 0 to 2"),
        ("../../etc/passwd", "no class"),
        ("ant:ant", "a class against itself"),
    ],
)
def test_a_class_that_there_is_not_is_said(service, target, words, image):
    with pytest.raises(ValueError, match=re.escape(words)):
        service.explain("small", image, [METHODS["GRADCAM"].call()], target)


def test_no_more_maps_are_made_than_a_page_holds(service, image):
    calls = [METHODS["GRADCAM"].call(smooth="none")] * 5
    with pytest.raises(ValueError, match=f"15 maps .* {MOST_MAPS} at once"):
        service.explain("small", image, calls, "ant,bee,index:2")


@pytest.mark.parametrize("target", [",".join(["ant:bee"] * 13), "ant:bee" + " " * 1000])
def test_too_many_classes_are_refused_before_any_contrast_is_made(
    service, target, monkeypatch, image
):
    monkeypatch.delattr("classifier.explained_classes.ExplainedClasses.contrast")
    with pytest.raises(ValueError, match="too many classes"):
        service.explain("small", image, [METHODS["GRADCAM"].call()], target)


def test_a_contrast_is_for_one_request_only(service, image):
    answer = service.explain("small", image, [METHODS["GRADCAM"].call()], "ant:bee")
    assert answer.explanations[0].label == "ant - bee"
    assert service._pool._loaded["small"][0].network.contrasts == ()
    with pytest.raises(ValueError, match="20 maps"):
        service.explain("small", image, [METHODS["FEM"].call()] * 5, "ant:bee,bee:ant,-ant,-bee")
    assert service._pool._loaded["small"][0].network.contrasts == ()


def test_only_options_that_differ_from_their_defaults_are_given():
    values = {"masks": 4000, "grid": 7, "keep": None, "preset": ""}
    assert call_of(METHODS["RISE"], values) == METHODS["RISE"].call(grid=7)
    assert call_of(METHODS["ATTENTION"], {"layer": ""}).given == {}
    assert call_of(METHODS["LIME"], {"preset": "lab"}).given == {"preset": "lab"}


@pytest.mark.parametrize(
    ("method", "values", "words"),
    [
        ("RISE", {"masks": 10**9}, "masks goes from 0 to 16000"),
        ("RISE", {"grid": 10**4}, "grid goes from 0 to 100"),
        ("RISE", {"seed": -1}, "seed goes from 0 to"),
        ("RISE", {"keep": float("nan")}, "keep=nan"),
        ("GRADCAM", {"relu": "__import__('os')"}, "expected one of"),
        ("CLASS_IMPRESSION", {"steps": 2000}, "steps goes from 0 to 1024"),
    ],
)
def test_options_beyond_a_limit_are_refused(method, values, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        call_of((METHODS | VIEWS)[method], values)


def test_every_preset_is_within_the_limits():
    for row in METHODS.values():
        for preset in row.presets.values():
            for name, value in preset.items():
                option = row.options[name]
                assert option.kind is not int or value <= limit(option)
