"""Which kinds of files are images here, and which are images that cannot be read."""

from functools import cache
from importlib.util import find_spec

from PIL import features

_SUFFIXES_OF = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".jif"),
    "PNG": (".png",),
    "WEBP": (".webp",),
    "BMP": (".bmp", ".dib"),
    "TIFF": (".tif", ".tiff"),
    "GIF": (".gif",),
}  # formats that Pillow reads by itself; others may run other programs
if features.check("avif"):
    _SUFFIXES_OF["AVIF"] = (".avif", ".avifs")
if find_spec("pillow_heif"):
    _SUFFIXES_OF["HEIF"] = (".heic", ".heif", ".hif")

SUFFIXES = {suffix for suffixes in _SUFFIXES_OF.values() for suffix in suffixes}

VIDEOS = {".mp4", ".avi", ".mov", ".mkv", ".webm", ".gif"}  # clips, for classifiers that take them

UNREAD = {
    *(".heic", ".heif", ".hif", ".avif", ".avifs", ".jxl", ".jp2", ".j2k", ".jpx", ".ico"),
    *(".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".raw", ".psd", ".svg"),
    *(".dcm", ".nii", ".exr", ".hdr", ".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".eps"),
} - SUFFIXES  # images, too, but none that is read


@cache
def readable_formats() -> tuple[str, ...]:
    """Pillow's names of the formats that are read, HEIF among them with `pillow_heif`."""
    if "HEIF" in _SUFFIXES_OF:
        from pillow_heif import register_heif_opener

        register_heif_opener()
    return tuple(_SUFFIXES_OF)
