"""What the page does, without the page: limits, turns, and early ends."""

import re
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support import noise

from images import Clip, ImageError
from methods import METHODS
from pipeline import ClassifierChoice
from views import VIEWS
from web.answers import StoppedError
from web.classifier_pool import BusyError
from web.display import DisplayOptions
from web.limits import MOST_MAPS, call_of, limit
from web.render import maps_html
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


def test_a_method_or_an_image_that_does_not_go_with_clips_is_refused(clip_service, image, clip):
    with pytest.raises(ValueError, match="HIRESCAM explains images, and clips takes clips"):
        clip_service.explain("clips", clip, [METHODS["HIRESCAM"].call()], "index:1")
    with pytest.raises(ValueError, match="clips takes clips: choose a GIF or a video"):
        clip_service.explain("clips", image, [METHODS["GRADCAM"].call()], "index:1")


def test_a_clip_is_refused_where_images_are_explained(service, clip):
    with pytest.raises(ValueError, match="takes images"):
        service.guesses("small", clip)


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


def failing(name: str, error: Exception):
    """A call of a method that cannot do this image."""

    def broken(classifier, images, class_indices):
        raise error

    return replace(METHODS[name], function=broken).call()


def test_a_method_that_fails_takes_no_map_of_the_others(service, image):
    calls = [
        failing("HIRESCAM", ValueError("too dark")),
        METHODS["GRADCAM"].call(),
        failing("FEM", ImageError("it is one colour")),
        failing("LAYERCAM", RuntimeError("<b>")),
        METHODS["EIGENCAM"].call(),
    ]
    answer = service.explain("small", image, calls, "ant")
    assert [found.method.name for found in answer.explanations] == ["GRADCAM", "EIGENCAM"]
    assert answer.failures == (
        "HiResCAM: too dark",
        "this image, BROKEN: it is one colour",
        "this image, BROKEN: RuntimeError: <b>",
    )
    assert answer.left_out == ()
    shown = maps_html(answer, DisplayOptions("overlay", None, 0.5))
    assert shown.count("<figure") == 1 + 2
    assert "<p>HiResCAM: too dark</p>" in shown
    assert "RuntimeError: &lt;b&gt;" in shown
    with pytest.raises(ImageError, match="HiResCAM: too dark"):
        service.explain("small", image, calls[:1], "ant")


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
        ("RISE", {"seed": -1}, "seed is at least 0"),
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
