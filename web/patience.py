"""How long the page waits for what a connection owes it: uvicorn itself waits for ever."""

from uvicorn.protocols.http.h11_impl import H11Protocol

from web.limits import MOST_CONNECTIONS, MOST_CONNECTIONS_BY_ALL
from web.visitors import is_loopback, visitor_of

SECONDS = 30  # for a request, or to read on in its answer
SLOWEST = 50_000  # bytes a second of a request that takes longer
EVERY = 5  # seconds between two looks


class ImpatientProtocol(H11Protocol):
    """A connection that is closed if its request does not come whole, or its answer is not read.

    A visitor has a bounded number of them. A server with TLS on this machine has all visitors'.
    """

    def connection_made(self, transport) -> None:
        """As uvicorn's; closes one too many."""
        super().connection_made(transport)
        self._watch = None
        self._unread_since: float | None = None
        self._expect_request()
        if self._is_one_too_many():
            transport.abort()
            return
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """As uvicorn's."""
        if self._watch:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """As uvicorn's."""
        self._received += len(data)
        super().data_received(data)

    def on_response_complete(self) -> None:
        """As uvicorn's."""
        self._expect_request()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """As uvicorn's."""
        self._unread_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """As uvicorn's."""
        self._unread_since = None
        super().resume_writing()

    def _expect_request(self) -> None:
        self._since, self._received = self.loop.time(), 0

    def _look(self) -> None:
        """Closes the connection once it is late; else looks again."""
        now, is_answered = self.loop.time(), self.cycle is None or self.cycle.response_complete
        is_owed = is_answered or self.cycle.more_body
        is_late = is_owed and now > self._since + SECONDS + self._received / SLOWEST
        if is_late or (self._unread_since is not None and now > self._unread_since + SECONDS):
            self.transport.abort()
        elif not self.transport.is_closing():
            self._watch = self.loop.call_later(EVERY, self._look)

    def _is_one_too_many(self) -> bool:
        if len(self.connections) > MOST_CONNECTIONS_BY_ALL:
            return True
        if not self.client or is_loopback(self.client[0]):
            return False
        visitor = visitor_of(self.client)
        same = sum(visitor_of(other.client) == visitor for other in self.connections)
        return same > MOST_CONNECTIONS
