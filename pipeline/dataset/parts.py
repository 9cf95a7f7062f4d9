"""Parts of a store as files: written whole, in an order of their own, and verified when read.

A part's name holds its turn, one more than the largest that its writer found: clocks that go back,
or differ from machine to machine, change nothing. Pages have checksums of their own; that of the
footer, which says where they are, is in the name.
"""

import re
import sys
import time
import zlib
from pathlib import Path
from typing import Any

from runtime import as_path, atomic_write, first_line, is_local, writer_name

NAME = re.compile(r"part-(?P<turn>\d+)-(?P<time>\d+)(-\w+-(?P<footer>[0-9a-f]{8}))?\.parquet")
MAGIC = b"PAR1"


class DamagedPartError(ValueError):
    """A part that is not what was written; its message is one line."""


def parts_of(store: Path) -> list[Path]:
    """The finished parts in a store's folder, in the order in which later ones count."""
    found = [(NAME.fullmatch(part.name), part) for part in store.glob("part-*.parquet")]
    return [part for _, part in sorted((_order(m), part) for m, part in found if m)]


def write_part(store: Path, rows: list[dict[str, Any]], schema) -> Path:
    """The new part of these rows, which comes after all that are there. Raises OSError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = pa.BufferOutputStream()  # and no Python file, which pyarrow may hold at exit
    table = pa.Table.from_pylist(rows, schema)
    pq.write_table(table, buffer, compression="zstd", write_page_checksum=True)
    content = buffer.getvalue()
    checksum = zlib.crc32(_footer(memoryview(content)))
    last = parts_of(store)[-1:]
    turn = 1 + max((_order(NAME.fullmatch(part.name))[0] for part in last), default=0)
    part = store / f"part-{turn:08}-{time.time_ns()}-{writer_name()}-{checksum:08x}.parquet"
    with atomic_write(part, safe=True) as file:
        file.write(content)
    return part


def read_part(part: Path, columns: list[str] | None = None):
    """A table of these columns, or all. Raises DamagedPartError, KeyError, FileNotFoundError.

    KeyError is for a column that it has not.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        source, footer = _source(part)
        expected = NAME.fullmatch(part.name)
        if expected and expected["footer"] and int(expected["footer"], 16) != zlib.crc32(footer):
            raise DamagedPartError(f"'{part}' is damaged: its footer is not what was written")
        with pq.ParquetFile(source, page_checksum_verification=True) as file:
            lacking = set(columns or ()) - set(file.schema_arrow.names)
            if lacking:
                raise KeyError(f"'{part}' has no column {', '.join(sorted(lacking))}")
            return file.read(columns)
    except (OSError, ValueError, pa.ArrowException) as error:
        if isinstance(error, DamagedPartError) or getattr(error, "errno", None) is not None:
            raise
        raise DamagedPartError(f"'{part}' is damaged: {first_line(error)}") from error


def set_part_aside(part: Path, error: DamagedPartError) -> None:
    """Gives a damaged part a name under which it is not read, and says so."""
    aside = part.with_name(f"{part.name}.damaged")
    try:
        part.rename(aside)
    except FileNotFoundError:
        return  # another one has done so
    except OSError:
        print(f"{error}; left out, its images count as new", file=sys.stderr)
        return
    print(f"{error}; set aside as '{aside.name}', its images count as new", file=sys.stderr)


def _order(match: re.Match) -> tuple[int, int, str]:
    return int(match["turn"]), int(match["time"]), match[0]


def _source(part: Path) -> tuple[Any, bytes]:
    """What pyarrow reads a part from, its path if there is one, and the part's footer."""
    import pyarrow as pa

    name = str(part)
    if not is_local(part) or name != name.encode(errors="replace").decode():
        content = part.read_bytes()
        return pa.BufferReader(content), _footer(memoryview(content))
    with as_path(part).open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 8))
        tail = file.read(8)
        file.seek(max(0, size - 8 - int.from_bytes(tail[:4], "little")))
        return name, _footer(memoryview(file.read()))


def _footer(end: memoryview) -> bytes:
    """The footer at the end of a part's content, with its length. Raises DamagedPartError."""
    length = int.from_bytes(end[-8:-4], "little")
    if bytes(end[-4:]) != MAGIC or length + 8 > len(end):
        raise ValueError("it is cut short, or no part at all")
    return bytes(end[len(end) - 8 - length :])
