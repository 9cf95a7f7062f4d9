"""The route by which files come: from whom, how large, and for how long."""

import threading
from types import SimpleNamespace

import pytest

pytest.importorskip("starlette", reason="gradio is not installed (requirements-web.txt)")

from starlette.applications import Starlette
from starlette.testclient import TestClient

from web import upload_route
from web.upload_store import UploadStore


@pytest.fixture
def page(tmp_path):
    """A page with the route, by its own loop."""
    app = Starlette(routes=[upload_route.upload_route(UploadStore(tmp_path))])
    vars(app).update(auth=None, cookie_id="id", tokens={})
    with TestClient(app) as client:
        yield SimpleNamespace(app=app, client=client, folder=tmp_path)


def sent(page, content: bytes = b"image", **how):
    return page.client.post(upload_route.PATH, files={"files": ("a.png", content)}, **how)


def test_a_file_that_is_not_used_is_removed_in_time(page, monkeypatch):
    monkeypatch.setattr(upload_route, "UPLOAD_SECONDS", 0.5)
    (token,) = sent(page).json()
    assert [file.name for file in page.folder.iterdir()] == [token]
    for _ in range(100):
        if not list(page.folder.iterdir()):
            break
        threading.Event().wait(0.1)
    assert list(page.folder.iterdir()) == []


def test_a_file_that_is_too_large_leaves_nothing(page, monkeypatch):
    monkeypatch.setattr(upload_route, "MOST_BYTES", 4)
    assert sent(page, b"12345").status_code == 413
    assert sent(page, b"1234").status_code == 200
    assert len(list(page.folder.iterdir())) == 1


@pytest.mark.parametrize("name", ["access-token-id", "access-token-unsecure-id"])
def test_who_has_not_signed_in_sends_nothing(page, name):
    vars(page.app).update(auth=lambda user, password: False, tokens={"right": "me"})
    assert sent(page).status_code == 401
    assert sent(page, headers={"Cookie": f"{name}=wrong"}).status_code == 401
    assert list(page.folder.iterdir()) == []
    assert sent(page, headers={"Cookie": f"{name}=right"}).status_code == 200
