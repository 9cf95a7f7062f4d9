"""Any clip -> RGB frames: a video file, an animated GIF, or a folder of frames."""

import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from images.finding import listed
from images.formats import SUFFIXES, VIDEOS
from images.reading import ImageError, read_image
from runtime import as_path, check_regular, is_local

MOST_BYTES = 2**36  # of a video, which is read a frame at a time
FOLDER_RATE = 10.0  # frames a second, where a folder of frames does not tell


class Clip(NamedTuple):
    """Some frames of a clip, evenly spaced."""

    frames: np.ndarray  # (T, H, W, 3) uint8 RGB
    numbers: list[int]  # which of the clip's frames they are, from 0
    seconds: float  # that the whole clip takes


def find_clips(paths: Iterable[str | Path]) -> list[Path]:
    """The clips that `paths` stand for, in their order, each once.

    A path is a video, a GIF, or a folder: of frames, which are one clip by their names; else of
    videos, GIFs and folders of frames. Raises FileNotFoundError for a path that is not there,
    ValueError for a folder without any clip.
    """
    return list(dict.fromkeys(clip for path in paths for clip in _clips_of(as_path(path))))


def _clips_of(path: Path) -> list[Path]:
    if not path.is_dir():
        if not path.exists():
            raise FileNotFoundError(f"clip '{path}': no such file or folder")
        if path.suffix.lower() == ".txt":
            return [clip for one in listed(path) for clip in _clips_of(one)]
        return [path]
    if frame_files(path):
        if videos := [e.name for e in path.iterdir() if e.suffix.lower() in VIDEOS]:
            raise ValueError(
                f"folder '{path}' has images and clips in it ({videos[0]}): is it one clip of "
                "frames, or several? Name the clips themselves"
            )
        return [path]
    inside = sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
    clips = [e for e in inside if e.suffix.lower() in VIDEOS or (e.is_dir() and frame_files(e))]
    if not clips:
        expected = ", ".join(sorted(VIDEOS))
        raise ValueError(f"no clips in folder '{path}' ({expected}, or folders of frames)")
    return clips


def frame_files(folder: Path) -> list[Path]:
    """The images of a folder by their names and numbers, of which GIFs are none."""
    kinds = SUFFIXES - VIDEOS
    found = [f for f in folder.iterdir() if f.suffix.lower() in kinds]
    return sorted((f for f in found if not f.name.startswith(".")), key=_as_people_count)


def _as_people_count(file: Path) -> list:
    """By which frame2 comes before frame10."""
    parts = re.split(r"(\d+)", file.name)
    return [int(part) if part.isdigit() else part for part in parts]


def read_clip(path: Path, count: int) -> Clip:
    """`count` frames of a clip, one from the middle of each of as many equal parts.

    A clip of fewer frames has some of them twice. Raises ImageError where it cannot be read.
    """
    try:
        folder = path.is_dir()
        if not folder:
            check_regular(path, MOST_BYTES)
    except OSError as error:
        raise ImageError(f"clip '{path}' cannot be read: {error.strerror or error}") from error
    if folder:
        files = frame_files(path)
        numbers = sampled(len(files), count)
        frames = {number: read_image(files[number]) for number in dict.fromkeys(numbers)}
        seconds = len(files) / FOLDER_RATE
    elif path.suffix.lower() in SUFFIXES - VIDEOS:
        raise ImageError(f"clip '{path}' is one image; expected a video, GIF, or folder of frames")
    elif path.suffix.lower() == ".gif":
        frames, numbers, seconds = _read_gif(path, count)
    else:
        frames, numbers, seconds = _read_video(path, count)
    shapes = {frame.shape for frame in frames.values()}
    if len(shapes) != 1:
        raise ImageError(f"clip '{path}' has frames of different sizes: {sorted(shapes)}")
    return Clip(np.stack([frames[number] for number in numbers]), numbers, seconds)


def frame_sizes(path: Path) -> Iterator[tuple[int, int]]:
    """(height, width) of each frame of a GIF or video in turn, so that one can stop in time.

    Raises ImageError where it cannot be read.
    """
    if path.suffix.lower() != ".gif":
        for video in _grabbed(path):
            sides = (cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FRAME_WIDTH)
            yield tuple(int(video.get(side)) for side in sides)
        return
    try:
        with path.open("rb") as file, Image.open(file, formats=["GIF"]) as image:
            for number in itertools.count():
                image.seek(number)
                yield image.height, image.width
    except EOFError:
        return
    except Exception as error:  # Pillow raises many kinds for broken files
        raise ImageError(f"clip '{path}' cannot be read: {_gif_reason(error)}") from error


def _gif_reason(error: Exception) -> str:
    """Why a GIF cannot be read, in words."""
    return "it is no GIF" if isinstance(error, UnidentifiedImageError) else str(error)


def sampled(total: int, count: int) -> list[int]:
    """Which of `total` frames are taken: the middle ones of `count` equal parts."""
    return [(2 * number + 1) * total // (2 * count) for number in range(count)]


def _read_gif(path: Path, count: int) -> tuple[dict[int, np.ndarray], list[int], float]:
    try:
        with path.open("rb") as file, Image.open(file, formats=["GIF"]) as image:
            total = getattr(image, "n_frames", 1)
            numbers, frames, milliseconds = sampled(total, count), {}, 0.0
            for number in range(total):
                image.seek(number)
                milliseconds += image.info.get("duration", 0) or 1000 / FOLDER_RATE
                if number in numbers:
                    frames[number] = np.asarray(image.convert("RGB"))
    except Exception as error:  # Pillow raises many kinds for broken files
        raise ImageError(f"clip '{path}' cannot be read: {_gif_reason(error)}") from error
    return frames, numbers, milliseconds / 1000


def _read_video(path: Path, count: int) -> tuple[dict[int, np.ndarray], list[int], float]:
    """Decoded twice: what a file says of its number of frames is often wrong."""
    if not is_local(path):
        raise ImageError(f"clip '{path}': videos are read from this machine's files only")
    total, rate = sum(1 for _ in _grabbed(path)), _rate(path)
    if total == 0:
        raise ImageError(f"clip '{path}' cannot be read: OpenCV finds no frames in it")
    numbers, frames = sampled(total, count), {}
    for number, video in enumerate(_grabbed(path)):
        if number in numbers:
            _, frame = video.retrieve()
            frames[number] = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
    return frames, numbers, total / rate


def _grabbed(path: Path) -> Iterator[cv2.VideoCapture]:
    """The video at each of its frames in turn, which can be retrieved from it."""
    video = cv2.VideoCapture(str(path))
    try:
        while video.grab():
            yield video
    finally:
        video.release()


def _rate(path: Path) -> float:
    video = cv2.VideoCapture(str(path))
    rate = video.get(cv2.CAP_PROP_FPS)
    video.release()
    return rate if 0 < rate < 1000 else FOLDER_RATE
