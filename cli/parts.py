"""The parts of a plan, filled by flags."""

from argparse import Namespace
from typing import Any

from cli.flags import FLAGS


def part_from_flags(part: type, arguments: Namespace, **fields: Any) -> Any:
    """The part, each field by its flag or as it is given here; others keep their defaults.

    Raises ValueError for what a flag cannot be.
    """
    for flag in FLAGS:
        value = getattr(arguments, flag.name)
        field = flag.field or flag.name
        if flag.part is part and field not in fields and value is not None:
            fields[field] = flag.read(flag.name, value) if flag.read else value
    return part(**fields)
