"""A link to what is set on the page: the fields by their names, those that are not as usual."""

import math
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

import gradio as gr

from pipeline.reporting.html_templates import shorten
from registry import suggest
from web.html import render
from web.limits import LARGEST_NUMBER, LONGEST_LIST, LONGEST_TEXT
from web.page_parts import PageParts

IMAGE, CLASS, CLASSES = "image", "class", "classes"  # settings whose usual values go with the image
CHECKED_LATER = ("layer", "representation", CLASS, CLASSES)  # whose choices go with a classifier
OF_GRADIO = "__"  # how the names of Gradio's own settings begin


def link_fields(parts: PageParts) -> dict[str, Any]:
    """The parts of the page whose values a link carries, by their names there.

    Of an image of the visitor's own it carries that there was one, and nothing else of it.
    """
    experiments, views = parts.experiments, parts.views
    options = parts.options | views.options
    return {
        IMAGE: parts.sample,
        "classifier": parts.classifier,
        "method": parts.method,
        "layer": parts.layer,
        CLASS: parts.target,
        "box": parts.box,
        "representation": parts.representation,
        "colormap": parts.colormap,
        "alpha": parts.alpha,
        "methods": parts.compared,
        CLASSES: parts.targets,
        "augmentations": experiments.augmentations,
        "masking": experiments.ways,
        "share": experiments.share,
        "fill": experiments.fill,
        "shape": experiments.shape,
        "view": views.view,
        **{f"{owner}.{option}": field for (owner, option), field in options.items()},
    }


def link_script(fields: Mapping[str, Any]) -> str:
    """JavaScript: from what goes with the image, and all fields' values, to the link."""
    return render("link.js", usual=[(name, _usual(field)) for name, field in fields.items()])


def _usual(field: Any) -> Any:
    """A field's value as the browser has it where nothing was chosen."""
    if field.value is not None:
        return field.value
    return [] if _has_many(field) else None


def is_link(query: str) -> bool:
    """Whether an address carries settings of the page."""
    return any(not name.startswith(OF_GRADIO) for name in _texts(query))


def read_link(query: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that an address carries, each as its field has it.

    Raises ValueError for any that the page would not make. What goes with a classifier or an image
    is for those to check who know these.
    """
    if len(query) >= LONGEST_TEXT:
        raise ValueError(f"this link is longer than {LONGEST_TEXT} letters")
    settings = {}
    for name, texts in _texts(query).items():
        if name.startswith(OF_GRADIO):
            continue
        field = fields[one_of("setting", name, fields)]
        read = _values if _has_many(field) else _value
        settings[name] = read(name, field, texts)
    return settings


def one_of(kind: str, name: str, known: Sequence[str] | Mapping[str, Any]) -> str:
    """The name. Raises ValueError, with the nearest one, where it is not known."""
    if name not in known:
        raise ValueError(f"no {kind} '{shorten(name)}'{suggest(name, list(known))}")
    return name


def _texts(query: str) -> dict[str, list[str]]:
    return parse_qs(query.removeprefix("?"), keep_blank_values=True)


def _has_many(field: Any) -> bool:
    return isinstance(field, gr.CheckboxGroup) or getattr(field, "multiselect", False)


def _values(name: str, field: Any, texts: list[str]) -> list[str]:
    """The values of a list, which may be empty. Raises ValueError."""
    values = [text for text in texts if text]
    if len(values) > LONGEST_LIST:
        raise ValueError(f"{name}: more than {LONGEST_LIST} are given")
    known = [value for _, value in field.choices]
    return [value if name in CHECKED_LATER else one_of(name, value, known) for value in values]


def _value(name: str, field: Any, texts: list[str]) -> Any:
    """One value, by the kind of its field. Raises ValueError."""
    if len(texts) > 1:
        raise ValueError(f"{name}: one value is expected, got {len(texts)}")
    (text,) = texts
    if isinstance(field, gr.Checkbox):
        return one_of(name, text, ("true", "false")) == "true"
    if isinstance(field, gr.Number | gr.Slider):
        return _number(name, field, text)
    if isinstance(field, gr.Dropdown) and name not in CHECKED_LATER:
        return one_of(name, text, [value for _, value in field.choices])
    return text


def _number(name: str, field: Any, text: str) -> float:
    """A number within the field's bounds. Raises ValueError."""
    whole = getattr(field, "precision", None) == 0
    try:
        number = int(text) if whole else float(text)
    except ValueError:
        number = math.nan
    least = -LARGEST_NUMBER if field.minimum is None else field.minimum
    most = LARGEST_NUMBER if field.maximum is None else field.maximum
    if not least <= number <= most:
        kind = "a whole number" if whole else "a number"
        bounds = "" if field.minimum is None else f" from {least} to {most}"
        raise ValueError(f"{name}: expected {kind}{bounds}, got '{shorten(text)}'")
    return number
