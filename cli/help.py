"""What `--help NAME` prints."""

from collections.abc import Iterator

from evaluation import METRICS
from methods import METHODS
from registry import Entry, parse_call
from views import VIEWS


def entry_help(name: str) -> str:
    """What a method, view or metric does, and its options with their defaults.

    Raises ValueError for none of them.
    """
    table = METRICS if name.split(":")[0].upper() in METRICS else METHODS | VIEWS
    entry = parse_call(name, table).entry
    lines = [f"{entry.name}  {entry.summary}"]
    options = [(f"{o.name}={o.default}", o) for o in entry.options.values()]
    width = max((len(setting) for setting, _ in options), default=0)
    for setting, option in options:
        lines.append(f"  {setting:<{width}}  {option.help}{option.choices}{option.range}")
    return "\n".join([*lines, *_preset_lines(entry)])


def _preset_lines(entry: Entry) -> Iterator[str]:
    """A table: a row for each preset, a column for each option that any of them sets."""
    if not entry.presets:
        return
    columns = list(dict.fromkeys(name for preset in entry.presets.values() for name in preset))
    rows = [["preset", *columns]]
    for name, preset in entry.presets.items():
        rows.append([name, *(str(preset.get(column, "")) for column in columns)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    yield f"presets, as {entry.name}:preset={rows[1][0]} (other options go beside it):"
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()
