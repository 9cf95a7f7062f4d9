"""Files that visitors have sent and not used yet: who sent one reads it once, and it is gone."""

import secrets
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from images.finding import VIDEOS
from web.limits import MOST_UPLOADED, MOST_UPLOADED_BY_ALL, MOST_UPLOADS


class Upload(NamedTuple):
    """A file that waits."""

    visitor: str
    path: Path
    size: int  # bytes


class UploadStore:
    """A folder of files by their tokens, which say nothing of where the files are.

    What is waiting is bounded: the oldest of a visitor's files makes room for the visitor's next
    one, and the oldest of all where all together are too many.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._lock = threading.Lock()
        self._waiting: dict[str, Upload] = {}  # by their tokens, the oldest first

    def keep(self, visitor: str, name: str, file: BinaryIO) -> str:
        """The token of a copy of the file, of which `name` gives no more than the kind of clip."""
        token, suffix = secrets.token_hex(16), Path(name).suffix.lower()
        path = self._folder / f"{token}{suffix if suffix in VIDEOS else ''}"
        with path.open("wb") as copy:
            shutil.copyfileobj(file, copy)
        with self._lock:
            self._waiting[token] = Upload(visitor, path, path.stat().st_size)
            self._make_room(lambda upload: upload.visitor == visitor, MOST_UPLOADED, MOST_UPLOADS)
            self._make_room(lambda upload: True, MOST_UPLOADED_BY_ALL)
        return token

    @contextmanager
    def taken(self, visitor: str, token: str) -> Iterator[Path]:
        """Inside, the visitor's own file, gone afterwards. Raises ValueError for others'."""
        with self._lock:
            upload = self._waiting.get(token)
            if upload is None or upload.visitor != visitor:
                raise ValueError("this image is not here any more; choose it again")
            del self._waiting[token]
        try:
            yield upload.path
        finally:
            upload.path.unlink(missing_ok=True)

    def drop(self, token: str) -> None:
        """Removes a file, if it still waits."""
        with self._lock:
            self._drop(token)

    def _drop(self, token: str) -> None:
        if upload := self._waiting.pop(token, None):
            upload.path.unlink(missing_ok=True)

    def _make_room(
        self, is_counted: Callable[[Upload], bool], most_bytes: int, most: int | None = None
    ) -> None:
        """Drops the oldest of those that are counted, until they are few and small enough."""
        tokens = [token for token, upload in self._waiting.items() if is_counted(upload)]
        size = sum(self._waiting[token].size for token in tokens)
        while size > most_bytes or len(tokens) > (most or len(tokens)):
            oldest = tokens.pop(0)
            size -= self._waiting[oldest].size
            self._drop(oldest)
