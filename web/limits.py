"""What a visitor may ask for: one visitor's time and memory are every visitor's."""

from collections.abc import Mapping
from typing import Any

from registry import Call, Entry, Option

MOST_BYTES, MOST_PIXELS = 20_000_000, 40_000_000  # of an image, or of a frame
MOST_FRAMES, MOST_CLIP_PIXELS = 3000, 1_000_000_000  # of a clip, the pixels of all of its frames
MOST_VIEW_PIXELS = 60_000_000  # of a view's maps at the size of the image
MOST_MAPS = 12  # of one request
MOST_BOXES = 20  # detections of an image that are listed
LONGEST_TARGET = 1000  # letters
MOST_CLASSES = 5  # that are offered first
SECONDS = 120  # that a request may take; what is known by then is shown
LEAST_LIMIT, TIMES_DEFAULT = 100, 4  # how large a visitor may make a whole number


def call_of(entry: Entry, values: Mapping[str, Any]) -> Call:
    """The entry with the options that are not their defaults; an empty field stands for these.

    Raises ValueError for a number beyond its limit.
    """
    given = {}
    if preset := values.get("preset"):
        given["preset"] = preset
    for name, option in entry.options.items():
        value = values.get(name)
        if value in (None, "", option.default):
            continue
        value = option.parse(str(value))
        if option.kind is int and not 0 <= value <= limit(option):
            raise ValueError(f"{name} goes from 0 to {limit(option)} here, got {value}")
        given[name] = value
    return Call(entry, given)


def limit(option: Option) -> int:
    """How large a visitor may make a whole number."""
    return max(LEAST_LIMIT, TIMES_DEFAULT * option.default)
