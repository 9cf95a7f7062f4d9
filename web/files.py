"""Files that lie within the page: its images, and what a visitor downloads."""

import io
import json
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from pipeline.explaining.record import finite, versions
from pipeline.reporting.html_templates import data_uri

QUALITY = 88  # of a JPEG


class Link(NamedTuple):
    """A file that a visitor can download."""

    file_name: str
    source: str  # the file itself, as a data URI
    text: str


def image_uri(image: np.ndarray) -> str:
    """An image (H, W, 3) as a JPEG, to be looked at."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "jpeg", quality=QUALITY)
    return data_uri(file.getvalue(), "image/jpeg")


def png_uri(image: np.ndarray) -> str:
    """An image (H, W, 3) as a PNG, to be kept."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "png")
    return data_uri(file.getvalue(), "image/png")


def array_uri(array: np.ndarray) -> str:
    """An array as numpy saves it."""
    file = io.BytesIO()
    np.save(file, array)
    return data_uri(file.getvalue(), "application/octet-stream")


def record_uri(record: dict[str, Any]) -> str:
    """A record as JSON, with the versions of what made it."""
    record = finite({"versions": versions()} | record)
    text = json.dumps(record, indent=2, ensure_ascii=False, default=str)
    return data_uri(text.encode(), "application/json")
