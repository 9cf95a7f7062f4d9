"""Ground truth: which files belong to an image, and what is in them.

Fixations are text or CSV files, or bright spots on black; gaze maps and masks are images, arrays
(`.npy`, `.mat`) or polygons (`.json`). Which, is told from what is in them, and can be said. The
names of MexCulture142 are known:

    SSS_XXX_YYY_N_#.png    SSS_XXX_YYY_GFDM_N_#.png    SSS_XXX_YYY_GazeFix_N_#.txt
"""

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from evaluation.fixation_files import LISTS, fixation_list
from evaluation.fixations import DEGREES, PIXELS_PER_DEGREE, in_pixels, inside, wooding_map
from evaluation.mask_files import Truth, truth_of_array, truth_of_image
from evaluation.matlab_files import truth_of_matlab
from evaluation.metric import FIXATIONS, GAZE, MASK
from evaluation.polygon_files import coco_names, truth_of_json
from images import SUFFIXES, ImageError
from runtime import as_path, read_bytes

TRUTHS = SUFFIXES | LISTS | {".npy", ".mat", ".json"}
STRETCHED = 0.02  # by which proportions may differ from the image's before it is said
MEXCULTURE = re.compile(r"(?P<head>.+)_(?P<tail>[^_]+_[^_]+)")
MEXCULTURE_TRUTHS = ("{head}_GFDM_{tail}", "{head}_GazeFix_{tail}")


@dataclass(frozen=True)
class Viewing:
    """How people looked: what it takes to make a gaze map of fixations."""

    degrees: float = DEGREES  # sigma of the Gaussian at a fixation
    pixels_per_degree: float = PIXELS_PER_DEGREE

    def __str__(self) -> str:
        return f"Wooding, sigma {self.degrees:g} degrees of {self.pixels_per_degree:g} pixels"


class GroundTruthError(ValueError):
    """A file of ground truth that cannot be used; its message is one line and names the file."""


class GroundTruth:
    """What is known of one image of a size (H, W); read when it is asked for.

    `files` are of any kind; two of one kind are a mistake. Raises GroundTruthError.
    """

    def __init__(
        self,
        files: Iterable[Path],
        size: tuple[int, int],
        viewing: Viewing = Viewing(),
        image: Path | None = None,  # by whose name files that are for many know it
    ):
        self.files = tuple(files)
        self.size = tuple(size)
        self.viewing = viewing
        self.image = image

    @cached_property
    def _read(self) -> dict[str, Truth]:
        found: dict[str, Truth] = {}
        for file in self.files:
            try:
                truth = truth_of(file, self.image)
            except (ValueError, OSError) as error:
                raise GroundTruthError(f"ground truth {error}") from error
            if truth.kind in found:
                files = ", ".join(map(str, self.files))
                raise GroundTruthError(f"two files of the same kind of ground truth: {files}")
            found[truth.kind] = truth
        return found

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of ground truth that there are, as `evaluation.metric` has them."""
        return tuple(self._read)

    @property
    def _files(self) -> dict[str, Path]:
        return dict(zip(self._read, self.files, strict=True))

    @property
    def descriptions(self) -> list[tuple[Path, str, str]]:
        """Of each file what it was taken for, and a remark on it, "" where there is none."""
        return [
            (self._files[kind], truth.description, "; ".join(filter(None, self._remarks(truth))))
            for kind, truth in self._read.items()
        ]

    def _remarks(self, truth: Truth) -> Iterator[str]:
        yield truth.remark
        if truth.kind == FIXATIONS:
            outside = len(self._places) - len(inside(self._places, self.size))
            yield f"{outside} of {len(self._places)} are outside of the image" * bool(outside)
            return
        height, width = truth.content.shape
        if abs(height * self.size[1] / (width * self.size[0]) - 1) > STRETCHED:
            yield f"{width} x {height}, stretched to the image's sides"

    @cached_property
    def _places(self) -> np.ndarray:
        """(n, 2) or (n, 3): the fixations in the image's pixels, those outside too."""
        truth = self._read[FIXATIONS]
        if truth.frame is None or truth.frame == self.size:
            return truth.content
        parts = truth.content / in_pixels(np.ones((1, truth.content.shape[1])), truth.frame)
        return in_pixels(parts, self.size)

    @cached_property
    def density(self) -> np.ndarray | None:
        """(h, w) float32: the gaze map, made from fixations where there is none; or None."""
        if GAZE in self._read:
            return self._read[GAZE].content
        if FIXATIONS not in self._read:
            return None
        viewing = self.viewing
        return wooding_map(
            self._places, self.size, viewing.degrees, viewing.pixels_per_degree
        ).astype(np.float32)

    @cached_property
    def fixations(self) -> np.ndarray | None:
        """(n, 2): x and y in the image's pixels, those outside left out; or None."""
        if FIXATIONS not in self._read:
            return None
        return inside(self._places, self.size)[:, :2]

    @property
    def mask(self) -> np.ndarray | None:
        """(h, w) bool: where the object is; or None."""
        return self._read[MASK].content if MASK in self._read else None


def read_truth(file: Path, image: Path | None = None) -> tuple[str, np.ndarray]:
    """The kind of ground truth that a file holds, and its content. Raises ValueError."""
    truth = truth_of(file, image)
    return truth.kind, truth.content


def truth_of(file: Path, image: Path | None = None) -> Truth:
    """What a file holds of an image. Raises ValueError, naming the file, where it is not sure."""
    suffix = file.suffix.lower()
    if suffix in LISTS:
        found = fixation_list(file)
        frame = (1, 1) if found.in_parts else None
        return Truth(FIXATIONS, found.places, found.description, found.remark, frame)
    try:
        if suffix == ".json":
            return truth_of_json(file, image)
        if suffix == ".mat":
            return truth_of_matlab(file)
        if suffix == ".npy":
            return truth_of_array(_array(file))
        return truth_of_image(file)
    except ImageError:
        raise  # which names it
    except (ValueError, OSError) as error:
        raise ValueError(f"'{file}': {getattr(error, 'strerror', None) or error}") from error


def _array(file: Path) -> np.ndarray:
    try:
        return np.load(io.BytesIO(read_bytes(file)), allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(f"it is no array of numbers: {error}") from error


def find_ground_truth(images: list[Path], places: list[str]) -> dict[Path, tuple[Path, ...]]:
    """The files that belong to each image that has any.

    A place is a folder, whose files (of sub-folders too) belong to the image of the same stem or go
    by MexCulture142's names, a pattern with `{stem}`, `{class}` (the image's folder) or `{folder}`
    (its path) in it, or a file of COCO's, for the images that it names. Where there are no places,
    MexCulture142's names beside the images count. Raises FileNotFoundError for an absent place.
    """
    named = [as_path(told) for told in places if "{" not in told]
    listing = {file: _coco_names(file) for file in named if file.suffix.lower() == ".json"}
    folders = [folder for folder in named if folder not in listing]
    for folder in folders:
        if not folder.is_dir():
            raise FileNotFoundError(
                f"ground truth '{folder}': no such folder (nor pattern {{stem}})"
            )
    by_stem: dict[str, list[Path]] = {}
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if file.suffix.lower() in TRUTHS and not file.name.startswith("."):
                by_stem.setdefault(file.stem, []).append(file)
    found = {}
    for image in images:
        files = [file for stem in _stems(image.stem) for file in by_stem.get(stem, ())]
        files += [as_path(_filled(told, image)) for told in places if "{" in told]
        files += [file for file, names in listing.items() if image.name in names]
        if not places:
            files = _beside(image)
        files = [file for file in files if file.is_file() and not _same(file, image)]
        if files:
            found[image] = tuple(dict.fromkeys(files))
    return found


def _coco_names(file: Path) -> set[str]:
    try:
        return set(coco_names(file))
    except (ValueError, OSError) as error:
        raise ValueError(f"ground truth '{file}': {error}") from error


def is_mexculture_truth(image: Path) -> bool:
    """Whether this is not an image to explain but the gaze map of one beside it."""
    match = re.fullmatch(r"(.+)_GFDM_([^_]+_[^_]+)", image.stem)
    return bool(match) and any(
        image.with_name(f"{match[1]}_{match[2]}{suffix}").is_file() for suffix in SUFFIXES
    )


def _stems(stem: str) -> list[str]:
    """The stems that an image's ground truth may have."""
    match = MEXCULTURE.fullmatch(stem)
    named = [pattern.format(**match.groupdict()) for pattern in MEXCULTURE_TRUTHS] if match else []
    return [stem, *named]


def _beside(image: Path) -> list[Path]:
    suffixes = sorted(TRUTHS)
    stems = _stems(image.stem)[1:]
    return [image.with_name(stem + suffix) for stem in stems for suffix in suffixes]


def _filled(pattern: str, image: Path) -> str:
    try:
        return pattern.format(
            **{"stem": image.stem, "class": image.parent.name, "folder": image.parent}
        )
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(
            f"ground truth '{pattern}': a pattern may hold {{stem}}, {{class}} and {{folder}}"
        ) from error


def _same(file: Path, image: Path) -> bool:
    return file == image or file.resolve() == image.resolve()
