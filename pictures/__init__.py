"""Pictures in: finding their files, reading them as RGB, bringing them to a size."""

from pictures.ahead import read_ahead
from pictures.finding import SUFFIXES, find_pictures
from pictures.reading import PictureError, picture_size, read_picture, resized

__all__ = [
    "SUFFIXES",
    "PictureError",
    "find_pictures",
    "picture_size",
    "read_ahead",
    "read_picture",
    "resized",
]
