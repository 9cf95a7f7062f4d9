"""Files that appear whole or not at all, whoever else writes and whatever stops the writer."""

import io
import itertools
import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from runtime.paths import as_path, is_local

OTHERS_SECONDS = 24 * 3600  # after which another machine's unfinished file is taken for left behind
WRITER = re.compile(r"\.(?P<machine>\w+)-(?P<process>\d+)-\d+\.unfinished$")
_COUNTER = itertools.count()


@contextmanager
def atomic_write(path: str | Path, *, safe: bool = False) -> Iterator[BinaryIO]:
    """A file for bytes, which is at `path` when the block ends; folders are made as needed.

    Written under another name and renamed, in object storage sent at once. With `safe` it also
    outlasts a power cut from then on. Raises OSError; then, as after any error, what was at `path`
    before is still there.
    """
    path = as_path(path)
    if not is_local(path):
        content = io.BytesIO()
        yield content
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.getvalue())
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(_unfinished_name(path.name))
    try:
        with unfinished.open("wb") as file:
            yield file
            if safe:
                file.flush()
                os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def remove_unfinished(folder: str | Path) -> list[Path]:
    """The files that writers of this folder have left behind, which are removed; deeper ones stay.

    Those of processes of this machine that have ended, and of other machines those that nobody
    has written to for a day. Never one of a process that lives.
    """
    folder = as_path(folder)
    if not is_local(folder) or not folder.is_dir():
        return []
    removed = []
    for file in sorted(folder.glob("*.unfinished")):
        try:
            if _is_left_behind(file):
                file.unlink()
                removed.append(file)
        except OSError:  # it was renamed just now, or is another's
            continue
    return removed


def _unfinished_name(name: str) -> str:
    """Of a file's own: another one for every write of every process of every machine."""
    longest = 150  # of 255 bytes that a name may have, of which a letter may take four
    while len(os.fsencode(name)) > longest:
        name = name[:-1]
    return f"{name}.{_machine()}-{os.getpid()}-{next(_COUNTER)}.unfinished"


def writer_name() -> str:
    """The machine and the process, as one word for the names of files."""
    return f"{_machine()}_{os.getpid()}"


def _is_left_behind(file: Path) -> bool:
    match = WRITER.search(file.name)
    if match and match["machine"] == _machine():
        return not _lives(int(match["process"]))
    return time.time() - file.stat().st_mtime > OTHERS_SECONDS


def _lives(process: int) -> bool:
    if os.name == "nt":  # where a signal of 0 would end it: it is as good as another machine's
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _machine() -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", socket.gethostname())[:40] or "machine"


def write_text(path: str | Path, text: str) -> Path:
    """The path, which holds the text, as UTF-8, from now on; a lone surrogate as JSON has it."""
    with atomic_write(path) as file:
        file.write(text.encode(errors="backslashreplace"))
    return as_path(path)


def moved(folder: Path, target: Path) -> Path:
    """The target, to which the folder was moved with all that is in it."""
    if is_local(folder):
        return folder.rename(target)
    folder.fs.mv(folder.path, target.path, recursive=True)
    return target
