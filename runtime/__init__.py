"""What a run stands on: progress, notes, background work, whole files, paths and URLs.

No other room is imported here.
"""

from runtime.atomic_files import atomic_write, moved, remove_unfinished, write_text, writer_name
from runtime.background import BackgroundWriter, prefetch
from runtime.bars import Bar, counted, duration
from runtime.notes import note, noting, tally
from runtime.paths import as_path, is_local
from runtime.progress import progress, with_listener
from runtime.regular_files import IrregularFileError, check_regular, read_bytes
from runtime.text import any_text, csv_cell, escaped, first_line, unescaped
from runtime.waiting import working

__all__ = [
    "BackgroundWriter",
    "Bar",
    "IrregularFileError",
    "any_text",
    "as_path",
    "atomic_write",
    "check_regular",
    "counted",
    "csv_cell",
    "duration",
    "escaped",
    "first_line",
    "is_local",
    "moved",
    "note",
    "noting",
    "prefetch",
    "progress",
    "read_bytes",
    "remove_unfinished",
    "tally",
    "unescaped",
    "with_listener",
    "working",
    "write_text",
    "writer_name",
]
