"""A service without a page, and pages that are served, for the tests of both."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import keras
import numpy as np
import pytest
from keras import layers
from page_visits import visiting
from support import ROOT, noise, randomised, sequential

from images import Clip
from pipeline import ClassifierChoice
from web.service import ExplanationService

DETECTOR = """
import numpy as np

BOXES = np.array([[4, 6, 8, 10], [20, 16, 8, 12]], np.float32)

def detector(images):
    places = [images[:, y : y + h, x : x + w] for x, y, w, h in BOXES.astype(int)]
    red = np.stack([place[..., 0].mean(axis=(1, 2)) / 255 for place in places], axis=1)
    return np.repeat(BOXES[None], len(images), axis=0), np.stack([red, red / 2], axis=-1)

detector.input_shape = (None, 32, 32, 3)
detector.class_names = ["red_thing", "<b>"]
"""


@pytest.fixture(scope="session")
def image() -> np.ndarray:
    """(32, 32, 3) uint8: the image that the service explains."""
    return noise(count=1)[0].astype(np.uint8)


@pytest.fixture(scope="session")
def choice(tmp_path_factory) -> ClassifierChoice:
    """A small classifier with a class whose name is HTML."""
    folder = tmp_path_factory.mktemp("service")
    sequential().save(folder / "small.keras")
    (folder / "small.json").write_text(json.dumps({"class_names": ["ant", "bee", "<b>"]}))
    return ClassifierChoice(model_path=str(folder / "small.keras"))


@pytest.fixture
def service(choice) -> ExplanationService:
    return ExplanationService([choice])


@pytest.fixture(scope="session")
def clip_choice(tmp_path_factory) -> ClassifierChoice:
    """A small classifier of clips of 4 frames."""
    model = keras.Sequential(
        [
            keras.Input((4, 24, 24, 3)),
            layers.Rescaling(1 / 127.5, offset=-1),
            layers.Conv3D(4, 3, (2, 4, 4), padding="same", activation="relu"),
            layers.GlobalAveragePooling3D(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    file = tmp_path_factory.mktemp("clips") / "clips.keras"
    randomised(model).save(file)
    return ClassifierChoice(model_path=str(file))


@pytest.fixture
def clip_service(clip_choice) -> ExplanationService:
    return ExplanationService([clip_choice])


@pytest.fixture(scope="session")
def detector_folder(tmp_path_factory):
    """The folder of a module with a detector that looks at two places, and how red they are."""
    folder = tmp_path_factory.mktemp("detector")
    (folder / "red_places.py").write_text(DETECTOR)
    return folder


@pytest.fixture(scope="session")
def red_scene() -> np.ndarray:
    """(64, 64, 3): what is at (40, 32) is red, what is at (8, 12) less so."""
    image = np.zeros((64, 64, 3), np.uint8)
    image[12:32, 8:24, 0], image[32:56, 40:56, 0] = 150, 250
    return image


@pytest.fixture(scope="session")
def clip() -> Clip:
    """A clip of 4 frames (24, 30)."""
    return Clip(noise((24, 30), count=4).astype(np.uint8), [0, 1, 2, 3], seconds=0.4)


@pytest.fixture
def detector_service(detector_folder, monkeypatch) -> ExplanationService:
    monkeypatch.syspath_prepend(str(detector_folder))
    return ExplanationService([ClassifierChoice(model_path="red_places:detector")])


@pytest.fixture(scope="session")
def parts_of():
    """Gives the parts of a page for a service and thumbnails, made in a loop that is closed."""
    gr = pytest.importorskip("gradio", reason="gradio is not installed (requirements-web.txt)")
    from web.page_parts import PageParts

    async def made(service, thumbnails):
        with gr.Blocks(analytics_enabled=False):
            return PageParts(service, thumbnails)

    def parts_of(service, thumbnails):
        with ThreadPoolExecutor(1) as other_thread:  # a browser's tests have a loop in this one
            return other_thread.submit(asyncio.run, made(service, thumbnails)).result()

    return parts_of


@contextmanager
def _served(folder, *flags: str, **environment: str):
    """The address of a page with its own folder for temporary files.

    When it ends, what it wrote for visitors is gone, and it has said no more than whose code
    it runs.
    """
    pytest.importorskip("gradio", reason="gradio is not installed (requirements-web.txt)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "errors.txt").open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "main.py", "--web", "--web_address", f"127.0.0.1:{port}", *flags],
            cwd=ROOT,
            env=os.environ | {"TMPDIR": str(folder)} | environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    line = process.stdout.readline()
    assert line.startswith("http://127.0.0.1"), (folder / "errors.txt").read_text()
    try:
        yield line.split()[0]
    finally:
        process.terminate()
        status = process.wait(30)
        process.stdout.close()
    assert status == 0
    assert [path.name for path in folder.iterdir() if path.name.startswith("explainer")] == []
    lines = (folder / "errors.txt").read_text().splitlines()
    assert [line for line in lines if not line.endswith("your own code")] == []


@pytest.fixture(scope="session")
def served():
    """Serves a page with these flags and environment variables; gives its address."""
    return _served


@pytest.fixture(scope="package")
def address(tmp_path_factory):
    """The address of the page by its defaults."""
    with _served(tmp_path_factory.mktemp("web")) as address:
        yield address


@pytest.fixture
def visitor(address, browser):
    """Opens the page for a visitor; whatever it asks of another host fails the test."""
    with visiting(browser) as visit:
        yield partial(visit, address)


class Client:
    """A visitor who asks the page without a browser, and for what no browser would."""

    def __init__(self, address: str, http):
        self.http = http
        config = http.get(f"{address}/config").json()
        self.actions = {one["api_name"]: one for one in config["dependencies"]}
        self.parts = {part["id"]: part["props"] for part in config["components"]}
        self.samples = next(p["value"] for p in self.parts.values() if p.get("columns") == 5)
        self.classifier = next(
            p["value"] for p in self.parts.values() if p.get("label") == "Classifier"
        )

    @property
    def first(self) -> list:
        """What goes with an image that is chosen while there is none."""
        return [self.classifier, None, None, ""]

    def values(self, action: str) -> list:
        """What the page sends for an action as long as nothing is changed on it."""
        return [self.parts[number].get("value") for number in self.actions[action]["inputs"]]

    def join(self, action: str, values: list, session: str = "visitor", **more):
        """The response of the queue."""
        body = {"fn_index": self.actions[action]["id"], "data": values, "session_hash": session}
        return self.http.post("/gradio_api/queue/join", json=body | more)

    def answer(self, action: str, values: list, session: str = "visitor", **more) -> dict:
        """The last message about an action that is in the queue."""
        assert self.join(action, values, session, **more).status_code == 200
        with self.http.stream(
            "GET", "/gradio_api/queue/data", params={"session_hash": session}
        ) as lines:
            for line in lines.iter_lines():
                message = json.loads(line.removeprefix("data:") or "{}")
                if message.get("msg") == "process_completed":
                    return message

    def upload(self, content: bytes, name: str = "image.png"):
        """The response to an upload."""
        return self.http.post("/gradio_api/upload", files={"files": (name, content)})


@contextmanager
def _visiting_client(address: str):
    """A visitor of the page at this address."""
    httpx = pytest.importorskip("httpx")
    with httpx.Client(base_url=address, timeout=60, trust_env=False) as http:
        yield Client(address, http)


@pytest.fixture(scope="session")
def visiting_client():
    """Gives a visitor of the page at an address."""
    return _visiting_client


@pytest.fixture
def client(address):
    """A visitor of the page by its defaults."""
    with _visiting_client(address) as client:
        yield client


@pytest.fixture(scope="session")
def status():
    """What a page answers: the status of a request's response."""

    def status(address: str, path: str = "", body: bytes | None = None, **headers: str) -> int:
        request = urllib.request.Request(address + path, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    return status
