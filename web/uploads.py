"""What visitors send: files that are read within bounds, or refused in a line."""

import threading
from pathlib import Path

import numpy as np

from images import Clip, ImageError, read_clip, read_image
from images.clips import frame_sizes
from images.finding import VIDEOS
from pipeline.explaining.drawable import SMALLEST_FRAME, drawable
from web.limits import MOST_BYTES, MOST_CLIP_PIXELS, MOST_FRAMES, MOST_PIXELS

LARGEST_FRAME = 320  # pixels of a side of a clip's frame
DECODER = threading.Lock()  # one image at a time: one of 40 million pixels takes half a GB


def read_upload(content: bytes) -> np.ndarray:
    """(H, W, 3) uint8: a visitor's image, no larger than figures show. Raises ImageError."""
    _check_size(len(content))
    try:
        with DECODER:
            return drawable(read_image("upload", content, MOST_PIXELS))
    except ImageError as error:
        raise ImageError(str(error).replace("image 'upload'", "this image", 1)) from error


def read_clip_upload(path: Path, count: int) -> Clip:
    """`count` frames of a visitor's GIF or video, no larger than they are shown.

    Raises ImageError.
    """
    _check_size(path.stat().st_size)
    with path.open("rb") as file:
        head = file.read(12)
    if path.suffix.lower() not in VIDEOS or not _is_container(head):
        raise ImageError("this is no clip that is known (GIF, MP4, WebM, AVI)")
    try:
        _check_frames(path)
        with DECODER:
            clip = read_clip(path, count)
    except ImageError as error:
        raise ImageError(str(error).replace(f"clip '{path}'", "this clip", 1)) from error
    least = (SMALLEST_FRAME, SMALLEST_FRAME)
    frames = [drawable(frame, least, LARGEST_FRAME) for frame in clip.frames]
    return clip._replace(frames=np.stack(frames))


def _check_size(count: int) -> None:
    if count > MOST_BYTES:
        raise ImageError(f"this file is larger than {MOST_BYTES // 10**6} MB")


def _is_container(head: bytes) -> bool:
    """Whether a file that begins so holds frames itself: a playlist has those of other files."""
    is_avi = head.startswith(b"RIFF") and head[8:12] == b"AVI "
    return is_avi or head[4:8] == b"ftyp" or head.startswith((b"GIF8", b"\x1aE\xdf\xa3"))


def _check_frames(path: Path) -> None:
    """Raises ImageError as soon as the clip has too many frames or pixels."""
    pixels = 0
    for number, (height, width) in enumerate(frame_sizes(path), start=1):
        pixels += height * width
        if number > MOST_FRAMES:
            raise ImageError(f"this clip has more than {MOST_FRAMES} frames; cut it shorter")
        if height * width > MOST_PIXELS or pixels > MOST_CLIP_PIXELS:
            raise ImageError(
                f"this clip has more than {MOST_PIXELS // 10**6} million pixels a frame, or "
                f"{MOST_CLIP_PIXELS // 10**6} million in all; make it smaller or shorter"
            )
