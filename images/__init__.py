"""Images in: finding their files, reading them as RGB, bringing them to a size."""

from images.clips import Clip, find_clips, read_clip
from images.finding import Found, find_images, search_images
from images.formats import SUFFIXES
from images.reading import (
    ImageError,
    LoadedImage,
    image_size,
    load_image,
    read_image,
    resized,
    resized_clip,
)

__all__ = [
    "SUFFIXES",
    "Clip",
    "Found",
    "ImageError",
    "LoadedImage",
    "find_clips",
    "find_images",
    "image_size",
    "load_image",
    "read_clip",
    "read_image",
    "resized",
    "resized_clip",
    "search_images",
]
