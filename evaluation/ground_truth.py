"""Ground truth: which files belong to an image, and what is in them.

Gaze maps are images or `.npy` arrays, fixations text or CSV files. An image or array that is
black and white, its edges aside, is an object mask. The names of MexCulture142 are known:

    SSS_XXX_YYY_N_#.png    SSS_XXX_YYY_GFDM_N_#.png    SSS_XXX_YYY_GazeFix_N_#.txt
"""

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from evaluation.fixations import (
    DEGREES,
    PIXELS_PER_DEGREE,
    inside,
    read_fixations,
    wooding_map,
)
from evaluation.metric import FIXATIONS, GAZE, MASK
from images import SUFFIXES, read_image
from runtime import as_path

WHITE, WHITE_SHARE = 0.9, 0.5  # of a mask's non-black pixels half are 0.9 of its maximum
LISTS = {".txt", ".csv", ".tsv"}
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

    def __init__(self, files: Iterable[Path], size: tuple[int, int], viewing: Viewing = Viewing()):
        self.files = tuple(files)
        self.size = tuple(size)
        self.viewing = viewing

    @cached_property
    def _read(self) -> dict[str, np.ndarray]:
        found: dict[str, np.ndarray] = {}
        for file in self.files:
            try:
                kind, content = read_truth(file)
            except (ValueError, OSError) as error:
                raise GroundTruthError(f"ground truth {error}") from error
            if kind in found:
                files = ", ".join(map(str, self.files))
                raise GroundTruthError(f"two files of the same kind of ground truth: {files}")
            found[kind] = content
        return found

    @cached_property
    def density(self) -> np.ndarray | None:
        """(h, w) float32: the gaze map, made from fixations where there is none; or None."""
        if GAZE in self._read or FIXATIONS not in self._read:
            return self._read.get(GAZE)
        viewing = self.viewing
        return wooding_map(
            self._read[FIXATIONS], self.size, viewing.degrees, viewing.pixels_per_degree
        ).astype(np.float32)

    @cached_property
    def fixations(self) -> np.ndarray | None:
        """(n, 2): x and y in the image's pixels, those outside left out; or None."""
        if FIXATIONS not in self._read:
            return None
        return inside(self._read[FIXATIONS], self.size)[:, :2]

    @property
    def mask(self) -> np.ndarray | None:
        """(h, w) bool: where the object is; or None."""
        return self._read.get(MASK)


def read_truth(file: Path) -> tuple[str, np.ndarray]:
    """The kind of ground truth that a file holds, and its content. Raises ValueError."""
    if file.suffix.lower() in LISTS:
        return FIXATIONS, read_fixations(file)
    if file.suffix.lower() == ".npy":
        try:
            array = np.load(io.BytesIO(file.read_bytes()), allow_pickle=False)
        except (OSError, ValueError) as error:
            raise ValueError(f"'{file}' is no array of numbers: {error}") from error
    else:
        array = read_image(file).mean(axis=-1)
    if array.ndim != 2 or not np.isfinite(array).all() or array.min() < 0 or not array.any():
        raise ValueError(
            f"'{file}': expected a gaze map or mask (H, W) of finite numbers, none negative "
            f"and not all 0, got {array.shape} from {array.min():.3g} to {array.max():.3g}"
        )
    if is_mask(array):
        return MASK, array >= array.max() / 2
    return GAZE, array.astype(np.float32)


def is_mask(array: np.ndarray) -> bool:
    """Whether an array (H, W) is black and white: most of what is not black is white.

    A gaze map has slopes instead; a mask has greys at the object's edges only.
    """
    lit = array[array > 0]
    return lit.size > 0 and bool((lit >= WHITE * array.max()).mean() > WHITE_SHARE)


def find_ground_truth(images: list[Path], places: list[str]) -> dict[Path, tuple[Path, ...]]:
    """The files that belong to each image that has any.

    A place is a folder, whose files (of sub-folders too) belong to the image of the same stem or
    go by MexCulture142's names, or a pattern with `{stem}`, `{class}` (the image's folder) or
    `{folder}` (its path) in it. Where there are no places, MexCulture142's names beside the
    images count. Raises FileNotFoundError for a place that is not there.
    """
    folders = [as_path(told) for told in places if "{" not in told]
    for folder in folders:
        if not folder.is_dir():
            raise FileNotFoundError(
                f"ground truth '{folder}': no such folder (nor pattern {{stem}})"
            )
    by_stem: dict[str, list[Path]] = {}
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if file.suffix.lower() in SUFFIXES | LISTS | {".npy"}:
                by_stem.setdefault(file.stem, []).append(file)
    found = {}
    for image in images:
        files = [file for stem in _stems(image.stem) for file in by_stem.get(stem, ())]
        files += [as_path(_filled(told, image)) for told in places if "{" in told]
        if not places:
            files = _beside(image)
        files = [file for file in files if file.is_file() and not _same(file, image)]
        if files:
            found[image] = tuple(dict.fromkeys(files))
    return found


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
    suffixes = sorted(SUFFIXES | LISTS | {".npy"})
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
