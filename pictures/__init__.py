"""Pictures in: finding their files, reading them as RGB, bringing them to a size."""

from pictures.ahead import read_ahead
from pictures.clips import Clip, find_clips, read_clip
from pictures.finding import SUFFIXES, find_pictures
from pictures.reading import PictureError, picture_size, read_picture, resized, resized_clip

__all__ = [
    "SUFFIXES",
    "Clip",
    "PictureError",
    "find_clips",
    "find_pictures",
    "picture_size",
    "read_ahead",
    "read_clip",
    "read_picture",
    "resized",
    "resized_clip",
]
