"""What visitors' requests do to each other."""

from contextlib import suppress
from types import SimpleNamespace

import pytest

pytest.importorskip("gradio", reason="gradio is not installed (requirements-web.txt)")

from methods import METHODS
from web.answers import StoppedError
from web.handlers import Handlers


def test_stop_reaches_all_of_a_visitors_requests_and_nobody_elses(image):
    running = []

    class Busy:
        """A service that is sent two more requests while it works, then a stop of the first."""

        def explain(self, *arguments, stop, **options):
            running.append(stop)
            if len(running) < 3:
                ask(["me", "another"][len(running) - 1])
            else:
                handlers.stop(SimpleNamespace(session_hash="me"))
            raise StoppedError

    def ask(session: str) -> None:
        with suppress(StoppedError):
            handlers._explain(
                "small",
                image,
                [METHODS["RISE"].call()],
                target="ant",
                layer=None,
                display=("overlay", "viridis", 0.5),
                progress=None,
                session=session,
            )

    handlers = Handlers(Busy())
    ask("me")
    assert [stop.is_set() for stop in running] == [True, True, False]
    assert handlers.requests._sessions == {}
