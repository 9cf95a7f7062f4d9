"""Images in: finding their files, reading them as RGB, bringing them to a size."""

from images.clips import Clip, find_clips, read_clip
from images.finding import SUFFIXES, find_images
from images.reading import ImageError, image_size, read_image, resized, resized_clip

__all__ = [
    "SUFFIXES",
    "Clip",
    "ImageError",
    "find_clips",
    "find_images",
    "image_size",
    "read_clip",
    "read_image",
    "resized",
    "resized_clip",
]
