"""Work that is done behind the caller's back, in threads, while it goes on."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

WORKERS = 2  # packing pictures is C code that other threads need not wait for


class Behind:
    """Takes work; no more than `most` pieces wait at a time. What one raises is raised later."""

    def __init__(self, most: int = 8):
        self._most = most
        self._pool: ThreadPoolExecutor | None = None
        self._coming: deque[Future] = deque()

    def do(self, work: Callable[[], object]) -> None:
        """Has the work done soon; where too much is waiting, when the oldest is done."""
        self._pool = self._pool or ThreadPoolExecutor(WORKERS)
        self._coming.append(self._pool.submit(work))
        while len(self._coming) > self._most:
            self._coming.popleft().result()

    def finish(self) -> None:
        """Returns when all is done."""
        while self._coming:
            self._coming.popleft().result()
        if self._pool:
            self._pool.shutdown()
            self._pool = None
