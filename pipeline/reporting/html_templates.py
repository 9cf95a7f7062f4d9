"""HTML by jinja2, which escapes whatever is put into a template; for the report and the web page.

What is already HTML comes as `markupsafe.Markup`, and as nothing else.
"""

import base64
from functools import cache
from pathlib import Path

import numpy as np

TEMPLATES = Path(__file__).with_name("templates")
LONGEST = 80  # letters of a name
STOPS = 17  # colours of a legend


@cache
def template_environment(*folders: Path):
    """The jinja2 environment of the templates in these folders, and of those here."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # 50 ms, for a page only

    environment = Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"shorten": shorten, "colour_stops": colour_stops}
    return environment


def shorten(text: str, longest: int = LONGEST) -> str:
    """The text, without its middle where it has more letters than `longest`."""
    if len(text) <= longest:
        return text
    return f"{text[: longest // 2]}…{text[-longest // 2 :]}"


def colour_stops(colormap: str) -> str:
    """The colours of a colormap, from its low end to its high one, as a CSS gradient has them."""
    import matplotlib

    colours = matplotlib.colormaps[colormap](np.linspace(0, 1, STOPS), bytes=True)[:, :3]
    return ", ".join(f"rgb({red} {green} {blue})" for red, green, blue in colours.tolist())


def data_uri(content: bytes, mime_type: str) -> str:
    """A file as part of a page."""
    return f"data:{mime_type};base64,{base64.b64encode(content).decode()}"
