"""Pictures in: finding their files, reading them as RGB, bringing them to a size."""

from pictures.finding import find_pictures
from pictures.reading import PictureError, read_picture, resized

__all__ = ["PictureError", "find_pictures", "read_picture", "resized"]
