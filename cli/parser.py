"""The parser of the flags: argparse, with errors that say what would do."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from cli.flags import FLAGS
from registry import suggest

BY_NAME = {f"--{flag.name}": flag for flag in FLAGS}


class Parser(argparse.ArgumentParser):
    """Errors are one line, with the nearest flag for a mistyped one."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")

    def parse_args(self, args: Sequence[str] | None = None, namespace=None) -> argparse.Namespace:
        """The flags' values; what belongs to no flag is a mistake, and is told what would do."""
        words = list(sys.argv[1:] if args is None else args)
        arguments, others = self.parse_known_args(words, namespace)
        if others:
            self.error(self._belongs_to_none(words, others[0]))
        return arguments

    def _belongs_to_none(self, words: Sequence[str], other: str) -> str:
        if other.startswith("-") and not other[1:2].isdigit():
            name = other.partition("=")[0]
            flags = [flag for action in self._actions for flag in action.option_strings]
            return f"no flag '{name}'{suggest(name, flags)}"
        before = words[: words.index(other)]
        name, value = _last_flag(before)
        if flag := BY_NAME.get(name):
            if "," in (flag.metavar or "") and value:
                both = f"{value.rstrip(',')},{other.lstrip(',')}"
                return f"'{other}' belongs to no flag; several go with commas: {name}={both}"
            if flag.is_switch:
                return f"'{other}' belongs to no flag; {name} takes no value"
        if Path(other).exists() or not before:
            return f"'{other}' belongs to no flag; images go with --test_image_path {other}"
        return f"'{other}' belongs to no flag; a value follows its flag, as in --target={other}"


def _last_flag(words: Sequence[str]) -> tuple[str, str]:
    """The last flag among words as they were typed, and what it was given."""
    for number in range(len(words) - 1, -1, -1):
        if words[number].startswith("--"):
            name, equals, value = words[number].partition("=")
            return name, value if equals else " ".join(words[number + 1 :])
    return "", ""


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
