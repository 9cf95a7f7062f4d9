"""What a visitor chooses with: the fields of a method's options, and the choices of the others."""

import re
from typing import Any, Literal, get_args, get_origin

import gradio as gr
import matplotlib

from methods import METHODS
from registry import Entry, Option
from representations import REPRESENTATIONS
from web.display import DisplayOptions
from web.limits import MOST_BYTES, least, limit

AS_IT_SUITS = "as it suits"
COLORMAPS = [AS_IT_SUITS, *sorted(name for name in matplotlib.colormaps if name[-2:] != "_r")]
LAST_LAYER = "the last"
METHOD_CHOICES = [(method.title, name) for name, method in METHODS.items()]
PRESET = "preset"
LEAST_WIDTH = 150  # pixels


def summary(entry: Entry) -> str:
    """What a method or view does, without the shapes of its arrays."""
    return re.sub(r"\(N, [^)]*\),? ", "", entry.summary)


def form(entry: Entry) -> dict[str, Any]:
    """A field for each option of a method or view, and one for its presets where it has some."""
    fields = {}
    if entry.presets:
        choices = [("none", ""), *((preset, preset) for preset in entry.presets)]
        fields[PRESET] = gr.Dropdown(choices, value="", label=PRESET, min_width=LEAST_WIDTH)
    return fields | {name: field(option) for name, option in entry.options.items()}


def field(option: Option) -> Any:
    """What a visitor sets an option with, by its type."""
    shared = {"label": option.name, "info": option.help, "value": option.default}
    shared["min_width"] = LEAST_WIDTH
    if get_origin(option.kind) is Literal:
        return gr.Dropdown(list(get_args(option.kind)), **shared)
    if option.kind is bool:
        return gr.Checkbox(**shared)
    if option.kind is int:
        bounds = {"minimum": least(option), "maximum": limit(option)}
        return gr.Number(precision=0, **bounds, **shared)
    return gr.Number(**shared) if option.kind is float else gr.Textbox(**shared)


def representation_choices(method: str, of_clips: bool = False) -> list[str]:
    """What a method's maps can be shown as, those of images or of clips."""
    if of_clips:
        return [name for name, drawn in REPRESENTATIONS.items() if drawn.of_clips]
    of_all = [name for name, drawn in REPRESENTATIONS.items() if drawn.of_all]
    return [*of_all, *METHODS[method].draws]


def hint(of_clips: bool) -> str:
    """What a visitor can choose to have explained."""
    size = MOST_BYTES // 10**6
    if of_clips:
        return f"A GIF or a video (MP4, WebM, AVI) of up to {size} MB."
    return f"An image of up to {size} MB, or one of these:"


def display_options(representation: str, colormap: str, alpha: float) -> DisplayOptions:
    """How the visitor wants maps to be drawn."""
    return DisplayOptions(representation, None if colormap == AS_IT_SUITS else colormap, alpha)
