"""Where the page is served, to whom, and what is gone when it ends."""

import os
import signal
import socket
import subprocess
import sys
import urllib.parse
from types import SimpleNamespace

import pytest
from support import ROOT

import main
from runtime.start_up import end_on_signals
from web import server
from web.patience import ImpatientProtocol
from web.server import Site, in_brackets, is_loopback, make_site, needed_password, parse_address

PASSWORD = "correct horse"


def test_addresses_are_hosts_with_or_without_a_port():
    assert parse_address(None) == ("127.0.0.1", 7860)
    assert parse_address("0.0.0.0:80") == ("0.0.0.0", 80)
    assert parse_address("[::1]:80") == ("::1", 80)
    assert parse_address("lab.example") == ("lab.example", 7860)
    assert parse_address("::1") == ("::1", 7860)


@pytest.mark.parametrize(
    "wrong",
    [
        "a:b",
        ":80",
        "host:0",
        "host:70000",
        "host:",
        "[::1]x",
        "[::1",
        "me@host",
        "host/x",
        "host?x",
    ],
)
def test_an_address_that_is_none_is_said(wrong):
    with pytest.raises(ValueError, match="expected HOST or HOST:PORT"):
        parse_address(wrong)


def test_an_ipv6_host_stands_in_brackets():
    assert Site("::1", 80, None).url_host == "[::1]"
    assert Site("127.0.0.1", 80, None).url_host == "127.0.0.1"


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


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_port_in_use_is_said_in_one_line_before_anything_is_loaded(host, monkeypatch, capsys):
    monkeypatch.setattr("main.page_classifiers", lambda *_: pytest.fail("classifiers are loaded"))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as taken:
        address = f"{in_brackets(host)}:{taken.getsockname()[1]}"
        assert main.main(["--web", "--web_address", address]) == 2
    words = f"main.py: --web_address {address}: this port is in use; choose another\n"
    assert capsys.readouterr().err == words
    assert make_site(address).port  # which is free again


def test_an_address_of_another_machine_is_said(monkeypatch):
    monkeypatch.setenv("EXPLAINER_PASSWORD", PASSWORD)
    with pytest.raises(ValueError, match=r"^--web_address 192\.0\.2\.1:80 cannot be served: "):
        make_site("192.0.2.1:80")


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


def test_a_password_is_asked_for_where_one_is_set(served, status, tmp_path):
    flags = ["--model_name=SqueezeNet"]
    with served(tmp_path, *flags, EXPLAINER_PASSWORD=PASSWORD) as address:
        assert status(address, "/config") == 401
        for given, expected in (("wrong", 400), (PASSWORD, 200)):
            body = urllib.parse.urlencode({"username": "me", "password": given}).encode()
            assert status(address, "/login", body) == expected
        assert status(address, "/gradio_api/upload", b"") == 401
        assert status(address, "/login", b"x" * 2001) == 413
        wrong = urllib.parse.urlencode(
            {"username": "me", "password": "\ud800"}, errors="surrogatepass"
        )
        assert [status(address, "/login", wrong.encode()) for _ in range(5)] == [400] * 4 + [429]


def test_the_page_that_is_served_is_impatient(monkeypatch, tmp_path):
    config = SimpleNamespace()
    page = SimpleNamespace(
        queue=lambda **_: None, launch=lambda **_: None, server=SimpleNamespace(config=config)
    )
    monkeypatch.setattr("web.page.make_page", lambda *_: page)
    server._launched([], Site("127.0.0.1", 7860, None), tmp_path)
    assert config.http_protocol_class is ImpatientProtocol


def test_without_gradio_there_is_one_clear_line(tmp_path):
    hidden = "import sys; sys.modules['gradio'] = None"
    (tmp_path / "sitecustomize.py").write_text(hidden)
    run = subprocess.run(
        [sys.executable, "main.py", "--web"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 2
    assert run.stderr == ("main.py: --web needs Gradio: pip install -r requirements-web.txt\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_page_that_is_ended_while_it_starts_leaves_no_folder(number, monkeypatch, tmp_path):
    monkeypatch.setattr(server.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(server, "_set_environment", lambda folder: None)

    def launched(*_):
        signal.raise_signal(number)
        pytest.fail("the page is still there")

    monkeypatch.setattr(server, "_launched", launched)
    default = signal.SIG_DFL  # also where the tests themselves were started by nohup
    before = {name: signal.signal(name, default) for name in (signal.SIGTERM, signal.SIGHUP)}
    try:
        end_on_signals()
        with pytest.raises(KeyboardInterrupt):
            server.serve([], Site("127.0.0.1", 7860, None))
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
    assert list(tmp_path.iterdir()) == []
