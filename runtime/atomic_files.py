"""Files that appear whole or not at all, whoever else writes and whatever stops the writer."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from runtime.paths import as_path, is_local


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
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.unfinished")
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


def write_text(path: str | Path, text: str) -> Path:
    """The path, which holds the text, as UTF-8, from now on."""
    with atomic_write(path) as file:
        file.write(text.encode())
    return as_path(path)


def moved(folder: Path, target: Path) -> Path:
    """The target, to which the folder was moved with all that is in it."""
    if is_local(folder):
        return folder.rename(target)
    folder.fs.mv(folder.path, target.path, recursive=True)
    return target
