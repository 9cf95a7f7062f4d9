"""What a visitor's request may hold: as many plain values as the page sends, and no files."""

import math
import re
from collections.abc import Mapping
from typing import Any

import gradio as gr

from web.limits import LARGEST_NUMBER, LONGEST_LIST, LONGEST_TEXT

RELOAD = "the page does not ask for this; reload it"


def check_request(fns: Mapping[int, Any], body: Any) -> None:
    """Leaves of a request to the queue, Gradio's `body`, what the page sends to its actions `fns`.

    Gradio fetches each "file" of a request that is an address of the web, and opens each that is a
    path: the page sends the token of an upload, which is a text, and so no object comes through.
    Raises ValueError in one line.
    """
    fn = fns.get(body.fn_index)
    if fn is None or fn.fn is None or len(body.data) != len(fn.inputs):
        raise ValueError(RELOAD)
    if not re.fullmatch(r"\w{1,64}", body.session_hash or ""):
        raise ValueError(RELOAD)
    if not all(map(_takes, fn.inputs, body.data)):
        raise ValueError(RELOAD)
    body.event_data = _selected(body.event_data) if fn.collects_event_data else None
    body.trigger_id, body.batched, body.simple_format = None, False, False


def _selected(event: Any) -> dict[str, Any]:
    """The number of what was selected, and nothing else. Raises ValueError."""
    index = event.get("index") if isinstance(event, dict) else None
    if not isinstance(index, int):
        raise ValueError(RELOAD)
    return {"index": index, "value": None}


def _takes(part: Any, value: Any) -> bool:
    """Whether a part of the page could have such a value; its own check is for which of them."""
    if isinstance(part, gr.CheckboxGroup) or getattr(part, "multiselect", False):
        values = [] if value is None else value
        is_list = isinstance(values, list) and len(values) <= LONGEST_LIST
        return is_list and all(map(_is_plain, values))
    if isinstance(part, gr.Dropdown) and not part.allow_custom_value and value is None:
        return False
    return _is_plain(value)


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST_TEXT
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or (isinstance(value, int) and abs(value) <= LARGEST_NUMBER)
