"""What a row of a table of functions is, and how its name and options are written.

Options are keyword-only parameters `Annotated[type, "help"]` with a default: the command line, the
README and the record all read the signature.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeVar, get_args, get_origin

import numpy as np

from registry.suggest import suggest


class Option(NamedTuple):
    """One keyword-only parameter."""

    name: str
    kind: Any  # int, float, str, bool or a Literal
    help: str
    default: Any

    @property
    def choices(self) -> str:
        """ " (sum, channels)" where only some values will do, else nothing."""
        return f" ({', '.join(get_args(self.kind))})" if get_origin(self.kind) is Literal else ""

    def parse(self, text: str) -> Any:
        """The value that `text` stands for. Raises ValueError saying what would do."""
        if get_origin(self.kind) is Literal:
            if text not in get_args(self.kind):
                choices = ", ".join(get_args(self.kind))
                raise ValueError(f"{self.name}={text}: expected one of {choices}")
            return text
        if self.kind is bool:
            if text.lower() not in ("true", "false"):
                raise ValueError(f"{self.name}={text}: expected true or false")
            return text.lower() == "true"
        try:
            value = self.kind(text)
            if isinstance(value, float) and not np.isfinite(value):
                raise ValueError
        except ValueError:
            raise ValueError(f"{self.name}={text}: expected {_kind_words(self.kind)}") from None
        return value


@dataclass(frozen=True)
class Entry:
    """A row of a table, around its function."""

    function: Callable[..., np.ndarray]
    title: str  # how figures call it
    spelling: str = field(default="", kw_only=True)  # its name, where Python has none: GRADCAM++
    presets: dict[str, dict[str, Any]] = field(default_factory=dict, kw_only=True)

    def with_preset(self, options: dict[str, Any]) -> dict[str, Any]:
        """The options, `preset` replaced by those that it stands for; what is given wins.

        Raises ValueError with the nearest name of a preset.
        """
        options = dict(options)
        if "preset" not in options:
            return options
        preset = options.pop("preset")
        if preset not in self.presets:
            known = ", ".join(self.presets) or "none"
            raise ValueError(
                f"{self.name}: no preset '{preset}'{suggest(preset, self.presets)} (it has {known})"
            )
        return self.presets[preset] | options

    def all_options(self, given: dict[str, Any]) -> dict[str, Any]:
        """Every option's value, defaults and presets included."""
        defaults = {name: option.default for name, option in self.options.items()}
        return defaults | self.with_preset(given)

    def titled(self, given: dict[str, Any]) -> str:
        """The title, with the options that were asked for."""
        options = ", ".join(f"{name}={value}" for name, value in given.items())
        return self.title + (f" ({options})" if options else "")

    def describe(self, given: dict[str, Any]) -> str:
        """The same with every option's value, for a caption: "" where there are no options."""
        told = ", ".join(f"{name}={value}" for name, value in self.all_options(given).items())
        return f"{self.titled(given)}: {told}." if told else ""

    @property
    def name(self) -> str:
        return self.spelling or self.function.__name__.upper()

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return inspect.getdoc(self.function).splitlines()[0]

    @property
    def options(self) -> dict[str, Option]:
        parameters = inspect.signature(self.function).parameters.values()
        return {
            parameter.name: Option(
                parameter.name,
                parameter.annotation.__origin__,
                parameter.annotation.__metadata__[0],
                parameter.default,
            )
            for parameter in parameters
            if parameter.kind is parameter.KEYWORD_ONLY
        }


@dataclass(frozen=True)
class Call:
    """A row's name with the options that were asked for, as in `GRADCAM:relu=channels`."""

    name: str
    given: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return ":".join([self.name, *(f"{name}={value}" for name, value in self.given.items())])


AnyCall = TypeVar("AnyCall", bound=Call)


def parse_call(text: str, table: dict[str, Entry], call: type[AnyCall]) -> AnyCall:
    """The call that `NAME:option=value:option=value` stands for, the name in any case.

    Raises ValueError with the nearest name.
    """
    name, *settings = text.strip().split(":")
    if name.upper() not in table:
        kind = type(next(iter(table.values()))).__name__.lower()
        raise ValueError(f"no {kind} '{name}'{suggest(name, table)} (there are {', '.join(table)})")
    row = table[name.upper()]
    options = row.options
    given = {}
    for setting in settings:
        option, equals, value = setting.partition("=")
        if option == "preset" and equals:
            given["preset"] = value
            row.with_preset(given)  # says so where there is no such preset
            continue
        if not equals or option not in options:
            known = ", ".join(options) or "none"
            raise ValueError(
                f"{name.upper()} has no option '{setting}'{suggest(option, options)} "
                f"(it has {known})"
            )
        try:
            given[option] = options[option].parse(value)
        except ValueError as error:
            raise ValueError(f"{name.upper()}: {error}") from None
    return call(name.upper(), given)


def _kind_words(kind) -> str:
    return {int: "a whole number", float: "a number"}.get(kind, kind.__name__)
