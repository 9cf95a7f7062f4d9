"""Images and clips on their way to the classifiers: read ahead, as far as there is work to do."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from classifier import Classifier
from images import Clip, ImageError, load_image, read_clip, resized, resized_clip
from images.clips import frame_files
from pipeline.dataset.rows import Source, content_hash
from pipeline.dataset.store import Index
from pipeline.explaining.drawable import drawable_frames
from pipeline.explaining.request import Request
from registry import Call
from runtime import check_regular, escaped, read_bytes

CHUNK = 1 << 22  # bytes of a video that are hashed at once


class Loaded(NamedTuple):
    """An image or clip on its way: its file, and what is still to be done with it."""

    source: Source
    image: np.ndarray | None = None  # None where nothing is to be done, or it is broken
    inputs: tuple[np.ndarray, ...] = ()  # at each classifier's input size
    clip: Clip | None = None
    error: str | None = None
    caution: str = ""  # of how it was read

    @property
    def size(self) -> int:
        """Bytes that it takes in memory, but for what is bounded by a classifier's input."""
        return 0 if self.image is None or self.image.strides[0] == 0 else self.image.nbytes

    def request(self, number: int, methods: Sequence[Call]) -> Request:
        """What the classifier of that number is asked."""
        return Request(
            self.source.path, self.image, self.inputs[number], methods, self.clip, self.caution
        )


class Loader:
    """Reads images, or clips for classifiers of clips."""

    def __init__(
        self,
        classifiers: Sequence[Classifier],
        index: Index,
        is_done: Callable[[Source], bool],
        keep_pixels: bool = True,
        images: Iterable[Path] = (),
    ):
        """`is_done` says of a source whether nothing is left to do with it.

        Of `images` the folders are looked for: where one goes meanwhile, nothing more can be done.
        Without `keep_pixels` an image is kept at the classifiers' input sizes only.
        """
        self._keep_pixels = keep_pixels
        self._folders = {folder for folder in {p.parent for p in images} if _is_there(folder)}
        self._classifiers = classifiers
        self._index = index
        self._is_done = is_done
        self._frames = classifiers[0].frames

    def known(self, path: Path) -> Source:
        """The source as the store knows it, its hash "" where the file may have changed since."""
        size, time = self._state(path)
        return Source(path, self._index.known_hash(str(path), size, time) or "", size, time)

    def load(self, path: Path) -> Loaded:
        """Reads a file as far as there is something to do with it.

        Raises FileNotFoundError where its folder is gone.
        """
        try:
            source = self.known(path)
            if source.hash and self._is_done(source):
                return Loaded(source)
            if self._frames:
                source = source._replace(hash=_clip_hash(path))
                return Loaded(source) if self._is_done(source) else self._clip(source)
            content = read_bytes(path)
            source = source._replace(hash=content_hash(content))
            return Loaded(source) if self._is_done(source) else self._image(source, content)
        except (OSError, ValueError) as error:
            if path.parent in self._folders and not path.parent.is_dir():
                raise FileNotFoundError(
                    f"the folder '{path.parent}' is gone; what was finished is stored"
                ) from error
            reason = str(error)
            if not isinstance(error, ImageError):
                cause = getattr(error, "strerror", None) or error
                reason = f"image '{path}' cannot be read: {cause}"
            return Loaded(Source(path), error=reason)

    def _state(self, path: Path) -> tuple[int, int]:
        """Bytes, and the time of the last change in nanoseconds, of a file or a folder's frames."""
        files = frame_files(path) if self._frames and path.is_dir() else [path]
        states = [file.stat() for file in files]
        return sum(s.st_size for s in states), max((s.st_mtime_ns for s in states), default=0)

    def _image(self, source: Source, content: bytes) -> Loaded:
        image, caution = load_image(source.path, content)
        sizes = dict.fromkeys(classifier.input_size for classifier in self._classifiers)
        inputs = {size: resized(image, size) for size in sizes}
        kept = image if self._keep_pixels else np.broadcast_to(np.uint8(0), image.shape)
        own_inputs = tuple(inputs[c.input_size] for c in self._classifiers)
        return Loaded(source, kept, own_inputs, caution=caution)

    def _clip(self, source: Source) -> Loaded:
        clip = read_clip(source.path, self._frames)
        inputs = tuple(resized_clip(clip.frames, c.input_size) for c in self._classifiers)
        frames = drawable_frames(clip.frames)
        return Loaded(source, frames, inputs, clip._replace(frames=frames))


def _is_there(folder: Path) -> bool:
    """Whether a folder was there when the run began: a list may name one that never was."""
    try:
        return folder.is_dir()
    except (OSError, ValueError):
        return False


def _clip_hash(path: Path) -> str:
    """SHA-256 of a video's content, or of the frames' of a folder."""
    digest = hashlib.sha256()
    for file in frame_files(path) if path.is_dir() else [path]:
        check_regular(file)
        digest.update(escaped(file.name).encode())
        with file.open("rb") as content:
            while chunk := content.read(CHUNK):
                digest.update(chunk)
    return digest.hexdigest()
