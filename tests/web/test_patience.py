"""Connections that do not say all that they owe, on a server of uvicorn itself."""

import socket
import threading
from contextlib import suppress

import pytest

pytest.importorskip("uvicorn", reason="gradio is not installed (requirements-web.txt)")

import uvicorn

from web import patience
from web.patience import ImpatientProtocol

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"


async def echo(scope, receive, send):
    """A page that answers with the length of what it was sent, once that is whole."""
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        length, more = length + len(message["body"]), message["more_body"]
    body = b"0" * 50_000_000 if scope["path"] == "/large" else str(length).encode()
    size = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [size]})
    for start in range(0, len(body), 100_000):
        part = body[start : start + 100_000]
        more = start + 100_000 < len(body)
        await send({"type": "http.response.body", "body": part, "more_body": more})


@pytest.fixture
def port(monkeypatch):
    """Of a server with little patience."""
    monkeypatch.setattr(patience, "SECONDS", 0.5)
    monkeypatch.setattr(patience, "EVERY", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(echo, http=ImpatientProtocol, lifespan="off", log_level="error")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join()


def left_open(port: int, *parts: bytes, every: float = 0) -> bytes | None:
    """What comes after these parts until the page closes the connection; None: it does not."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
        found = b""
        try:
            while content := connection.recv(1000):
                found += content
        except ConnectionResetError:
            return found
        except TimeoutError:
            return None
        return found


@pytest.mark.parametrize(
    "parts",
    [[], [b"GET / HT"], [HEAD], [HEAD + b"\r\n"], [HEAD + b"\r\n", b"x" * 99]],
    ids=["nothing", "half a line", "half a head", "no body", "half a body"],
)
def test_a_request_that_does_not_come_whole_is_dropped(port, parts):
    assert left_open(port, *parts) == b""


def test_a_second_request_has_to_come_whole_too(port):
    first = HEAD + b"\r\n" + b"x" * 100
    assert left_open(port, first, b"GET / HT").endswith(b"100")


def test_a_request_that_comes_byte_by_byte_is_dropped(port):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        assert trickled(connection, HEAD * 9) < 100


def trickled(connection: socket.socket, content: bytes) -> int:
    """How many bytes the other side takes, one after the other."""
    for number in range(len(content)):
        try:
            connection.sendall(content[number : number + 1])
        except ConnectionError:
            return number
        threading.Event().wait(0.05)
    return len(content)


def test_an_answer_that_is_not_read_is_dropped(port):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        threading.Event().wait(2)
        found = 0
        with suppress(ConnectionError):
            while content := connection.recv(1_000_000):
                found += len(content)
    assert found < 50_000_000


def test_one_visitor_cannot_have_all_connections(port, monkeypatch):
    monkeypatch.setattr(patience, "MOST_CONNECTIONS", 3)
    monkeypatch.setattr(patience, "is_loopback", lambda host: False)
    held = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(3)]
    assert left_open(port, HEAD + b"\r\n" + b"x" * 100) == b""
    for connection in held:
        connection.close()
