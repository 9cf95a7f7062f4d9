"""Bounded work in threads: files read before their turn, and files written while others go on."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item, Loaded = TypeVar("Item"), TypeVar("Loaded")
WORKERS = 2  # decoding and packing images is C code that other threads need not wait for


def prefetch(
    load: Callable[[Item], Loaded], items: Iterable[Item], ahead: int = 16
) -> Iterator[Loaded]:
    """`load` of every item, in their order, `ahead` of them in the making while one is used.

    What `load` raises is raised when it is that item's turn.
    """
    with ThreadPoolExecutor(WORKERS) as pool:
        pending: deque[Future] = deque()
        try:
            for item in items:
                pending.append(pool.submit(load, item))
                if len(pending) > ahead:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


class BackgroundWriter:
    """Takes work; at most `limit` pieces wait at a time. What one raises is raised later."""

    def __init__(self, limit: int = 8):
        self._limit = limit
        self._pool: ThreadPoolExecutor | None = None
        self._pending: deque[Future] = deque()

    def submit(self, work: Callable[[], object]) -> None:
        """Has the work done soon; where too much is waiting, when the oldest is done."""
        self._pool = self._pool or ThreadPoolExecutor(WORKERS)
        self._pending.append(self._pool.submit(work))
        while len(self._pending) > self._limit:
            self._pending.popleft().result()

    def finish(self) -> None:
        """Returns when all is done."""
        while self._pending:
            self._pending.popleft().result()
        if self._pool:
            self._pool.shutdown()
            self._pool = None
