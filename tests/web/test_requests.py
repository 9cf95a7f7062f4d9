"""Requests that no page sends: what a hostile visitor gets of a served page, and of its queue."""

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("gradio", reason="gradio is not installed (requirements-web.txt)")

import gradio as gr
from gradio.data_classes import PredictBodyInternal
from support import ROOT

from web.arguments import RELOAD
from web.visitor_queue import PageBlocks

MACAW = ROOT / "data/macaw.jpg"
WEB = "http://93.184.216.34/image.png"  # a public address, which Gradio itself would fetch
REFUSED = {"detail": RELOAD}


def file_at(path: str, **more: str) -> dict:
    """A file, as Gradio's own pages send it."""
    return {"path": path, "meta": {"_type": "gradio.FileData"}, **more}


def run(coroutine):
    """What it gives; the browser of other tests has a loop in this thread."""
    with ThreadPoolExecutor(1) as other_thread:
        return other_thread.submit(asyncio.run, coroutine).result()


async def made_blocks() -> PageBlocks:
    with PageBlocks(analytics_enabled=False) as blocks:
        text, file = gr.Textbox(), gr.File()
        text.submit(lambda text, file: text, [text, file], text, concurrency_id="classifiers")
        text.input(lambda text: text, text, text, concurrency_limit=None)
    blocks.queue(max_size=16)
    blocks._queue.set_server_app(blocks.app)
    return blocks


@pytest.fixture
def blocks() -> PageBlocks:
    """Two actions in a queue that is not running."""
    return run(made_blocks())


def pushed(blocks, values: list, action: int = 0, host: str = "192.0.2.1", session: str = "s"):
    """Whether the queue takes a request, and the words."""
    request = SimpleNamespace(client=(host, 1))
    body = PredictBodyInternal(data=values, fn_index=action, session_hash=session)
    done, words, _ = run(blocks._queue.push(body, request, None))
    return done, words


@pytest.mark.parametrize(
    "values",
    [
        ["", file_at(WEB)],
        [file_at(WEB), None],
        ["", file_at("/etc/passwd", url=WEB)],
        ["", [file_at(WEB)]],
        ["", [[file_at(WEB)]]],
        [{"a": {"b": file_at(WEB)}}, None],
    ],
)
def test_no_address_of_the_web_is_fetched(blocks, values, monkeypatch):
    fetched = []

    async def fetch(url, cache_dir):
        fetched.append(url)
        return __file__

    monkeypatch.setattr("gradio.processing_utils.async_ssrf_protected_download", fetch)
    with suppress(Exception):  # what Gradio makes of it
        run(gr.Blocks.preprocess_data(blocks, blocks.fns[0], values, None))
    assert fetched == [WEB] * (str(values).count("'path': 'http"))
    fetched.clear()
    assert pushed(blocks, values) == (False, RELOAD)
    assert (fetched, len(blocks._queue)) == ([], 0)


@pytest.mark.parametrize(
    ("values", "action"),
    [
        ([], 0),
        (["a"], 0),
        (["a", None, None], 0),
        (["a", float("nan")], 0),
        (["a" * 2001, None], 0),
        (["a", ["b"] * 101], 0),
        (["a", None], 99),
        (["a", None], None),
    ],
)
def test_a_request_that_the_page_does_not_send_is_not_queued(blocks, values, action):
    assert pushed(blocks, values, action) == (False, RELOAD)
    assert len(blocks._queue) == 0


@pytest.mark.parametrize("session", ["", "a b", "../x", "s" * 65])
def test_a_session_has_a_name_as_the_page_makes_them(blocks, session):
    assert pushed(blocks, ["a", None], session=session) == (False, RELOAD)


def test_a_visitor_has_two_places_in_the_queue_and_others_have_theirs(blocks):
    done = [pushed(blocks, ["a", None], session=f"s{n}")[0] for n in range(4)]
    assert done == [True, True, False, False]
    assert pushed(blocks, ["a", None])[1] == "2 of your requests are waiting; try again"
    assert pushed(blocks, ["a", None], host="192.0.2.2")[0]
    assert len(blocks._queue) == 3


def test_what_is_ready_needs_no_place(blocks):
    done = [pushed(blocks, ["a", None], session=f"s{n}")[0] for n in range(3)]
    assert [*done, pushed(blocks, ["a"], action=1)[0]] == [True, True, False, True]


def test_a_visitors_oldest_session_makes_room_and_no_others(blocks):
    queue = blocks._queue
    assert pushed(blocks, ["a", None], host="192.0.2.2", session="other")[0]
    for number in range(20):
        assert pushed(blocks, ["a", None], session=f"s{number}")[0]
        queue.event_queue_per_concurrency_id["classifiers"].queue.clear()  # they run
    kept = ["other", *(f"s{number}" for number in range(12, 20))]
    for of_sessions in (queue.pending_event_ids_session, blocks.app.state_holder.session_data):
        assert sorted(of_sessions) == sorted(kept)
    assert list(queue.pending_messages_per_session) == kept


def test_no_more_visitors_are_known_than_there_is_room_for(blocks, monkeypatch):
    monkeypatch.setattr("web.visitor_queue.MOST_VISITORS", 2)
    queue = blocks._queue
    for number in range(5):
        assert pushed(blocks, ["a", None], host=f"192.0.2.{number}", session=f"s{number}")[0]
    assert list(queue._sessions) == ["192.0.2.3", "192.0.2.4"]
    assert sorted(queue.pending_event_ids_session) == ["s3", "s4"]
    assert len(queue) == 2


def test_a_session_that_reads_no_answers_gets_no_more(blocks):
    for _ in range(8):
        assert pushed(blocks, ["a", None])[0]
        blocks._queue.event_queue_per_concurrency_id["classifiers"].queue.clear()
    assert pushed(blocks, ["a", None]) == (
        False,
        "the answers have not been read; reload the page",
    )


@pytest.fixture
def asked():
    """The address of a server on this machine, and what was asked of it."""
    requests = []

    def listen() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            requests.append(connection.recv(100))
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=listen, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/image.png", requests
        server.shutdown(socket.SHUT_RDWR)


def test_the_served_page_opens_no_file_and_no_address_that_a_visitor_names(client, asked):
    url, requests = asked
    thumbnail = client.samples[0]["image"]["path"]
    for path in (url, WEB, thumbnail, str(Path(thumbnail).parent), str(MACAW)):
        for action, values in (
            ("take_upload", [file_at(path), *client.first]),
            ("take_upload", [file_at(path, url=url), *client.first]),
            ("change_method", [file_at(path), client.classifier]),
        ):
            assert client.join(action, values).json() == REFUSED
        message = client.answer("take_upload", [path, *client.first])
        assert "not here any more" in message["output"]["error"]
    assert client.http.get(f"/gradio_api/file={url}").status_code == 404
    assert client.http.get(f"/gradio_api/file={thumbnail}").status_code == 200
    assert requests == []


NOTE_CONNECTIONS = """
import os, sys

def note(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        file.write(f"{arguments}\\n")

file = open(os.environ["CONNECTIONS"], "a", buffering=1)
sys.addaudithook(note)
"""


def test_a_page_that_is_served_asks_no_other_machine(served, visiting_client, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(NOTE_CONNECTIONS)
    (tmp_path / "served").mkdir()
    noted = tmp_path / "connections.txt"
    environment = {"PYTHONPATH": str(tmp_path), "CONNECTIONS": str(noted)}
    flags = ("--model_name=SqueezeNet",)
    with (
        served(tmp_path / "served", *flags, **environment) as address,
        visiting_client(address) as client,
    ):
        for host in ("93.184.216.34", "image.example", "huggingface.co"):
            file = file_at(f"http://{host}/a.png", url=f"https://{host}/a.png")
            client.join("take_upload", [file, *client.first])
            client.join("change_view", [file])
            client.http.get(f"/gradio_api/file=https://{host}/a.png")
            client.http.get(f"/gradio_api/proxy=https://{host}/a.png")
        client.answer("take_sample", client.first, event_data={"index": 0})
    lines = noted.read_text().splitlines()
    assert any("127.0.0.1" in line for line in lines)
    assert [line for line in lines if "127.0.0.1" not in line and "AF_UNIX" not in line] == []


def test_an_upload_is_a_token_that_is_good_once_and_leaves_nothing(client):
    folder = Path(client.samples[0]["image"]["path"]).parents[2]
    before = sorted(folder.rglob("*"))
    (token,) = client.upload(MACAW.read_bytes(), "../../x.png").json()
    assert len(sorted(folder.rglob("*"))) == len(before) + 1
    assert client.http.get(f"/gradio_api/file={folder}/{token}").status_code == 403
    values = [token, *client.first]
    assert "macaw" in str(client.answer("take_upload", values)["output"]["data"][3])
    assert sorted(folder.rglob("*")) == before
    assert "not here any more" in client.answer("take_upload", values)["output"]["error"]


def test_what_is_no_upload_is_said(client):
    for sent in ({"files": {"other": b"x"}}, {"data": {"files": "x"}}, {"content": b"x"}):
        assert client.http.post("/gradio_api/upload", **sent).status_code == 400
    two = [("files", b"x"), ("files", b"y")]
    assert client.http.post("/gradio_api/upload", files=two).status_code == 400


@pytest.mark.parametrize(
    ("action", "place", "wrong"),
    [
        ("explain_again", 3, "half"),
        ("explain_again", 3, -1),
        ("explain_again", 1, ["no such change"]),
        ("explain", 2, "NO_METHOD"),
        ("change_view", 0, 7),
        ("take_upload", 1, "no classifier"),
    ],
)
def test_a_wrong_value_is_said_and_leaves_no_traceback(client, action, place, wrong):
    values = client.values(action)
    values[place] = wrong
    assert client.answer(action, values)["output"]["error"] == RELOAD


@pytest.mark.parametrize(
    ("action", "place", "wrong"),
    [
        ("explain", 1, 10**400),
        ("change_method", 0, ["GRADCAM"]),
        ("change_method", 0, None),
        ("compare", 2, "GRADCAM"),
        ("compare", 2, ["GRADCAM"] * 101),
    ],
)
def test_a_value_of_another_kind_is_refused(client, action, place, wrong):
    values = client.values(action)
    values[place] = wrong
    assert client.join(action, values).json() == REFUSED


def test_wrong_selections_and_sessions_are_said(client):
    for event in (None, {}, [], {"index": "0"}, {"index": [0, 1]}, 7):
        response = client.join("take_sample", client.first, event_data=event)
        assert response.json() == REFUSED
    for index in (99, -1):
        message = client.answer(
            "take_sample", client.first, event_data={"index": index, "value": None}
        )
        assert message["output"]["error"] == "there are 9 sample images"
    events = client.http.get("/gradio_api/queue/data", params={"session_hash": "nobody"})
    assert '"session_not_found":true' in events.text


def test_a_body_that_is_no_request_is_refused(client):
    kind = {"Content-Type": "application/json"}
    deep = b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    for body in (deep, b"{", b"\xff", b'{"data": ' + b"9" * 10_000 + b"}", b"[]"):
        response = client.http.post("/gradio_api/queue/join", content=body, headers=kind)
        assert response.status_code in (400, 422)
