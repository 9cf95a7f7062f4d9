"""The parser of the flags: argparse, with the nearest name for a mistyped flag."""

import argparse
import re
from typing import NoReturn

from cli.flags import FLAGS
from registry import suggest


class Parser(argparse.ArgumentParser):
    """Errors are one line, with the nearest flag for a mistyped one."""

    def error(self, message: str) -> NoReturn:
        unknown = re.search(r"unrecognized arguments: (--[^\s=]*)", message)
        if unknown:
            flags = [flag for action in self._actions for flag in action.option_strings]
            message = f"no flag '{unknown[1]}'{suggest(unknown[1], flags)}"
        self.exit(2, f"{self.prog}: {message}\n")


def make_parser() -> Parser:
    """The parser of all flags, under their groups' headings in the table's order."""
    parser = Parser(
        prog="main.py",
        description="Explains what an image classifier looked at.",
        allow_abbrev=False,
        add_help=False,
    )
    titles = dict.fromkeys(flag.group for flag in FLAGS)
    groups = {title: parser.add_argument_group(title) for title in titles}
    for flag in FLAGS:
        flag.add_to(groups[flag.group])
    return parser
