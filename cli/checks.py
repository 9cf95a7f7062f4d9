"""Which flags go together: each check raises ValueError, in one line."""

from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from cli.flag import Flag
from cli.flags import FLAGS
from cli.values import split_names
from evaluation import METRICS
from figures import ANIMATION
from methods import METHODS
from pipeline.plan import DEFAULT_METHOD, Display
from registry import Call
from views import VIEWS


def check_flags(arguments: Namespace) -> None:
    """Raises for a flag without the one that it needs, and for two that name the same thing."""
    given = {flag.name for flag in FLAGS if flag.is_given(arguments)}
    for flag in FLAGS:
        _check_value(flag, getattr(arguments, flag.name))
    for flag in FLAGS:
        if flag.goes_with and flag.name in given and not given.intersection(flag.goes_with):
            needed = " or ".join(f"--{name}" for name in flag.goes_with)
            because = f"; {flag.because}" if flag.because else ""
            raise ValueError(f"--{flag.name} goes with {needed}{because}")
    if {"target", "test_image_index"} <= given:
        raise ValueError("--target and --test_image_index both name the class; give one")
    if "target_box" in given and given.intersection(("target", "test_image_index")):
        raise ValueError("--target_box says what is explained; a class goes without it")
    if "target_box" in given and given.intersection(("augment", "mask_salient", "keep_salient")):
        raise ValueError("--augment and the like are for classes, not for --target_box")


def _check_value(flag: Flag, value: Any) -> None:
    """Raises for a value that is empty, and for blanks where commas are meant."""
    texts = value if isinstance(value, list) else [value]
    if flag.nargs != "?" and any(isinstance(text, str) and not text.strip() for text in texts):
        raise ValueError(f"--{flag.name} is empty; it takes {flag.metavar}")
    if not flag.has_names or value is None:
        return
    for part in split_names(value):
        if len(part.split()) > 1:
            names = ",".join(value.replace(",", " ").split())
            raise ValueError(
                f"--{flag.name}: '{part}' has a blank; several go with commas: {names}"
            )


def check_page(arguments: Namespace) -> None:
    """Raises for a flag that the page has no use for."""
    for flag in FLAGS:
        if flag.is_given(arguments) and not flag.of_page:
            raise ValueError(f"--{flag.name} does not go with --web")


def check_views(arguments: Namespace, methods: Sequence[Call], views: Sequence[Call]) -> None:
    """Raises for what is done with maps where there are only views, which give none."""
    if methods:
        return
    for flag in FLAGS:
        if flag.of_maps and flag.is_given(arguments):
            raise ValueError(
                f"--{flag.name} goes with methods, and {views[0].name} gives no map but an image; "
                f"add a method, such as {DEFAULT_METHOD}, to --explanation_method"
            )


def check_display(
    display: Display, methods: Sequence[Call], views: Sequence[Call], metrics: Sequence[Call]
) -> None:
    """Raises for a way to show what is explained that does not go with it."""
    is_bare = display.kind == "bare"
    if is_bare and (display.show or display.format not in (Display.format, ANIMATION)):
        raise ValueError("--display_type bare writes PNGs; --show and --format are for figures")
    ascending = [name for name, view in VIEWS.items() if view.ascends]
    still = [call.name for call in (*methods, *views) if call.name not in ascending]
    if display.format == ANIMATION and still:
        raise ValueError(
            f"--format {ANIMATION} goes with {', '.join(ascending)}, not with {still[0]}"
        )
    for name in display.representations or ():
        _check_representation(name, methods, metrics)


def _check_representation(name: str, methods: Sequence[Call], metrics: Sequence[Call]) -> None:
    """Raises for a representation that only other methods or metrics have."""
    needed = [metric for metric, row in METRICS.items() if name in row.draws]
    if needed and not {call.name for call in metrics}.intersection(needed):
        raise ValueError(f"--representation {name} goes with --metrics {' or '.join(needed)}")
    drawing = [method for method, row in METHODS.items() if name in row.draws]
    for call in methods:
        if drawing and call.name not in drawing:
            raise ValueError(
                f"--representation {name} goes with {', '.join(drawing)}, not with {call.name}"
            )
