"""Rows of a table of functions, and calls of them: how names and options are written.

Options are keyword-only parameters `Annotated[type, "help"]` with a default: the command line, the
page, the record and the tests of docs/ all read the signature.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args, get_origin

import numpy as np

from registry.bounds import Bounds
from registry.suggest import suggest


class Option(NamedTuple):
    """One keyword-only parameter."""

    name: str
    kind: Any  # int, float, str, bool or a Literal
    help: str
    default: Any
    bounds: Bounds | None = None

    @property
    def choices(self) -> str:
        """ " (sum, channels)" where only some values will do, else nothing."""
        return f" ({', '.join(get_args(self.kind))})" if get_origin(self.kind) is Literal else ""

    @property
    def range(self) -> str:
        """ " (at least 1)" where numbers have a range, else nothing."""
        return f" ({self.bounds})" if self.bounds else ""

    def check(self, value: Any) -> None:
        """Raises ValueError for a number that is out of range."""
        if self.bounds and value not in self.bounds:
            raise ValueError(f"{self.name} is {self.bounds}, got {self.name}={value}")

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
        self.check(value)
        return value


@dataclass(frozen=True)
class Entry:
    """A row of a table, around its function."""

    function: Callable[..., Any]
    title: str  # what figures call it
    spelling: str = field(default="", kw_only=True)  # its name, where Python has none: GRADCAM++
    presets: dict[str, dict[str, Any]] = field(default_factory=dict, kw_only=True)

    def call(self, **options: Any) -> "Call":
        """This entry with these options, as values; `preset` is one."""
        return Call(self, options)

    def with_preset(self, options: dict[str, Any]) -> dict[str, Any]:
        """The options, `preset` replaced by those that it stands for; what is given wins.

        Raises ValueError with the nearest name of a preset, and for numbers out of range.
        """
        options, known = dict(options), self.options
        for name in options.keys() & known.keys():
            try:
                known[name].check(options[name])
            except ValueError as error:
                raise ValueError(f"{self.name}: {error}") from None
        if "preset" not in options:
            return options
        preset = options.pop("preset")
        if preset not in self.presets:
            known = ", ".join(self.presets) or "none"
            raise ValueError(
                f"{self.name}: no preset '{preset}'{suggest(preset, self.presets)} (it has {known})"
            )
        return self.presets[preset] | options

    def parse_options(self, settings: Iterable[str]) -> dict[str, Any]:
        """The values of settings like `option=value`. Raises ValueError with the nearest option."""
        options, given = self.options, {}
        for setting in settings:
            name, equals, value = setting.partition("=")
            if name == "preset" and equals:
                given["preset"] = value
                self.with_preset(given)  # raises where there is no such preset
            elif equals and name in options:
                try:
                    given[name] = options[name].parse(value)
                except ValueError as error:
                    raise ValueError(f"{self.name}: {error}") from None
            else:
                known = ", ".join(options) or "none"
                raise ValueError(
                    f"{self.name} has no option '{setting}'{suggest(name, options)} (it has "
                    f"{known})"
                )
        return given

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
                next(iter(parameter.annotation.__metadata__[1:]), None),
            )
            for parameter in parameters
            if parameter.kind is parameter.KEYWORD_ONLY
        }


@dataclass(frozen=True)
class Call:
    """An entry with the options that were given, as in `GRADCAM:relu=channels`."""

    entry: Any  # an Entry, or a kind of it
    given: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return ":".join([self.name, *(f"{name}={value}" for name, value in self.given.items())])

    def __hash__(self) -> int:
        return hash(str(self))

    def __call__(self, *arguments: Any) -> Any:
        """What the entry gives for these arguments, with the options."""
        return self.entry(*arguments, **self.given)

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def options(self) -> dict[str, Any]:
        """Every option's value, defaults and presets included."""
        defaults = {name: option.default for name, option in self.entry.options.items()}
        return defaults | self.entry.with_preset(self.given)

    @property
    def title(self) -> str:
        """The entry's title, with the options that were given."""
        options = ", ".join(f"{name}={value}" for name, value in self.given.items())
        return self.entry.title + (f" ({options})" if options else "")

    @property
    def description(self) -> str:
        """The title and every option's value, for a caption; "" where there are no options.

        Options are left out that are not used, or whose value follows from the image.
        """
        options = [f"{name}={value}" for name, value in self.options.items()]
        options = [option for option in options if option not in self._unused]
        return f"{self.title}: {', '.join(options)}." if options else ""

    @property
    def _unused(self) -> set[str]:
        """Defaults that stand for nothing, or for what suits the image."""
        return {
            f"{name}={option.default}"
            for name, option in self.entry.options.items()
            if option.default in ("none", "", 0) and name != "seed"
        }


def parse_call(text: str, table: Mapping[str, Entry]) -> Call:
    """The call that `NAME:option=value:option=value` stands for, the name in any case.

    Raises ValueError with the nearest name.
    """
    name, *settings = text.strip().split(":")
    if name.upper() not in table:
        kind = type(next(iter(table.values()))).__name__.lower()
        near = suggest(name, table) or f" (there are {', '.join(table)})"
        raise ValueError(f"no {kind} '{name}'{near}")
    entry = table[name.upper()]
    return Call(entry, entry.parse_options(settings))


def _kind_words(kind) -> str:
    return {int: "a whole number", float: "a number"}.get(kind, kind.__name__)
