"""A row of the table of flags."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

OF_ARGPARSE = ("nargs", "const", "type", "choices", "metavar", "help")
METAVARS = {int: "N", float: "X"}  # what --help calls a number, where the row does not say


@dataclass(frozen=True, kw_only=True)
class Flag:
    """A flag's name and help, what it takes, and what it is for."""

    name: str  # without its dashes
    group: str  # the heading in --help
    help: str
    short: str | None = None  # such as "-h"

    # What it takes, as argparse's `add_argument` has it; without type, choices and metavar it is
    # a switch, and with nargs="+" it may come again and again.
    nargs: str | None = None
    const: Any = None
    default: Any = None  # None: the part's, where the help names it
    type: Callable[[str], Any] | None = None
    choices: Sequence[str] | None = None
    metavar: str | None = None

    # What it is for.
    part: Any = None  # the dataclass of the plan that it fills: Plan, Display, ...
    field: str = ""  # of the part, where it is not called as the flag
    read: Callable[[str, Any], Any] | None = None  # (flag, what was given) -> the field's value
    of_maps: bool = False  # goes with methods; views give no maps
    of_page: bool = False  # goes with --web; what the others say is chosen on the page
    goes_with: tuple[str, ...] = ()  # flags, one of which it needs
    because: str = ""  # the end of the error where there is none of them

    @property
    def is_switch(self) -> bool:
        return self.type is None and self.choices is None and self.metavar is None

    @property
    def has_names(self) -> bool:
        """Whether it takes names between commas, which have no blanks; names of classes may."""
        return self.metavar in ("NAME[,NAME]", "X[,X]")

    @property
    def absent(self) -> Any:
        """What the arguments hold where the flag is not written."""
        if self.is_switch:
            return False
        if self.default is None and "%(default)s" in self.help:
            return getattr(self.part, self.field or self.name)
        return self.default

    def add_to(self, group: argparse._ActionsContainer) -> None:
        """Lets a group of argparse's parser know the flag."""
        settings = {name: getattr(self, name) for name in OF_ARGPARSE}
        settings["metavar"] = self.metavar or METAVARS.get(self.type)
        settings = {name: value for name, value in settings.items() if value is not None}
        if self.is_switch:
            settings["action"] = "store_true"
        elif self.nargs == "+":
            settings["action"] = "extend"
        names = [*filter(None, [self.short]), f"--{self.name}"]
        group.add_argument(*names, default=self.absent, **settings)

    def is_given(self, arguments: argparse.Namespace) -> bool:
        """Whether the command has it, with another value than the default."""
        return getattr(arguments, self.name) != self.absent
