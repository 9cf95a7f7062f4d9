"""A row of the table of flags."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

OF_ARGPARSE = ("nargs", "const", "default", "type", "choices", "metavar", "help")


@dataclass(frozen=True, kw_only=True)
class Flag:
    """A flag's name and help, what it takes, and what it is for."""

    name: str  # without its dashes
    group: str  # the heading in --help
    help: str
    short: str | None = None  # such as "-h"

    # What it takes, as argparse's `add_argument` has it; without metavar and choices it is a
    # switch, and nargs="+" may come again and again.
    nargs: str | None = None
    const: Any = None
    default: Any = None
    type: Callable[[str], Any] | None = None
    choices: Sequence[str] | None = None
    metavar: str | None = None

    # What it is for.
    of_maps: bool = False  # goes with methods; views give no maps
    of_page: bool = False  # goes with --web; what the others say is chosen on the page
    goes_with: tuple[str, ...] = ()  # flags, one of which it needs
    because: str = ""  # the end of the error where there is none of them

    @property
    def is_switch(self) -> bool:
        return self.metavar is None and self.choices is None

    def add_to(self, group: argparse._ActionsContainer) -> None:
        """Lets a group of argparse's parser know the flag."""
        settings = {name: getattr(self, name) for name in OF_ARGPARSE}
        settings = {name: value for name, value in settings.items() if value is not None}
        if self.is_switch:
            settings["action"] = "store_true"
        elif self.nargs == "+":
            settings["action"] = "extend"
        group.add_argument(*filter(None, [self.short]), f"--{self.name}", **settings)

    def is_given(self, arguments: argparse.Namespace) -> bool:
        """Whether the command has it, with another value than the default."""
        absent = False if self.is_switch else self.default
        return getattr(arguments, self.name) != absent
