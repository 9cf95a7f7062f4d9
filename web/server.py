"""Serving the page: where, to whom, and what is gone when it ends."""

import hmac
import importlib.util
import ipaddress
import os
import signal
import tempfile
import threading
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.plan import ClassifierChoice

LOOPBACK, PORT = "127.0.0.1", 7860
PASSWORD = "EXPLAINER_PASSWORD"  # the environment variable that holds it
SHORTEST_PASSWORD = 8  # letters
WAITING = 16  # requests in the queue; more are told to come again
VISITORS = 32  # whose images are kept


class Site(NamedTuple):
    """Where the page is served, and the password that it asks for."""

    host: str
    port: int
    password: str | None

    @property
    def url_host(self) -> str:
        """The host as addresses have it, an IPv6 one in brackets."""
        return f"[{self.host}]" if ":" in self.host else self.host


def make_site(address: str | None = None) -> Site:
    """The site at HOST or HOST:PORT, by default on this machine alone.

    Raises ValueError, in one line, where Gradio is missing, the address will not do, or is open to
    others and there is no password for it.
    """
    if importlib.util.find_spec("gradio") is None:
        raise ValueError("--web needs Gradio: pip install -r requirements-web.txt")
    host, port = parse_address(address)
    return Site(host, port, needed_password(host))


def serve(choices: Sequence[ClassifierChoice], site: Site) -> int:
    """Serves the page until Ctrl-C; gives the exit status. Raises ValueError where it cannot."""
    with tempfile.TemporaryDirectory(prefix="explainer-") as folder:
        _set_environment(folder)
        _end_on_signals()
        page = _launched(choices, site)
        print(f"http://{site.url_host}:{site.port} (Ctrl-C ends it)", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("stopped")
        finally:
            page.close(verbose=False)
    return 0


def parse_address(address: str | None) -> tuple[str, int]:
    """(host, port) of HOST or HOST:PORT, an IPv6 host in brackets. Raises ValueError."""
    host, port = address or LOOPBACK, str(PORT)
    if host.startswith("["):
        host, _, rest = host[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif host.count(":") == 1:
        host, port = host.split(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"--web_address '{address}': expected HOST or HOST:PORT")
    return host, int(port)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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


def _end_on_signals() -> None:
    """SIGTERM and a closed terminal end the page as Ctrl-C does; `nohup` keeps its meaning."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, signal.SIGTERM)  # Windows has no SIGHUP
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def _set_environment(folder: str) -> None:
    """Gradio's settings are ours alone; nothing is sent to its makers; files go to our folder."""
    for name in [name for name in os.environ if name.startswith("GRADIO_")]:
        del os.environ[name]
    os.environ |= {
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_OFFLINE": "1",
        "GRADIO_TEMP_DIR": folder,
    }


def _launched(choices: Sequence[ClassifierChoice], site: Site):
    """The page, being served."""
    import gradio
    from starlette.middleware import Middleware

    from web.page import make_page
    from web.render import render
    from web.security import Security
    from web.service import MOST_BYTES, ExplanationService

    page = make_page(ExplanationService(choices))
    page.queue(max_size=WAITING, api_open=False, default_concurrency_limit=4)
    hosts = ("localhost", "127.0.0.1", "::1", site.host) if is_loopback(site.host) else ()
    try:
        page.launch(
            server_name=site.url_host,
            server_port=site.port,
            share=False,
            inbrowser=False,
            quiet=True,
            show_error=False,
            prevent_thread_lock=True,
            auth=None if site.password is None else _check(site.password),
            auth_message="Any user name; the password is the one that was set for this page.",
            max_file_size=MOST_BYTES,
            state_session_capacity=VISITORS,
            app_kwargs={"middleware": [Middleware(Security, hosts=hosts)]},
            footer_links=[],
            run_history=False,
            enable_monitoring=False,
            ssr_mode=False,
            mcp_server=False,
            pwa=False,
            theme=gradio.themes.Base(
                primary_hue="blue",
                font=["system-ui", "sans-serif"],
                font_mono=["ui-monospace", "monospace"],
            ),
            css=render("style.css"),
        )
    except OSError as error:
        raise ValueError(
            f"--web_address {site.url_host}:{site.port} cannot be served: {error}"
        ) from error
    return page


def _check(password: str):
    """Whether a visitor knows the password, in the same time for every wrong one."""
    return lambda user, given: hmac.compare_digest(given.encode(), password.encode())
