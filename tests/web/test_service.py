"""What the page does, without a browser: limits, turns, and early ends."""

import asyncio
import io
import json
import re
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from keras import Input, Sequential, layers
from PIL import Image
from support import noise, sequential

import main
from images import ImageError
from methods import METHODS
from pipeline import ClassifierChoice
from web import server
from web.render import DisplayOptions, downloads_html, maps_html
from web.security import LARGEST_UPLOAD, middleware
from web.server import Site, is_loopback, needed_password, parse_address
from web.service import (
    MOST_MAPS,
    BusyError,
    ExplanationService,
    StoppedError,
    call_of,
    limit,
    read_upload,
)

IMAGE = noise(count=1)[0].astype(np.uint8)
RISE = METHODS["RISE"].call(masks=96)


@pytest.fixture(scope="module")
def choice(tmp_path_factory) -> ClassifierChoice:
    folder = tmp_path_factory.mktemp("service")
    sequential().save(folder / "small.keras")
    (folder / "small.json").write_text(json.dumps({"class_names": ["ant", "bee", "<b>"]}))
    return ClassifierChoice(model_path=str(folder / "small.keras"))


@pytest.fixture
def service(choice) -> ExplanationService:
    return ExplanationService([choice])


def png(height: int, width: int) -> bytes:
    file = io.BytesIO()
    Image.new("1", (width, height)).save(file, "png")
    return file.getvalue()


def test_a_desk_tells_classes_layers_and_the_best_guesses(service):
    assert service.names == ["small"]
    assert service.classes("small") == [("ant", "index:0"), ("bee", "index:1"), ("<b>", "index:2")]
    assert "backbone/last" in service.layers("small")
    guesses = service.guesses("small", IMAGE)
    assert sum(guess.probability for guess in guesses) == pytest.approx(1)
    assert guesses[0].probability == max(guess.probability for guess in guesses)


def test_an_own_model_stands_beside_the_embedded_one_of_its_name(choice, tmp_path):
    file = tmp_path / "SqueezeNet.keras"
    file.write_bytes(Path(choice.model_path).read_bytes())
    own = ClassifierChoice(model_path=str(file))
    assert ExplanationService([own, ClassifierChoice("SqueezeNet")]).names == [
        "SqueezeNet (own)",
        "SqueezeNet",
    ]


def test_a_classifier_of_clips_is_refused(tmp_path):
    model = Sequential(
        [
            Input((4, 8, 8, 3)),
            layers.Conv3D(2, 3),
            layers.GlobalAveragePooling3D(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    model.save(tmp_path / "clips.keras")
    choice = ClassifierChoice(model_path=str(tmp_path / "clips.keras"), preprocessing="none")
    with pytest.raises(ValueError, match="--web is for images, and clips takes clips"):
        ExplanationService([choice]).classes("clips")


def test_methods_and_classes_are_explained_each_with_each(service):
    calls = [METHODS["GRADCAM"].call(), METHODS["FEM"].call()]
    answer = service.explain("small", IMAGE, calls, "index:0,bee")
    found = [(e.method.name, e.label) for e in answer.explanations]
    assert found == [("GRADCAM", "ant"), ("GRADCAM", "bee"), ("FEM", "ant")]
    assert answer.classifier["layer"].endswith("last")


def test_a_layer_is_for_one_request_only(service):
    first = service.explain(
        "small", IMAGE, [METHODS["GRADCAM"].call()], "ant", layer="backbone/conv1"
    )
    second = service.explain("small", IMAGE, [METHODS["GRADCAM"].call()], "ant")
    assert first.explanations[0].map.shape == (16, 16)
    assert second.explanations[0].map.shape == (8, 8)


def test_a_long_method_tells_how_far_it_is_and_stops_when_asked(service):
    told, stop = [], threading.Event()

    def tell(done, total):
        told.append((done, total))
        if done == 1:
            stop.set()

    answer = service.explain("small", IMAGE, [RISE], "ant", on_progress=tell, stop=stop)
    assert told == [(0, 3), (1, 3)]
    assert answer.explanations[0].stopped_early
    assert answer.explanations[0].notes["passes"] == 32
    assert "Stopped early, after 32 passes" in maps_html(
        answer, DisplayOptions("overlay", None, 0.5)
    )


def test_maps_that_are_done_are_kept_when_a_later_method_is_stopped(service):
    stop = threading.Event()
    stop.set()
    calls = [METHODS["GRADCAM"].call(), RISE, METHODS["FEM"].call()]
    answer = service.explain("small", IMAGE, calls, "ant", stop=stop)
    (kept,) = answer.explanations
    assert kept.method.name == "GRADCAM"
    assert not kept.stopped_early
    assert "Stopped before RISE, FEM." in maps_html(answer, DisplayOptions("overlay", None, 0.5))


def test_time_that_is_up_before_anything_is_known_is_said(choice):
    service = ExplanationService([choice], seconds=60)
    service.classes("small")
    service._seconds = -1  # which a lock takes for no limit
    with pytest.raises(StoppedError, match="before the first"):
        service.explain("small", IMAGE, [RISE], "ant")


def test_a_classifier_works_for_one_visitor_at_a_time(choice):
    service = ExplanationService([choice], seconds=0.1)
    service._locks["small"].acquire()
    with pytest.raises(BusyError, match="small is busy"):
        service.classes("small")
    service._locks["small"].release()
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
def test_a_class_that_there_is_not_is_said(service, target, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        service.explain("small", IMAGE, [METHODS["GRADCAM"].call()], target)


def test_no_more_maps_are_made_than_a_page_holds(service):
    calls = [METHODS["GRADCAM"].call(smooth="none")] * 5
    with pytest.raises(ValueError, match=f"15 maps .* {MOST_MAPS} at once"):
        service.explain("small", IMAGE, calls, "ant,bee,index:2")


@pytest.mark.parametrize("target", [",".join(["ant:bee"] * 13), "ant:bee" + " " * 1000])
def test_too_many_classes_are_refused_before_any_contrast_is_made(service, target, monkeypatch):
    monkeypatch.delattr("classifier.explained_classes.ExplainedClasses.contrast")
    with pytest.raises(ValueError, match="too many classes"):
        service.explain("small", IMAGE, [METHODS["GRADCAM"].call()], target)


def test_a_contrast_is_for_one_request_only(service):
    answer = service.explain("small", IMAGE, [METHODS["GRADCAM"].call()], "ant:bee")
    assert answer.explanations[0].label == "ant - bee"
    assert service._loaded["small"][0].network.contrasts == ()
    with pytest.raises(ValueError, match="20 maps"):
        service.explain("small", IMAGE, [METHODS["FEM"].call()] * 5, "ant:bee,bee:ant,-ant,-bee")
    assert service._loaded["small"][0].network.contrasts == ()


def test_only_options_that_differ_from_their_defaults_are_given():
    values = {"masks": 4000, "grid": 7, "keep": None, "preset": ""}
    assert call_of("RISE", values) == METHODS["RISE"].call(grid=7)
    assert call_of("ATTENTION", {"layer": ""}).given == {}
    assert call_of("LIME", {"preset": "lab"}).given == {"preset": "lab"}


@pytest.mark.parametrize(
    ("method", "values", "words"),
    [
        ("RISE", {"masks": 10**9}, "masks goes from 0 to 16000"),
        ("RISE", {"grid": 10**4}, "grid goes from 0 to 100"),
        ("RISE", {"seed": -1}, "seed goes from 0 to"),
        ("RISE", {"keep": float("nan")}, "keep=nan"),
        ("GRADCAM", {"relu": "__import__('os')"}, "expected one of"),
    ],
)
def test_options_beyond_a_limit_are_refused(method, values, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        call_of(method, values)


def test_every_preset_is_within_the_limits():
    for row in METHODS.values():
        for preset in row.presets.values():
            for name, value in preset.items():
                option = row.options[name]
                assert option.kind is not int or value <= limit(option)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "this image is empty"),
        (b"<svg onload=alert(1)>", "not an image format that is known"),
        (png(10, 10)[:40], "this image cannot be read"),
        (png(8000, 8000), "8000 x 8000 pixels; at most 40 million"),
        (bytes(20_000_001), "larger than 20 MB"),
    ],
)
def test_an_upload_that_will_not_do_is_refused_in_words(content, words):
    with pytest.raises(ImageError, match=re.escape(words)):
        read_upload(content)


def test_a_large_upload_is_made_smaller():
    assert read_upload(png(2000, 4000)).shape == (800, 1600, 3)


def test_what_is_shown_has_its_files_within_and_names_escaped(service):
    answer = service.explain("small", IMAGE, [METHODS["GRADCAM"].call()], "index:2")
    look = DisplayOptions("isolines", "viridis", 0.3)
    shown, links = maps_html(answer, look), downloads_html(answer, look)
    assert "<b>" not in shown
    assert "&lt;b&gt;" in shown
    targets = re.findall(r'(?:src|href)="(.{5})', shown + links)
    assert len(targets) == 5
    assert set(targets) == {"data:"}
    assert re.findall(r'download="([^"]+)"', links) == ["figure.png", "map.npy", "record.json"]


def answered(method: str, path: str, hosts=("localhost", "[::1]"), **headers: str) -> int:
    """The status of the response; 200 where the request comes through to the page."""
    sent = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message):
        sent.append(message)

    pairs = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": pairs}
    for layer in reversed(middleware(hosts)):
        app = layer.cls(app, *layer.args, **layer.kwargs)
    with ThreadPoolExecutor(1) as other_thread:  # the browser of other tests has a loop in this one
        other_thread.submit(asyncio.run, app(scope, None, send)).result()
    return sent[0]["status"]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:80", 200),
        ("[::1]", 200),
        ("[::1]:80", 200),
        ("evil.example", 400),
        ("localhost.evil.example:80", 400),
        ("[::2]:80", 400),
        ("::1", 400),
        ("", 400),
    ],
)
def test_the_page_answers_to_its_own_names(host, status):
    assert answered("GET", "/", host=host) == status


def test_a_page_for_all_hosts_answers_to_any_name():
    assert answered("GET", "/", hosts=["*"], host="lab.example:80") == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content_length": "0"}, 200),
        ({"content_length": "1000000"}, 200),
        ({"content_length": "1000001"}, 413),
        ({"content_length": "-1"}, 411),
        ({"transfer_encoding": "chunked"}, 411),
        ({"transfer_encoding": "chunked", "content_length": "5"}, 411),
        ({}, 411),
        ({"content_length": "5", "origin": "http://localhost:80"}, 200),
        ({"content_length": "5", "origin": "https://localhost:80"}, 200),  # behind TLS
        ({"content_length": "5", "origin": "http://localhost:8888"}, 403),
        ({"content_length": "5", "origin": "https://evil.example"}, 403),
        ({"content_length": "5", "origin": "null"}, 403),
    ],
)
def test_what_is_sent_is_of_a_known_length_and_from_the_page_itself(headers, status):
    assert answered("POST", "/gradio_api/queue/join", host="localhost:80", **headers) == status


def test_an_upload_is_as_long_as_an_image():
    for length, status in ((LARGEST_UPLOAD, 200), (LARGEST_UPLOAD + 1, 413)):
        sent = {"host": "localhost", "content_length": str(length)}
        assert answered("POST", "/gradio_api/upload", **sent) == status


@pytest.fixture
def page_module():
    pytest.importorskip("gradio", reason="gradio is not installed (requirements-web.txt)")
    import web.fields
    import web.handlers

    return SimpleNamespace(field=web.fields.field, Handlers=web.handlers.Handlers)


def test_each_option_has_a_field_of_its_kind(page_module):
    fields = {
        ("ATTENTION", "layer"): ("Textbox", "attention"),
        ("RISE", "masks"): ("Number", 4000),
        ("RISE", "keep"): ("Number", 0.5),
        ("GRADCAM", "relu"): ("Dropdown", "sum"),
    }
    for (method, option), expected in fields.items():
        field = page_module.field(METHODS[method].options[option])
        assert (type(field).__name__, field.value) == expected


def test_stop_reaches_all_of_a_visitors_requests_and_nobody_elses(page_module):
    running = []

    class Busy:
        """A service that is sent two more requests while it works, then a stop of the first."""

        def explain(self, *arguments, stop, **options):
            running.append(stop)
            if len(running) < 3:
                ask(["me", "another"][len(running) - 1])
            else:
                handlers.stop(SimpleNamespace(session_hash="me"))
            raise StoppedError

    def ask(session: str) -> None:
        with suppress(StoppedError):
            handlers._explain(
                "small",
                IMAGE,
                [RISE],
                target="ant",
                layer=None,
                display=("overlay", "viridis", 0.5),
                progress=None,
                session=session,
            )

    handlers = page_module.Handlers(Busy())
    ask("me")
    assert [stop.is_set() for stop in running] == [True, True, False]
    assert handlers._stops == {}


def test_addresses_are_hosts_with_or_without_a_port():
    assert parse_address(None) == ("127.0.0.1", 7860)
    assert parse_address("0.0.0.0:80") == ("0.0.0.0", 80)
    assert parse_address("[::1]:80") == ("::1", 80)
    assert parse_address("lab.example") == ("lab.example", 7860)
    assert parse_address("::1") == ("::1", 7860)
    for wrong in ("a:b", ":80", "host:0", "host:70000", "host:", "[::1]x", "me@host", "host/x"):
        with pytest.raises(ValueError, match="expected HOST or HOST:PORT"):
            parse_address(wrong)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--web_address=127.0.0.1"], "--web_address goes with --web"),
        (["--web", "--target=wasp"], "--target does not go with --web"),
        (["--web", "--explanation_method=FEM"], "--explanation_method does not go with --web"),
        (["--web", "--test_image_path", "data"], "--test_image_path does not go with --web"),
        (["--web", "--list_layers"], "--list_layers does not go with --web"),
        (["--web", "--batch_size=4"], "--batch_size does not go with --web"),
    ],
)
def test_a_flag_without_a_use_is_refused_in_one_line(flags, words, monkeypatch, capsys):
    monkeypatch.setattr("web.make_site", lambda address: None)
    monkeypatch.setattr("web.serve", lambda *_: pytest.fail("it is served"))
    assert main.main(flags) == 2
    assert capsys.readouterr().err == f"main.py: {words}\n"


def test_only_the_loopback_needs_no_password(monkeypatch):
    monkeypatch.delenv("EXPLAINER_PASSWORD", raising=False)
    assert [is_loopback(h) for h in ("127.0.0.1", "localhost", "::1", "127.9.9.9")] == [True] * 4
    assert needed_password("127.0.0.1") is None
    for host in ("0.0.0.0", "::", "192.168.1.2", "lab.example"):
        with pytest.raises(ValueError, match="EXPLAINER_PASSWORD"):
            needed_password(host)
    monkeypatch.setenv("EXPLAINER_PASSWORD", "short")
    with pytest.raises(ValueError, match="shorter than 8"):
        needed_password("0.0.0.0")
    monkeypatch.setenv("EXPLAINER_PASSWORD", "long enough")
    assert needed_password("0.0.0.0") == "long enough"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_page_that_is_ended_while_it_starts_leaves_no_folder(number, monkeypatch, tmp_path):
    monkeypatch.setattr(server.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(server, "_set_environment", lambda folder: None)

    def launched(*_):
        signal.raise_signal(number)
        pytest.fail("the page is still there")

    monkeypatch.setattr(server, "_launched", launched)
    hear = signal.SIG_DFL  # also where the tests themselves were started by nohup
    before = {one: signal.signal(one, hear) for one in (signal.SIGTERM, signal.SIGHUP)}
    try:
        with pytest.raises(KeyboardInterrupt):
            server.serve([], Site("127.0.0.1", 7860, None))
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    assert list(tmp_path.iterdir()) == []


def test_an_ipv6_host_stands_in_brackets():
    assert Site("::1", 80, None).url_host == "[::1]"
    assert Site("127.0.0.1", 80, None).url_host == "127.0.0.1"
