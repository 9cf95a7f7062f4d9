"""What stands around the page: which requests come through, and what responses carry."""

import asyncio
import re
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from support import ROOT

pytest.importorskip("starlette", reason="gradio is not installed (requirements-web.txt)")

from web.security import LARGEST_UPLOAD, middleware

NAMES = ("localhost", "[::1]")


def answered(method: str, path: str, hosts=NAMES, **headers: str) -> int:
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
    ("path", "headers", "expected"),
    [
        ("/", {"X-Forwarded-Host": "[::1"}, 200),
        ("/", {"X-Forwarded-Host": "evil.example"}, 200),
        ("/", {"X-Forwarded-Proto": "javascript"}, 200),
        ("/?page=none", {}, 200),
        ("/config?deep_link=none", {}, 200),
        ("/assets/" + "a" * 300, {}, 404),
        ("/assets/" + "%C3%A9" * 90, {}, 404),
        ("{sample}", {"Range": "bytes=1-2-3"}, 200),
        ("{sample}", {"Range": "bytes=0-0,1-1"}, 200),
    ],
)
def test_what_gradio_stumbles_over_does_not_come_to_it(client, path, headers, expected):
    sample = f"/gradio_api/file={client.samples[0]['image']['path']}"
    response = client.http.get(path.format(sample=sample), headers=headers)
    assert response.status_code == expected
    assert "evil.example" not in response.text


def test_the_scheme_of_a_server_with_tls_is_passed_on(client):
    response = client.http.get("/config", headers={"X-Forwarded-Proto": "https"})
    assert response.json()["root"].startswith("https://127.0.0.1")


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


def test_the_served_page_has_strict_headers_and_no_outside_link(address):
    with urllib.request.urlopen(address, timeout=10) as answer:
        policy, page = answer.headers["Content-Security-Policy"], answer.read().decode()
        assert answer.headers["X-Frame-Options"] == "DENY"
    assert "default-src 'self'" in policy
    assert "unsafe-inline" not in policy.split("style-src")[0]
    assert re.findall(r'(?:src|href|content)="https?://[^"]*', page) == []


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/proxy=https://example.org/",
        "/gradio_api/file=https://example.org/",
        "/gradio_api/file=/etc/passwd",
        f"/gradio_api/file={ROOT}/README.md",
        "/gradio_api/openapi.json",
        "/gradio_api/runs",
        "/monitoring",
        "/docs",
    ],
)
def test_what_the_page_does_not_need_is_not_served(address, status, path):
    assert status(address, path) in (403, 404)


def test_another_name_for_this_machine_is_not_answered(address, status):
    assert status(address) == 200
    assert status(address, Host="evil.example") == 400


def test_an_upload_beyond_the_limit_is_refused(address, status):
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    body += bytes(20_100_000) + b"\r\n--x--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    assert status(address, "/gradio_api/upload", body, **kind) == 413
