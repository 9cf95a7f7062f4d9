"""What the page opens with: the sample for all visitors, or what a link says."""

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from support import ROOT

pytest.importorskip("gradio", reason="gradio is not installed (requirements-web.txt)")

import gradio as gr

from images import read_image
from pipeline import ClassifierChoice
from web.handlers import Handlers
from web.link import link_fields
from web.opening import Opening
from web.page_parts import PageParts
from web.service import ExplanationService

SAMPLES = {name: ROOT / f"data/{name}.jpg" for name in ("african_elephant", "macaw")}
CLASSES = [("ant", "index:0"), ("bee", "index:1"), ("<b>", "index:2")]
ME = SimpleNamespace(session_hash="me")


class Opened:
    """A page that is not served, and what it is opened with."""

    def __init__(self, service: ExplanationService, parts: PageParts):
        self.parts = parts
        self.handlers = Handlers(service, samples=SAMPLES)
        self.opening = Opening(self.handlers, self.parts, link_fields(self.parts))

    def first(self, query: str = "") -> dict:
        return self.opening.open(query, ME)

    def linked(self, query: str) -> dict:
        return self.opening.open_link(query, ME)


@pytest.fixture
def opened_by(parts_of):
    """Gives the page of a service."""
    thumbnails = {name: read_image(file) for name, file in SAMPLES.items()}
    return lambda service: Opened(service, parts_of(service, thumbnails))


@pytest.fixture
def opened(service, opened_by) -> Opened:
    return opened_by(service)


@pytest.fixture
def warnings(monkeypatch) -> list[str]:
    """The lines that visitors are shown beside the page."""
    lines = []
    monkeypatch.setattr("gradio.Warning", lambda line, **_: lines.append(line))
    return lines


def test_the_sample_is_explained_by_the_fields_as_they_are(opened):
    parts, shown = opened.parts, opened.first()
    (explanation,) = shown[parts.answer].explanations
    assert explanation.method.name == shown[parts.method] == "GRADCAM"
    (label,) = (name for name, target in CLASSES if target == shown[parts.target]["value"])
    assert explanation.label == label
    assert shown[parts.guesses]["value"] == shown[parts.target]["value"]
    assert shown[parts.image].shape == read_image(SAMPLES["african_elephant"]).shape
    assert "GRADCAM" not in shown[parts.maps]
    assert "Grad-CAM" in shown[parts.maps]
    assert "record.json" in shown[parts.downloads]
    assert shown.keys() <= set(opened.opening.outputs)


def test_it_is_explained_once_for_all_visitors(opened, monkeypatch):
    explained, explain = [], ExplanationService.explain

    def counted(*arguments, **options):
        explained.append(1)
        return explain(*arguments, **options)

    monkeypatch.setattr(ExplanationService, "explain", counted)
    with ThreadPoolExecutor(4) as visitors:
        shown = list(visitors.map(lambda _: opened.first(), range(8)))
    assert len(explained) == 1
    assert all(one[opened.parts.answer] is shown[0][opened.parts.answer] for one in shown)


def test_the_next_visitor_gets_what_gradio_took_from_the_first(opened):
    first = opened.first()
    value = first[opened.parts.target].pop("value")
    assert opened.first()[opened.parts.target]["value"] == value


def test_who_chooses_an_image_meanwhile_keeps_it(opened, monkeypatch):
    def explained(opening):
        opened.handlers.requests.stop("another")
        opened.handlers.requests.stop("me")
        return {}

    monkeypatch.setattr(Opening, "_explained_sample", explained)
    assert opened.first() == gr.skip()


def test_a_classifier_of_clips_opens_without_an_image(clip_service, opened_by):
    opened = opened_by(clip_service)
    shown = opened.first()
    assert shown[opened.parts.image] is None
    assert "a video" in shown[opened.parts.hint]
    assert opened.parts.answer not in shown


def test_a_method_of_many_passes_is_not_begun_unasked(opened_by, tmp_path, monkeypatch):
    lines = "import numpy as np", "def model(images):", "    return np.ones((len(images), 2)) / 2"
    (tmp_path / "even.py").write_text("\n".join([*lines, "model.input_shape = (None, 8, 8, 3)"]))
    monkeypatch.syspath_prepend(str(tmp_path))
    opened = opened_by(ExplanationService([ClassifierChoice(model_path="even:model")]))
    shown = opened.first()
    assert "takes a while: press Explain" in shown[opened.parts.maps]
    assert shown[opened.parts.image] is not None


def test_a_sample_that_cannot_be_explained_is_said_in_one_line(opened, monkeypatch):
    def explain(*arguments, **options):
        raise ValueError("it is <b> too dark")

    monkeypatch.setattr(ExplanationService, "explain", explain)
    line = "<p>The sample image is not explained: it is &lt;b&gt; too dark</p>"
    assert opened.first() == {opened.parts.maps: line}


def test_a_classifier_that_is_busy_is_asked_again(choice, opened_by):
    service = ExplanationService([choice], seconds=0.1)
    opened = opened_by(service)
    with service._pool._locks["small"]:
        assert "busy" in opened.first()[opened.parts.maps]
    assert opened.parts.answer in opened.first()


def test_a_link_is_opened_by_the_request_that_takes_a_place(opened):
    assert opened.first("?method=FEM") == {opened.parts.query: "?method=FEM"}
    assert opened.parts.answer in opened.first("?__theme=dark")


def test_a_link_fills_what_it_names_and_no_more(opened):
    parts = opened.parts
    query = (
        "?image=macaw&method=LAYERCAM&layer=backbone/conv1&class=index:1&representation=isolines"
    )
    filled = opened.linked(query + "&colormap=gray&alpha=0.25&LAYERCAM.smooth=augment&view=FILTERS")
    assert filled[parts.image].shape == read_image(SAMPLES["macaw"]).shape
    assert (filled[parts.sample], filled[parts.method]) == ("macaw", "LAYERCAM")
    assert filled[parts.layer]["value"] == "backbone/conv1"
    assert filled[parts.target]["value"] == filled[parts.guesses]["value"] == "index:1"
    assert filled[parts.representation]["value"] == "isolines"
    assert (filled[parts.colormap], filled[parts.alpha]) == ("gray", 0.25)
    assert filled[parts.options["LAYERCAM", "smooth"]] == "augment"
    assert filled[parts.views.forms["FILTERS"]]["visible"]
    assert parts.options["GRADCAM", "smooth"] not in filled
    assert filled.keys() <= set(opened.opening.outputs)


def test_a_link_to_an_upload_has_its_settings_only(opened):
    parts = opened.parts
    filled = opened.linked("?image=uploaded&class=index:2&method=FEM")
    assert filled[parts.image] is None
    assert "choose one" in filled[parts.maps]
    assert filled[parts.target]["value"] == "index:2"
    image = read_image(SAMPLES["macaw"])
    taken = opened.handlers._classified(image, "small", "index:2", "")
    assert dict(zip(parts.of_image, taken, strict=True))[parts.target]["value"] == "index:2"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?layer=no/such", "no layer 'no/such'"),
        ("?image=../secret", "no sample image '../secret'"),
        ("?image=/etc/passwd", "no sample image '/etc/passwd'"),
        ("?representation=convergence", "no representation here 'convergence'"),
        ("?method=ROLLOUT", "no method here 'ROLLOUT'"),
        ("?method=<b>", "no method '&lt;b&gt;'"),
        ("?classifier=other", "no classifier 'other'"),
    ],
)
def test_a_wrong_link_is_said_and_the_sample_is_there(opened, warnings, query, words):
    assert opened.linked(query)[opened.parts.answer] is opened.first()[opened.parts.answer]
    (line,) = warnings
    assert line.startswith("This link cannot be opened: ")
    assert words in line.replace("&#39;", "'")


def test_a_link_ends_what_the_page_had_begun(opened):
    with opened.handlers.requests.running("me") as mine:
        opened.linked("?method=FEM")
        assert mine.is_set()
