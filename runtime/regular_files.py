"""Files that can be read to an end: regular ones, of a bounded size."""

import os
import stat
from pathlib import Path

from runtime.paths import as_path, is_local

MOST_BYTES = 2**30  # that any file of a run may have: an image of 120 megapixels has less
KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class IrregularFileError(OSError):
    """Something that is no file, or one of too many bytes; its message says which."""


def read_bytes(path: str | Path, most: int = MOST_BYTES) -> bytes:
    """The content of a regular file of at most `most` bytes.

    Raises IrregularFileError for what would never end or not fit into memory, OSError for what
    cannot be opened. Nothing is waited for: a named pipe is opened without its writer.
    """
    path = as_path(path)
    if not is_local(path):
        _check_size(path.stat().st_size, most)
        return path.read_bytes()
    check_regular(path, most)
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        _check_status(os.fstat(handle), most)  # it may be another one by now
        content = file.read(most + 1)
    _check_size(len(content), most)
    return content


def check_regular(path: Path, most: int = MOST_BYTES) -> None:
    """Raises IrregularFileError unless it is a regular file of at most `most` bytes."""
    status = path.stat()
    if is_local(path):
        _check_status(status, most)
    else:
        _check_size(status.st_size, most)


def _check_status(status: os.stat_result, most: int) -> None:
    for is_kind, name in KINDS:
        if is_kind(status.st_mode):
            raise IrregularFileError(f"it is {name}, not a file")
    _check_size(status.st_size, most)


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise IrregularFileError(
            f"it has {size / 2**20:,.0f} MB; at most {most / 2**20:,.0f} MB are read"
        )
