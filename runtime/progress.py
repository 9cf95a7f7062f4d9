"""Progress: how far a method is, and an end before the end on Ctrl-C."""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import TypeVar

from runtime.bars import Bar
from runtime.notes import note
from runtime.waiting import current_work

FIRST = 8  # batches before the time left is told: the first of all takes seconds to compile
Batch = TypeVar("Batch")
Listener = Callable[[int, int], bool]  # (batches done, of how many) -> whether to stop
_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)


def progress(batches: Iterable[Batch], total: int) -> Iterator[Batch]:
    """The batches, of which there are `total`; a bar, or a line a minute, has the time left.

    It carries what is being done, as `working` has it. On Ctrl-C the batch under way is finished
    and no other begun; `stopped_early` is noted, also of the last batch, for what would follow. A
    second Ctrl-C, or one before the first batch is done, raises KeyboardInterrupt. A listener is
    told instead of the console, and stops as Ctrl-C does.
    """
    listener = _LISTENER.get()
    shown = Bar(total, "batch", current_work(), first=FIRST) if listener is None else nullcontext()
    with _listening_for_interrupts() as interrupted, shown as bar:
        for done, batch in enumerate(batches):
            if interrupted.is_set() or (listener is not None and listener(done, total)):
                if done == 0:
                    raise KeyboardInterrupt
                note(stopped_early=True)
                return
            yield batch
            if bar is not None:
                bar.update()
        if interrupted.is_set():
            note(stopped_early=True)


@contextmanager
def with_listener(listener: Listener) -> Iterator[None]:
    """Inside, the listener is told before each batch of all that is walked by `progress`."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


@contextmanager
def _listening_for_interrupts() -> Iterator[threading.Event]:
    """Inside, the first Ctrl-C only sets the event; outside of the main thread nothing changes."""
    interrupted = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return

    def first(*_) -> None:
        interrupted.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, first)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)
