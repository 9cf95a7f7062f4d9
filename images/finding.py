"""Which image files the user means."""

from collections.abc import Iterable
from pathlib import Path

from runtime import as_path

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"}

VIDEOS = {".mp4", ".avi", ".mov", ".mkv", ".webm", ".gif"}  # clips, for classifiers that take them


def find_images(paths: Iterable[str | Path]) -> list[Path]:
    """The image files that `paths` stand for, in their order, each once.

    A path is an image, a folder (its images by name; if it has none, those in its sub-folders;
    if there are none either, its videos)
    or a `.txt` file with an image or folder a line, relative to that file. Raises
    FileNotFoundError for a path that is not there, ValueError for a folder or list without any.
    """
    found = [file for path in paths for file in _images_of(as_path(path))]
    return list(dict.fromkeys(found))


def _images_of(path: Path) -> list[Path]:
    if path.is_dir():
        images = _among(path.iterdir()) or _among(path.rglob("*"))
        images = images or sorted(f for f in path.rglob("*") if f.suffix.lower() in VIDEOS)
        if not images:
            raise ValueError(f"no images in folder '{path}' ({', '.join(sorted(SUFFIXES))})")
        return images
    if not path.is_file():
        raise FileNotFoundError(f"image '{path}': no such file or folder")
    if path.suffix.lower() != ".txt":
        return [path]
    files = (_images_of(entry) if entry.is_dir() else [entry] for entry in listed(path))
    return [file for some in files for file in some]


def listed(path: Path) -> list[Path]:
    """The paths that a `.txt` list holds, relative ones beside it. Raises ValueError for none."""
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except UnicodeDecodeError as error:
        raise ValueError(f"list '{path}' is not UTF-8 text: {error}") from error
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines:
        raise ValueError(f"no images in list '{path}'")
    return [as_path(line) if "://" in line else path.parent / line for line in lines]


def _among(paths: Iterable[Path]) -> list[Path]:
    return sorted(p for p in paths if p.suffix.lower() in SUFFIXES and not p.name.startswith("."))
