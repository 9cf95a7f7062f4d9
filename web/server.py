"""Serving the page: where, to whom, and what is gone when it ends."""

import errno
import hmac
import importlib.util
import os
import socket
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pipeline.plan import ClassifierChoice
from web.memory import give_back_large_memory, look_for_garbage_often
from web.visitors import is_loopback

LOOPBACK, PORT = "127.0.0.1", 7860
GRADIO_FOLDER = "gradio"  # whose files are served, and no upload is among them
PASSWORD = "EXPLAINER_PASSWORD"  # the environment variable that holds it
SHORTEST_PASSWORD = 8  # letters
WAITING = 16  # requests in the queue; more are refused
VISITORS = 32  # whose images are kept
LEFT_OUT = {  # of what Gradio does or shows
    "share": False,
    "inbrowser": False,
    "show_error": False,
    "run_history": False,
    "enable_monitoring": False,
    "ssr_mode": False,
    "mcp_server": False,
    "pwa": False,
    "footer_links": [],
}


class Site(NamedTuple):
    """Where the page is served, and the password that it asks for."""

    host: str
    port: int
    password: str | None

    @property
    def url_host(self) -> str:
        """The host as a URL has it, an IPv6 one in brackets."""
        return in_brackets(self.host)


def make_site(address: str | None = None) -> Site:
    """The site at HOST or HOST:PORT, by default one that listens on localhost only.

    Raises ValueError, in one line, where Gradio is missing, the address will not do or is taken, or
    is open to others and there is no password for it.
    """
    if importlib.util.find_spec("gradio") is None:
        raise ValueError("--web needs Gradio: pip install -r requirements-web.txt")
    host, port = parse_address(address)
    site = Site(host, port, needed_password(host))
    check_address(site)
    return site


def serve(choices: Sequence[ClassifierChoice], site: Site) -> int:
    """Serves the page until Ctrl-C; gives the exit status. Raises ValueError where it cannot."""
    with tempfile.TemporaryDirectory(prefix="explainer-") as folder:
        _set_environment(folder)
        give_back_large_memory()
        page = _launched(choices, site, Path(folder))
        print(f"http://{site.url_host}:{site.port} (Ctrl-C ends it)", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("stopped")
        finally:
            page.close(verbose=False)
    return 0


def parse_address(address: str | None) -> tuple[str, int]:
    """(host, port) of HOST or HOST:PORT; an IPv6 host with a port is in brackets.

    Raises ValueError for anything else.
    """
    address = address or LOOPBACK
    is_bare_ipv6 = address.count(":") > 1 and "[" not in address
    netloc = f"[{address}]" if is_bare_ipv6 else address
    try:
        url = urlsplit(f"//{netloc}")
        host, port = url.hostname or "", PORT if url.port is None else url.port
    except ValueError:
        host, port = "", 0
    expected = in_brackets(host), f"{in_brackets(host)}:{port}"  # and no user, path or query
    if not host or not port or netloc.lower() not in expected:
        raise ValueError(f"--web_address '{address}': expected HOST or HOST:PORT")
    return host, port


def check_address(site: Site) -> None:
    """Raises ValueError where the page cannot listen there: long before it is ready to."""
    try:
        family, *_, place = socket.getaddrinfo(site.host, site.port, type=socket.SOCK_STREAM)[0]
        socket.create_server(place, family=family).close()
    except OSError as error:
        raise ValueError(_cannot_listen(site, error)) from error


def _cannot_listen(site: Site, error: OSError) -> str:
    """Why the page cannot be served, and what would do."""
    address = f"--web_address {site.url_host}:{site.port}"
    if error.errno == errno.EADDRINUSE:
        return f"{address}: this port is in use; choose another"
    return f"{address} cannot be served: {error.strerror or error}"


def in_brackets(host: str) -> str:
    """The host as a URL has it, an IPv6 one in brackets."""
    return f"[{host}]" if ":" in host else host


def needed_password(host: str) -> str | None:
    """The password that the page asks for. Raises ValueError where it must have one."""
    password = os.environ.get(PASSWORD) or None
    if password is None and not is_loopback(host):
        raise ValueError(
            f"--web_address {host} is open to others: set a password in the environment variable "
            f"{PASSWORD}"
        )
    if password is not None and len(password) < SHORTEST_PASSWORD:
        raise ValueError(f"{PASSWORD} is shorter than {SHORTEST_PASSWORD} letters")
    return password


def _set_environment(folder: str) -> None:
    """Gradio gets no settings but ours, sends nothing to its makers, and writes to our folder."""
    for name in [name for name in os.environ if name.startswith("GRADIO_")]:
        del os.environ[name]
    os.environ |= {
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_OFFLINE": "1",
        "GRADIO_TEMP_DIR": str(Path(folder) / GRADIO_FOLDER),
    }


def _launched(choices: Sequence[ClassifierChoice], site: Site, folder: Path):
    """The page, being served; what visitors send waits in the folder."""
    from web.page import make_page
    from web.patience import ImpatientProtocol
    from web.service import ExplanationService
    from web.upload_store import UploadStore

    uploads = UploadStore(folder)
    page = make_page(ExplanationService(choices), uploads)
    page.queue(max_size=WAITING, api_open=False, default_concurrency_limit=4)
    try:
        page.launch(**_launch_options(site, uploads))
    except OSError as error:
        raise ValueError(_cannot_listen(site, error)) from error
    look_for_garbage_often()
    page.server.config.http_protocol_class = ImpatientProtocol  # of connections from here on
    return page


def _launch_options(site: Site, uploads) -> dict[str, Any]:
    """Where and to whom Gradio serves the page, how it looks, and what it leaves out."""
    import gradio

    from web.html import render
    from web.limits import MOST_BYTES
    from web.security import middleware
    from web.upload_route import upload_route

    hosts = ("localhost", "127.0.0.1", "[::1]", site.url_host) if is_loopback(site.host) else ("*",)
    return {
        "server_name": site.url_host,
        "server_port": site.port,
        "auth": None if site.password is None else _password_check(site.password),
        "auth_message": "Any user name; the password is the one that was set for this page.",
        "max_file_size": MOST_BYTES,
        "state_session_capacity": VISITORS,
        "app_kwargs": {"middleware": middleware(hosts), "routes": [upload_route(uploads)]},
        "theme": gradio.themes.Base(
            primary_hue="blue",
            font=["system-ui", "sans-serif"],
            font_mono=["ui-monospace", "monospace"],
        ).set(block_info_text_color="*neutral_500"),  # the hints: their default is too pale to read
        "css": render("style.css"),
        "quiet": True,
        "prevent_thread_lock": True,
        **LEFT_OUT,
    }


def _password_check(password: str) -> Callable[[str, str], bool]:
    """Whether a visitor knows the password, in the same time for every wrong one."""
    return lambda user, given: hmac.compare_digest(given.encode(), password.encode())
