"""What visitors send: bytes that are read within bounds, or refused in a line."""

import numpy as np

from images import ImageError, read_image
from pipeline.explaining.explanation import drawable
from web.limits import MOST_BYTES, MOST_PIXELS


def read_upload(content: bytes) -> np.ndarray:
    """(H, W, 3) uint8: a visitor's image, no larger than figures show. Raises ImageError."""
    if len(content) > MOST_BYTES:
        raise ImageError(f"this file is larger than {MOST_BYTES // 10**6} MB")
    try:
        return drawable(read_image("upload", content, MOST_PIXELS))
    except ImageError as error:
        raise ImageError(str(error).replace("image 'upload'", "this image", 1)) from error
