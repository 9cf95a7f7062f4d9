"""Reading ahead: files are read and decoded while what came before is computed."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Given, Made = TypeVar("Given"), TypeVar("Made")
WORKERS = 2  # decoding is C code that other threads need not wait for


def read_ahead(
    load: Callable[[Given], Made], items: Iterable[Given], ahead: int = 16
) -> Iterator[Made]:
    """`load` of every item, in their order, `ahead` of them in the making while one is used.

    What `load` raises is raised when it is that item's turn.
    """
    with ThreadPoolExecutor(WORKERS) as pool:
        coming: deque = deque()
        try:
            for item in items:
                coming.append(pool.submit(load, item))
                if len(coming) > ahead:
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()
        finally:
            for one in coming:
                one.cancel()
