"""Any image file -> RGB; any array of pixels -> the size that a classifier takes."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import ExifTags, Image, ImageOps, TiffImagePlugin

from images.depth import as_bytes, deep_colour, deep_grey, is_deep_colour
from images.formats import readable_formats
from runtime import as_path, check_regular, first_line, read_bytes

MAX_PIXELS = 120_000_000  # 360 MB as RGB; beyond it a file is taken for a decompression bomb
ROWS = 256
WHITE = (255, 255, 255, 255)
WIDTH, HEIGHT, CHANNELS, KIND_OF_NUMBERS = 256, 257, 277, 339  # tags of a TIFF


class ImageError(ValueError):
    """A file that cannot be read as an image; its message is one line and names the file."""


class LoadedImage(NamedTuple):
    """An image, and what is to be said of how it was read."""

    pixels: np.ndarray  # (H, W, 3) uint8 RGB
    caution: str = ""  # one line, or nothing


def read_image(
    path: str | Path, content: bytes | None = None, most: int = MAX_PIXELS
) -> np.ndarray:
    """(H, W, 3) uint8 RGB of an image file, as `load_image` reads it."""
    return load_image(path, content, most).pixels


def load_image(
    path: str | Path, content: bytes | None = None, most: int = MAX_PIXELS
) -> LoadedImage:
    """An image file as RGB, upright as its EXIF orientation says, with a caution if one is due.

    `content` is the file's, where it was read before; `most` are the pixels that it may have.

    Grey, palette, CMYK and 16-bit images become RGB; 12 bits in 16 are read as 12, with a caution;
    transparent images lie on white; of an animation it is the first frame. Raises ImageError for a
    broken, truncated, empty or absurdly large file, and for what is no file.
    """
    with opened_image(path, content, most) as (image, content):
        if image.mode == "F":
            raise ValueError("it has floating-point pixels; save it with 8 or 16 bits")
        is_deep = is_deep_colour(image)  # which is not known any more once it is upright
        image = upright(image)
        if image.mode.startswith("I"):  # 16 bits, some as 32
            return _of_deep(deep_grey(image))
        if is_deep and image.mode in ("RGB", "RGBA"):
            return _of_deep(deep_colour(content, np.asarray(image)))
        return LoadedImage(_on_white(image))


@contextmanager
def opened_image(
    path: str | Path, content: bytes | None = None, most: int = MAX_PIXELS
) -> Iterator[tuple[Image.Image, bytes]]:
    """Inside, an image of at most `most` pixels, not decoded yet, and its file's content.

    What is raised inside, or by what is no image, becomes an ImageError that names the file.
    """
    try:
        with warnings.catch_warnings():
            # Pillow's about size and EXIF: the size is checked here
            warnings.simplefilter("ignore")
            content = read_bytes(path) if content is None else content
            with Image.open(io.BytesIO(content), formats=readable_formats()) as image:
                _check(image, path, most)
                yield image, content
    except ImageError:
        raise
    except FileNotFoundError:
        raise ImageError(f"image '{path}': no such file") from None
    except Exception as error:  # Pillow raises many kinds for broken files
        if content == b"":
            raise ImageError(f"image '{path}' is empty (0 bytes)") from None
        raise ImageError(f"image '{path}' cannot be read: {_reason(error, content)}") from error


def image_size(path: str | Path) -> tuple[int, int]:
    """(height, width) of an image file, upright, from its head alone. Raises ImageError."""
    path = as_path(path)
    try:
        check_regular(path)
        with path.open("rb") as file, Image.open(file, formats=readable_formats()) as image:
            width, height = image.size
            if image.format == "TIFF":  # of which Pillow may have swapped the sides itself
                width, height = image.tag_v2[WIDTH], image.tag_v2[HEIGHT]
            return (width, height) if _orientation(image) >= 5 else (height, width)
    except Exception as error:  # Pillow raises many kinds for broken files
        raise ImageError(f"image '{path}' cannot be read: {_reason(error, None)}") from error


def upright(image: Image.Image) -> Image.Image:
    """The image, decoded and turned as its EXIF orientation says, if it says one of the eight."""
    orientation = _orientation(image)
    image.load()  # which turns a TIFF, and forgets what it said
    return image if orientation == 1 else ImageOps.exif_transpose(image)


def _orientation(image: Image.Image) -> int:
    """Of EXIF, 1 to 8; 1 for what is none, as text, or cannot be read."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # Pillow raises many kinds for broken EXIF, which costs no pixel
        return 1
    return orientation if orientation in range(1, 9) else 1


def _check(image: Image.Image, path: str | Path, most: int) -> None:
    """Raises ImageError for too many pixels, ValueError for channels that are no colours."""
    if image.width * image.height > most:
        raise ImageError(
            f"image '{path}' is absurdly large: {image.width} x {image.height} "
            f"pixels; at most {most // 10**6} million are read"
        )
    channels = image.tag_v2.get(CHANNELS, 1) if image.format == "TIFF" else 1
    if channels > 4 and image.mode != "CMYK":
        raise ValueError(_of_channels(channels))


def _reason(error: Exception, content: bytes | None) -> str:
    """Why an image cannot be read, in one line."""
    if isinstance(error, Image.DecompressionBombError):
        return f"it is absurdly large; at most {MAX_PIXELS // 10**6} million pixels are read"
    if isinstance(error, Image.UnidentifiedImageError):
        known = ", ".join(readable_formats())
        return _reason_of_tiff(content or b"") or f"not an image format that is known ({known})"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return first_line(error)


def _reason_of_tiff(content: bytes) -> str:
    """What a TIFF that Pillow does not know has of channels and numbers; "" for no TIFF."""
    file = io.BytesIO(content)
    try:
        head = file.read(8)
        if head[2:4] in (b"\x2b\x00", b"\x00\x2b"):  # a BigTIFF, whose head is twice as long
            head += file.read(8)
        tags = TiffImagePlugin.ImageFileDirectory_v2(head)
        file.seek(tags.next)
        tags.load(file)
        if 3 in tags.get(KIND_OF_NUMBERS, ()):
            return "it has floating-point pixels; save it with 8 or 16 bits"
        channels = tags.get(CHANNELS, 1)
    except Exception:  # Pillow raises many kinds for what is no TIFF
        return ""
    return _of_channels(channels) if channels not in (1, 3, 4) else ""


def _of_channels(channels: int) -> str:
    return f"it has {channels} channels; save it as grey, RGB or RGBA (1, 3 or 4)"


def _of_deep(deep: np.ndarray) -> LoadedImage:
    """The image of (H, W, 1 to 4) values of 16 bits: grey or RGB, then opacity."""
    pixels, caution = as_bytes(deep)
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[pixels.shape[-1]]
    image = Image.fromarray(pixels[..., 0] if mode == "L" else pixels)
    return LoadedImage(_on_white(image), caution)


def _on_white(image: Image.Image) -> np.ndarray:
    """(H, W, 3) uint8 RGB, what is transparent on white."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, WHITE), image)
    return _pixels(image if image.mode == "RGB" else image.convert("RGB"))  # no second copy


def _pixels(image: Image.Image) -> np.ndarray:
    """(H, W, 3) uint8 of an RGB image, some rows at a time: Pillow would copy all of it twice."""
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    for top in range(0, image.height, ROWS):
        rows = pixels[top : top + ROWS]
        rows[:] = np.asarray(image.crop((0, top, image.width, top + len(rows))))
    return pixels


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
