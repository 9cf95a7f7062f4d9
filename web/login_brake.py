"""A brake on guessing the password."""

import time
from collections import OrderedDict
from http import HTTPStatus

from web.limits import MOST_GUESSERS, MOST_GUESSES
from web.visitors import visitor_of

LOGIN = "/login"
SECONDS = 60


class LoginBrake:
    """ASGI middleware: a visitor who was wrong too often within a minute waits until it is over.

    Only that visitor waits, with the right password too: whether it is right would else be known
    from the answer. Who has signed in already is not asked for it.
    """

    def __init__(self, app):
        self.app = app
        self._guesses: OrderedDict[str, list[float]] = OrderedDict()  # times, of visitors

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http" or (scope["method"], scope["path"]) != ("POST", LOGIN):
            await self.app(scope, receive, send)
            return
        guesses, now = self._of(visitor_of(scope.get("client"))), time.monotonic()
        guesses[:] = [then for then in guesses if now - then < SECONDS]
        if len(guesses) >= MOST_GUESSES:
            await _refuse(send, seconds=round(SECONDS - now + guesses[0]) + 1)
            return
        guesses.append(now)  # before it is known to be one: many may come at once

        async def noting_success(message) -> None:
            if message.get("status") == HTTPStatus.OK:
                guesses.remove(now)
            await send(message)

        await self.app(scope, receive, noting_success)

    def _of(self, visitor: str) -> list[float]:
        """The visitor's guesses; those of the visitor who guessed longest ago make room."""
        guesses = self._guesses.setdefault(visitor, [])
        self._guesses.move_to_end(visitor)
        if len(self._guesses) > MOST_GUESSERS:
            self._guesses.popitem(last=False)
        return guesses


async def _refuse(send, seconds: int) -> None:
    """Says how long to wait."""
    headers = [(b"content-type", b"text/plain"), (b"retry-after", str(seconds).encode())]
    status = HTTPStatus.TOO_MANY_REQUESTS
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"too many wrong passwords; wait a minute"})
