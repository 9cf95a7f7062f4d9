"""The requests that are running, and whose they are: a visitor stops their own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

KEEPS = "Stop keeps what is known"  # beside the progress


class RunningRequests:
    """The events by which running requests are stopped."""

    def __init__(self):
        self._sessions: dict[threading.Event, str | None] = {}

    @contextmanager
    def running(self, session: str | None) -> Iterator[threading.Event]:
        """Inside, the event is set once the visitor wants the request to end."""
        stop = threading.Event()
        self._sessions[stop] = session
        try:
            yield stop
        finally:
            del self._sessions[stop]

    def stop(self, session: str | None) -> None:
        """Ends the visitor's own requests early."""
        for event, owner in list(self._sessions.items()):
            if owner == session:
                event.set()
