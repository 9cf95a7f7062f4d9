"""Bounded work in threads: files read before their turn, and files written while others go on."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item, Loaded = TypeVar("Item"), TypeVar("Loaded")
MOST_BYTES = 2**27  # that wait for their turn: one photo and more
WORKERS = 2  # decoding and packing images is C code that other threads need not wait for


def prefetch(
    load: Callable[[Item], Loaded],
    items: Iterable[Item],
    ahead: int = 16,
    weight: Callable[[Loaded], int] | None = None,
    limit: int = MOST_BYTES,
) -> Iterator[Loaded]:
    """`load` of every item, in their order, `ahead` of them in the making while one is used.

    `weight` is how many bytes what was loaded holds: of what waits there are at most about `limit`
    then, however few that is. What is still in the making counts as the heaviest so far; until
    one is known, no more than there are workers are begun. What `load` raises is raised when it
    is that item's turn.
    """
    with ThreadPoolExecutor(WORKERS) as pool:
        pending: deque[Future] = deque()
        begun = _Weights(weight, limit, pending)
        try:
            for item in items:
                while pending and (len(pending) > ahead or begun.are_enough()):
                    yield pending.popleft().result()
                pending.append(pool.submit(load, item))
                if len(pending) > ahead:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


class _Weights:
    """What is loaded or in the making, weighed."""

    def __init__(self, weight: Callable | None, limit: int, pending: deque[Future]):
        self._weight, self._limit, self._pending = weight, limit, pending
        self._heaviest = 0

    def are_enough(self) -> bool:
        """Whether one more of the heaviest kind would be too much."""
        if self._weight is None:
            return False
        known = [self._weight(f.result()) for f in self._pending if _is_loaded(f)]
        self._heaviest = max([self._heaviest, *known])
        unknown = len(self._pending) - len(known)
        if self._heaviest == 0:
            return unknown >= WORKERS
        return sum(known) + (unknown + 1) * self._heaviest > self._limit


def _is_loaded(future: Future) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


class BackgroundWriter:
    """Takes work; at most `most` pieces wait at a time, and none where they hold `limit` bytes.

    What one raises is raised later.
    """

    def __init__(self, most: int = 8, limit: int = MOST_BYTES):
        self._most, self._limit = most, limit
        self._pool: ThreadPoolExecutor | None = None
        self._pending: deque[tuple[Future, int]] = deque()

    def submit(self, work: Callable[[], object], weight: int = 0) -> None:
        """Has the work done soon; where too much is waiting, when the oldest is done.

        `weight` is how many bytes the work holds until it is done.
        """
        self._pool = self._pool or ThreadPoolExecutor(WORKERS)
        while len(self._pending) >= WORKERS and self._held() + weight > self._limit:
            self._wait()
        self._pending.append((self._pool.submit(work), weight))
        while len(self._pending) > self._most:
            self._wait()

    def finish(self) -> None:
        """Returns when all is done."""
        while self._pending:
            self._wait()
        if self._pool:
            self._pool.shutdown()
            self._pool = None

    def _held(self) -> int:
        return sum(weight for _, weight in self._pending)

    def _wait(self) -> None:
        """Returns when the oldest is done."""
        self._pending.popleft()[0].result()
