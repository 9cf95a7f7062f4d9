"""What `--help NAME` prints."""

from evaluation import METRICS
from methods import METHODS
from registry import parse_call
from views import VIEWS


def entry_help(name: str) -> str:
    """What a method, view or metric does, and its options with their defaults.

    Raises ValueError for none of them.
    """
    table = METRICS if name.split(":")[0].upper() in METRICS else METHODS | VIEWS
    entry = parse_call(name, table).entry
    lines = [f"{entry.name}  {entry.summary}"]
    for option in entry.options.values():
        lines.append(f"  {option.name}={option.default}  {option.help}{option.choices}")
    lines += [f"  preset={name}  {settings}" for name, settings in entry.presets.items()]
    return "\n".join(lines)
