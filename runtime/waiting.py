"""What is being done: a line on the terminal that moves while the program works."""

import itertools
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from contextvars import ContextVar
from typing import TextIO

from runtime.text import escaped

TICK = 0.2  # seconds between two steps of the spinner, and before its first
ERASE = "\r\x1b[K"  # back to the line's beginning, and nothing right of it
WIDTH = 76  # letters of what is said, so that few terminals break the line
_WORK: ContextVar[str] = ContextVar("work", default="")


@contextmanager
def working(what: str) -> Iterator[None]:
    """Inside, `what` is being done: a spinner says so, and bars that come up carry it.

    The spinner is on standard error, where that is a terminal, and gone when the block ends. What
    is printed meanwhile stands above it.
    """
    token = _WORK.set(what)
    try:
        with _LINE.saying(what):
            yield
    finally:
        _WORK.reset(token)


def current_work() -> str:
    """What is being done, as the innermost `working` has it; "" for nothing in particular."""
    return _WORK.get()


def bar_on_the_line():
    """A context inside of which a bar has the terminal's last line, and no spinner."""
    return _LINE.given_away()


def is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # it is closed
        return False


class _Line:
    """The terminal's last line: a spinner's, a bar's or nobody's."""

    def __init__(self):
        self._lock = threading.RLock()
        self._what = ""
        self._bars = 0
        self._is_drawn = False
        self._handle: int | None = None  # of the terminal, while a spinner turns

    @contextmanager
    def saying(self, what: str) -> Iterator[None]:
        """Inside, the spinner says this, if anything may turn here."""
        before, self._what = self._what, what
        is_main = threading.current_thread() is threading.main_thread()
        try:
            if self._handle is not None or self._bars or not is_main or not is_terminal(sys.stderr):
                yield
            else:
                with self._turning():
                    yield
        finally:
            self._what = before

    @contextmanager
    def given_away(self) -> Iterator[None]:
        """Inside, something else writes on the line."""
        self.erase()
        self._bars += 1
        try:
            yield
        finally:
            self._bars -= 1

    @contextmanager
    def _turning(self) -> Iterator[None]:
        self._handle, done = os.dup(sys.stderr.fileno()), threading.Event()
        thread = threading.Thread(target=self._turn, args=(done,), daemon=True)
        thread.start()
        try:
            with ExitStack() as stack:
                if is_terminal(sys.stdout):
                    stack.enter_context(redirect_stdout(_Above(sys.stdout, self)))
                stack.enter_context(redirect_stderr(_Above(sys.stderr, self)))
                yield
        finally:
            done.set()
            thread.join()
            self.erase()
            os.close(self._handle)
            self._handle = None

    def _turn(self, done: threading.Event) -> None:
        for sign in itertools.cycle("|/-\\"):
            if done.wait(TICK):
                return
            with self._lock:
                if not self._bars:
                    self._write(f"{ERASE}{sign} {escaped(self._what)[:WIDTH]}")
                    self._is_drawn = True

    def erase(self) -> None:
        """Takes the spinner's line away until its next turn."""
        with self._lock:
            if self._is_drawn:
                self._write(ERASE)
                self._is_drawn = False

    def _write(self, text: str) -> None:
        with suppress(OSError):  # the terminal is gone
            os.write(self._handle, text.encode("utf-8", "backslashreplace"))


class _Above:
    """A stream whose text stands above the spinner."""

    def __init__(self, stream: TextIO, line: _Line):
        self._stream, self._line = stream, line

    def write(self, text: str) -> int:
        self._line.erase()
        return self._stream.write(text)

    def __getattr__(self, name: str):
        return getattr(self._stream, name)


_LINE = _Line()
