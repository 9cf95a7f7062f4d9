"""Which image files the user means."""

import glob
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from images.formats import SUFFIXES, UNREAD, VIDEOS
from runtime import as_path, counted, is_local, read_bytes

MOST_BYTES = 2**26  # of a list of images: a million paths
LEFT_OUT = "folder '{}' is not searched: it is for results or ground truth"
TRUTH = re.compile(  # what folders of ground truth beside the images are called
    "masks?|trimaps?|segmentation.*|ground_?truths?|gt|annotations?|labels?|gaze.*|fixation.*"
    "|saliency.*|densit(y|ies)|maps",
    re.IGNORECASE,
)


@dataclass
class Found:
    """Image files in their order, each once, and what was left out."""

    images: list[Path] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)  # lines, each to be said once


def find_images(paths: Iterable[str | Path], leave_out: Iterable[str | Path] = ()) -> list[Path]:
    """The image files that `paths` stand for, as `search_images` finds them."""
    return search_images(paths, leave_out).images


def search_images(paths: Iterable[str | Path], leave_out: Iterable[str | Path] = ()) -> Found:
    """The image files that `paths` stand for, in their order, each once, and what is left out.

    A path is an image; a folder: its images and those of its sub-folders, linked ones too, by
    name (if there are none, its videos); a pattern with `*` or `?`; or a `.txt` file with an image
    or folder a line, relative to that file. What a list names and is not there is an image that
    cannot be read. Folders inside of which `leave_out` is one are searched, but not that; where
    it is itself what is searched, figures of earlier runs are left out.

    Raises FileNotFoundError for a path that is not there, ValueError for a folder or list without
    any.
    """
    search = _Search({_identity(as_path(folder)) for folder in leave_out} - {None})
    for path in paths:
        search.add(as_path(path))
    search.found.images = list(dict.fromkeys(search.found.images))
    if search.unread:
        kinds = ", ".join(f"{count} {suffix}" for suffix, count in sorted(search.unread.items()))
        search.found.remarks.append(f"left out, as they cannot be read here: {kinds}")
    return search.found


class _Search:
    """A search for images: what it found so far, and what it leaves out."""

    def __init__(self, leave_out: set[tuple[int, int]]):
        self.found = Found()
        self.unread: Counter[str] = Counter()
        self._leave_out = leave_out

    def add(self, path: Path) -> None:
        """Adds what a path of the command line stands for."""
        if _is_folder(path):
            self.found.images += self._in_folder(path)
        elif path.suffix.lower() == ".txt" and path.exists():
            self._add_list(path)
        elif _exists(path):
            self.found.images.append(path)
        else:
            matching = _matching(path)
            if not matching:
                raise FileNotFoundError(f"image '{path}': no such file or folder")
            for one in matching:
                if not self._is_left_out(one):
                    self.add(one)

    def _is_left_out(self, path: Path) -> bool:
        """Whether what a pattern stands for is, or is in, a folder that is left out."""
        for folder in (path, *path.parents):
            if self._leave_out and _identity(folder) in self._leave_out:
                self._remark(LEFT_OUT.format(folder))
                return True
        return False

    def _add_list(self, path: Path) -> None:
        before = len(self.found.images)
        for entry in listed(path):
            if not _is_folder(entry):
                self.found.images.append(entry)
                continue
            try:
                self.found.images += self._in_folder(entry)
            except ValueError as error:
                self.found.remarks.append(f"list '{path}': {error}")
        if len(self.found.images) == before:
            raise ValueError(f"no images in list '{path}'")

    def _in_folder(self, folder: Path) -> list[Path]:
        files = list(self._files(folder))
        images = sorted(file for file in files if file.suffix.lower() in SUFFIXES)
        if _identity(folder) in self._leave_out:
            images = self._without_figures(images, folder)
        images = self._without_truth(images, folder)
        images = images or sorted(file for file in files if file.suffix.lower() in VIDEOS)
        self.unread.update(f.suffix.lower() for f in files if f.suffix.lower() in UNREAD)
        if not images:
            expected = ", ".join(sorted(SUFFIXES))
            unread = ", ".join(sorted({f.suffix for f in files if f.suffix.lower() in UNREAD}))
            others = f"; {unread} cannot be read here" if unread else ""
            raise ValueError(f"no images in folder '{folder}' ({expected}{others})")
        beside = sum(image.parent == folder for image in images)
        if 0 < beside < len(images):
            deeper = len(images) - beside
            self._remark(f"folder '{folder}': {beside} of its images, and {deeper} in sub-folders")
        return images

    def _without_figures(self, images: list[Path], folder: Path) -> list[Path]:
        """The images but the figures that records in their folder name, where results go too."""
        figures: set[str] = set()
        for file in folder.glob("*.json"):
            figures |= _figures(file)
        left = [image for image in images if image.name not in figures]
        if len(left) < len(images):
            count = len(images) - len(left)
            self._remark(f"folder '{folder}': {counted(count, 'figure')} of earlier runs left out")
        return left

    def _without_truth(self, images: list[Path], folder: Path) -> list[Path]:
        """The images but those that are masks or gaze maps of others, which have the same stem.

        A folder of such is known by its name, and by having nothing that is not elsewhere.
        """
        by_folder: dict[Path, set[str]] = {}
        for image in images:
            by_folder.setdefault(image.parent, set()).add(image.stem)
        named = {one for one in by_folder if one != folder and TRUTH.fullmatch(one.name)}
        stems = {stem for one, own in by_folder.items() if one not in named for stem in own}
        truths = {one for one in named if by_folder[one] <= stems}
        for one in sorted(truths):
            count = sum(image.parent == one for image in images)
            self._remark(f"folder '{one}' is left out: its {count} images are of other images")
        return [image for image in images if image.parent not in truths]

    def _files(self, folder: Path) -> Iterator[Path]:
        """The files under a folder that are not hidden, in no order.

        Real folders are walked before links to folders, each folder once: so links in a circle
        come to an end, and an image that is reached twice has the name that is not a link's.
        """
        if not is_local(folder):
            yield from (file for file in folder.rglob("*") if not file.name.startswith("."))
            return
        seen, links, waiting = set(), [], [folder]
        while waiting or links:
            here = waiting.pop() if waiting else links.pop(0)
            identity = _identity(here)
            if identity is None or identity in seen:
                continue
            seen.add(identity)
            if here != folder and identity in self._leave_out:
                self._remark(LEFT_OUT.format(here))
                continue
            for entry in self._entries(here):
                if not _is_folder(entry):
                    yield entry
                elif entry.is_symlink():
                    links.append(entry)
                else:
                    waiting.append(entry)
            links.sort()

    def _entries(self, folder: Path) -> list[Path]:
        try:
            entries = sorted(folder.iterdir())
        except OSError as error:
            self._remark(f"folder '{folder}' is left out: {error.strerror or error}")
            return []
        return [entry for entry in entries if not entry.name.startswith(".")]

    def _remark(self, remark: str) -> None:
        if remark not in self.found.remarks:
            self.found.remarks.append(remark)


def _figures(record: Path) -> set[str]:
    """The names of the figures that a run's record lists; none of another JSON file."""
    try:
        said = json.loads(read_bytes(record, MOST_BYTES))
        return {Path(name).name for name in said["figures"]} if "versions" in said else set()
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def listed(path: Path) -> list[Path]:
    """The paths that a `.txt` list holds, relative ones beside it. Raises ValueError for none."""
    try:
        text = read_bytes(path, MOST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"list '{path}' is not UTF-8 text: {error}") from error
    except OSError as error:
        raise ValueError(f"list '{path}' cannot be read: {error.strerror or error}") from error
    lines = [line.strip() for line in text.split("\n")]  # names may hold other ends of lines
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines:
        raise ValueError(f"no images in list '{path}'")
    return [as_path(line) if "://" in line else path.parent / line for line in lines]


def _matching(path: Path) -> list[Path]:
    """The files and folders that a pattern stands for, by name; none for no pattern."""
    if not is_local(path) or not glob.has_magic(str(path)):
        return []
    found = glob.glob(str(path), recursive=True)  # noqa: PTH207 (Path.glob takes no absolute ones)
    return [Path(name) for name in sorted(found)]


def _is_folder(path: Path) -> bool:
    """Also False for what cannot be asked: too long a name, links in a circle."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _exists(path: Path) -> bool:
    """Whether a path, or a link that leads nowhere, is there."""
    try:
        return path.exists() or (is_local(path) and path.is_symlink())
    except OSError:
        return False


def _identity(path: Path) -> tuple[int, int] | None:
    """What two paths of one folder have in common; None where there is none."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return (status.st_dev, status.st_ino) if is_local(path) else None
