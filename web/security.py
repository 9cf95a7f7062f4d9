"""What stands between the page and the network: few addresses, strict headers, no outside links."""

import re
import secrets
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from web.limits import MOST_BYTES
from web.login_brake import LOGIN, LoginBrake

READ = (  # paths that a browser reads
    r"/|/config|/theme\.css|/favicon\.ico|/(assets|static)/[\w./-]{1,200}|/login|/manifest\.json|"
    r"/gradio_api/(app_id|login_check|startup-events|queue/data|heartbeat/\w+|file=/.+)"
)
WRITTEN = r"/login|/gradio_api/(queue/join|upload)"  # and to which it sends
ALLOWED = {"GET": READ, "HEAD": READ, "POST": WRITTEN}
POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; "  # Gradio's templates
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'none'"
)
EVENTS = "/gradio_api/queue/data"  # the one path with a query: whose events
PASSED_ON = (
    b"host",
    b"origin",
    b"cookie",
    b"accept",
    b"accept-encoding",
    b"content-type",
    b"content-length",
)
FORWARDED_SCHEMES = [(b"x-forwarded-proto", scheme) for scheme in (b"http", b"https")]
HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
}
OUTSIDE = re.compile(rb"<(?:meta|link|script|a)\b[^>]*https?://[^>]*>(?:\s*</(?:script|a)>)?")
LARGEST_BODY = 1_000_000  # bytes of a request that is no upload
LARGEST_UPLOAD = MOST_BYTES + LARGEST_BODY  # an image, and the form around it
LARGEST = {"/gradio_api/upload": LARGEST_UPLOAD, LOGIN: 2000}


def middleware(hosts: Sequence[str]) -> list[Middleware]:
    """What stands around the page, the outermost first.

    `hosts` are the names by which it may be asked for, IPv6 addresses in brackets; "*": by any. To
    answer to its names only keeps other websites from reaching a page on localhost by a name of
    theirs that leads to it.
    """
    return [
        Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
        Middleware(Security),
        Middleware(LoginBrake),
    ]


class Security:
    """ASGI middleware: requests that the page makes, and no others; headers for its responses."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http" and (status := self._refusal(scope)):
            headers = [(b"content-type", b"text/plain")]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": HTTPStatus(status).phrase.encode()})
        elif scope["type"] == "http":
            try:
                await self.app(_needed(scope), receive, ResponseRewriter(send))
            except RuntimeError as error:  # Gradio's, of events of a session that there is not
                if not isinstance(error.__cause__, HTTPException):
                    raise
                await send({"type": "http.response.body"})

    def _refusal(self, scope) -> int | None:
        """The status by which a request is refused that the page does not make; None: it may go."""
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host, path = headers.get(b"host", ""), scope["path"]
        if not re.fullmatch(ALLOWED.get(scope["method"], "(?!)"), path, re.ASCII):
            return 404
        if scope["method"] != "POST":
            return None
        if b"origin" in headers and headers[b"origin"].partition("://")[2] != host:
            return 403  # a form of another website
        length = headers.get(b"content-length", "")
        if b"transfer-encoding" in headers or not re.fullmatch("[0-9]{1,12}", length):
            return 411  # else it could go on without end
        return 413 if int(length) > LARGEST.get(path, LARGEST_BODY) else None


def _needed(scope) -> dict[str, Any]:
    """The request without headers and queries that the page does not send, or a server before it.

    Gradio answers wrong ranges, pages and forwarded hosts with a traceback.
    """
    headers = [(name, value) for name, value in scope["headers"] if name in PASSED_ON]
    schemes = [pair for pair in scope["headers"] if pair in FORWARDED_SCHEMES]
    query = scope.get("query_string", b"") if scope["path"] == EVENTS else b""
    return {**scope, "headers": headers + schemes[:1], "query_string": query}


class ResponseRewriter:
    """Sends a response on with strict headers; a page only once it is free of outside links."""

    def __init__(self, send):
        self._send = send
        self._start = None  # of a page whose body is still coming
        self._body = b""

    async def __call__(self, message) -> None:
        if message["type"] == "http.response.start":
            headers = [(name.lower(), value) for name, value in message["headers"]]
            kind = dict(headers).get(b"content-type", b"")
            message = {**message, "headers": [*headers, *HEADERS.items()]}
            if kind.startswith(b"text/html"):
                self._start = message
                return
        elif self._start is not None:
            self._body += message.get("body", b"")
            if message.get("more_body"):
                return
            nonce = secrets.token_urlsafe(16)
            body = OUTSIDE.sub(b"", self._body)
            body = body.replace(b"<script", f'<script nonce="{nonce}"'.encode())
            headers = [pair for pair in self._start["headers"] if pair[0] != b"content-length"]
            headers.append((b"content-length", str(len(body)).encode()))
            headers.append((b"content-security-policy", POLICY.format(nonce=nonce).encode()))
            await self._send({**self._start, "headers": headers})
            message = {"type": "http.response.body", "body": body}
        await self._send(message)
