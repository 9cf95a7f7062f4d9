"""What a visitor may ask for: one visitor's time and memory are every visitor's."""

from collections.abc import Mapping
from typing import Any

from registry import Call, Entry, Option

MOST_BYTES, MOST_PIXELS = 20_000_000, 40_000_000  # of an image, or of a frame
MOST_FRAMES, MOST_CLIP_PIXELS = 3000, 1_000_000_000  # of a clip, the pixels of all of its frames
MOST_VIEW_PIXELS = 60_000_000  # of a view's maps at the size of the image
MOST_UPLOADED, MOST_UPLOADS = 60_000_000, 10  # bytes and files of a visitor that wait to be used
MOST_UPLOADED_BY_ALL = 1_000_000_000  # bytes
UPLOAD_SECONDS = 300  # that a file waits
MOST_WAITING = 2  # requests of a visitor in the queue
MOST_CONNECTIONS, MOST_CONNECTIONS_BY_ALL = 100, 800  # of a visitor; a process has 1024 files
MOST_GUESSES, MOST_GUESSERS = 5, 10_000  # wrong passwords of a visitor in a minute; visitors
MOST_SESSIONS, MOST_UNREAD = 8, 8  # of a visitor, and answers of a session that nobody has read
MOST_VISITORS = 1000  # whose sessions are known
MOST_MAPS = 12  # of one request
MOST_BOXES = 20  # detections of an image that are listed
LONGEST_TARGET, LONGEST_TEXT = 1000, 2000  # letters
LONGEST_LIST, LARGEST_NUMBER = 100, 2**53  # values; the largest whole number of a browser
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
        if option.kind is int and not least(option) <= value <= limit(option):
            bounds = f"{least(option)} to {limit(option)}"
            raise ValueError(f"{name} goes from {bounds} here, got {value}")
        given[name] = value
    return Call(entry, given)


def least(option: Option) -> int:
    """How small a visitor may make a whole number: -1 may stand for the last, or for none."""
    return min(0, option.default)


def limit(option: Option) -> int:
    """How large a visitor may make a whole number."""
    return max(LEAST_LIMIT, TIMES_DEFAULT * option.default)
