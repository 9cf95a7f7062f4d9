"""Bounded work in threads: files read before their turn, and files written while others go on."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item, Loaded = TypeVar("Item"), TypeVar("Loaded")
MOST_BYTES = 1 << 28  # of what was loaded and waits for its turn
WORKERS = 2  # decoding and packing images is C code that other threads need not wait for


def prefetch(
    load: Callable[[Item], Loaded],
    items: Iterable[Item],
    ahead: int = 16,
    size_of: Callable[[Loaded], int] = lambda loaded: 0,
    most_bytes: int = MOST_BYTES,
) -> Iterator[Loaded]:
    """`load` of every item, in their order, `ahead` of them in the making while one is used.

    They are fewer where so many as large as the largest, by `size_of`, would take more than
    `most_bytes`. What `load` raises is raised when it is that item's turn.
    """
    largest: int | None = None

    def first() -> Loaded:
        nonlocal largest
        loaded = pending.popleft().result()
        largest = max(largest or 0, size_of(loaded))
        return loaded

    def most() -> int:
        fitting = 0 if largest is None else most_bytes // max(1, largest)
        return min(ahead, max(WORKERS, fitting))

    with ThreadPoolExecutor(WORKERS) as pool:
        pending: deque[Future] = deque()
        try:
            for item in items:
                pending.append(pool.submit(load, item))
                while len(pending) > most():
                    yield first()
            while pending:
                yield first()
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
