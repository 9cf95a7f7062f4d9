"""Any image file -> RGB; any array of pixels -> the size that a classifier takes."""

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps

from runtime import as_path

MAX_PIXELS = 120_000_000  # 360 MB as RGB; beyond it a file is taken for a decompression bomb
WHITE = (255, 255, 255, 255)
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")  # others may run other programs


class ImageError(ValueError):
    """A file that cannot be read as an image; its message is one line and names the file."""


def read_image(
    path: str | Path, content: bytes | None = None, most: int = MAX_PIXELS
) -> np.ndarray:
    """(H, W, 3) uint8 RGB of an image file, upright as its EXIF orientation says.

    `content` is the file's, where it was read before; `most` are the pixels that it may have.

    Grey, palette, CMYK and 16-bit images become RGB; transparent ones lie on white; of an
    animation it is the first frame. Raises ImageError for a broken, truncated, empty or
    absurdly large file.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # Pillow's about size and EXIF: the size is checked here
            content = as_path(path).read_bytes() if content is None else content
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                pixels = image.width * image.height
                if pixels > most:
                    raise ImageError(
                        f"image '{path}' is absurdly large: {image.width} x {image.height} "
                        f"pixels; at most {most // 10**6} million are read"
                    )
                return _rgb(ImageOps.exif_transpose(image))
    except ImageError:
        raise
    except FileNotFoundError:
        raise ImageError(f"image '{path}': no such file") from None
    except Exception as error:  # Pillow raises many kinds for broken files
        if content == b"":
            raise ImageError(f"image '{path}' is empty (0 bytes)") from None
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        if isinstance(error, Image.DecompressionBombError):
            reason = f"it is absurdly large; at most {MAX_PIXELS // 10**6} million pixels are read"
        if isinstance(error, Image.UnidentifiedImageError):
            reason = "not an image format that is known (JPEG, PNG, WebP, BMP, TIFF, GIF)"
        raise ImageError(f"image '{path}' cannot be read: {reason}") from error


def image_size(path: str | Path) -> tuple[int, int]:
    """(height, width) of an image file, upright, from its head alone. Raises ImageError."""
    try:
        with as_path(path).open("rb") as file, Image.open(file, formats=FORMATS) as image:
            turned = image.getexif().get(ExifTags.Base.Orientation, 1) >= 5
            return (image.width, image.height) if turned else (image.height, image.width)
    except Exception as error:  # Pillow raises many kinds for broken files
        raise ImageError(f"image '{path}' cannot be read") from error


def _rgb(image: Image.Image) -> np.ndarray:
    if image.mode == "F":
        raise ValueError("it has floating-point pixels; save it with 8 or 16 bits")
    if image.mode.startswith("I"):  # 16 bits, some as 32
        grey = np.asarray(image).astype(np.int64)
        if grey.min() < 0 or grey.max() > 65535:
            raise ValueError(f"its pixels go from {grey.min()} to {grey.max()}, not 0 to 65535")
        return np.repeat((grey // 257).astype(np.uint8)[..., np.newaxis], 3, axis=-1)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, WHITE), image)
    return np.asarray(image.convert("RGB"))


def resized_clip(frames: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(T, H, W, 3) in [0, 255] -> (T, *size, 3) float32, each frame by itself."""
    return np.stack([resized(frame, size) for frame in frames])


def resized(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) in [0, 255] -> (*size, 3) float32: the whole image, bicubic, antialiased.

    The same array where it has that size already; values stay in [0, 255].
    """
    if image.shape[:2] == tuple(size):
        return np.asarray(image, np.float32)
    width_height = (size[1], size[0])
    if image.dtype == np.uint8:
        image = Image.fromarray(image).resize(width_height, Image.Resampling.BICUBIC)
        return np.asarray(image, np.float32)
    channels = [
        Image.fromarray(np.asarray(channel, np.float32)).resize(
            width_height, Image.Resampling.BICUBIC
        )
        for channel in np.moveaxis(image, -1, 0)
    ]
    return np.clip(np.stack([np.asarray(channel) for channel in channels], axis=-1), 0, 255)
