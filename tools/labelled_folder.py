"""A folder of images as training takes it: a sub-folder for each class, in splits."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from evaluation.true_classes import SPLITS
from images import find_images
from registry import suggest


class Sample(NamedTuple):
    """An image whose class is known."""

    file: Path
    label: int  # position in the class names


def labelled_images(
    folder: Path, validation: float, seed: int
) -> tuple[list[str], dict[str, list[Sample]]]:
    """The class names, sorted, and the samples of each of SPLITS; those of test may be none.

    Where there is no folder for validation, the part `validation` of each class is taken, by seed.
    Raises FileNotFoundError or ValueError for a folder that is not like this.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"folder '{folder}': no such folder")
    split_of = {name: split for split, names in SPLITS.items() for name in names}
    inside = _sub_folders(folder)
    roots = {split_of[f.name.casefold()]: f for f in inside if f.name.casefold() in split_of}
    classes = [f for f in inside if f.name.casefold() not in split_of]
    classes = _sub_folders(roots["training"]) if "training" in roots else classes
    names = [f.name for f in classes]
    _check_classes(roots.get("training", folder), names)
    samples = {split: [] for split in SPLITS} | {"training": _samples(classes, names)}
    for split in roots.keys() - {"training"}:
        samples[split] = _samples(_sub_folders(roots[split]), names)
    if "validation" not in roots:
        samples |= _divided(samples["training"], names, validation, seed)
    return names, samples


def check_samples(names: list[str], samples: dict[str, list[Sample]]) -> None:
    """Raises ValueError where a class has nothing to train on, or nothing is there to validate."""
    known = {sample.label for sample in samples["training"]}
    for label, name in enumerate(names):
        if label not in known:
            raise ValueError(f"class '{name}' has no readable image to train on")
    if not samples["validation"]:
        raise ValueError("no readable image to validate on")


def _sub_folders(folder: Path) -> list[Path]:
    hidden = (".", "__")  # .ipynb_checkpoints, __MACOSX
    return sorted(f for f in folder.iterdir() if f.is_dir() and not f.name.startswith(hidden))


def _check_classes(folder: Path, names: list[str]) -> None:
    expected = f"two at least are expected, such as {folder}/cat and {folder}/dog"
    if not names:
        raise ValueError(f"folder '{folder}' has no sub-folder for a class; {expected}")
    if len(names) == 1:
        raise ValueError(f"folder '{folder}' has one class only, '{names[0]}'; {expected}")


def _samples(classes: list[Path], names: list[str]) -> list[Sample]:
    for folder in classes:
        if folder.name not in names:
            near = suggest(folder.name, names)
            raise ValueError(f"'{folder}': no such class among those to train on{near}")
    return [Sample(file, names.index(f.name)) for f in classes for file in find_images([f])]


def _divided(
    samples: list[Sample], names: list[str], part: float, seed: int
) -> dict[str, list[Sample]]:
    """A part of each class for validation, one image at least, and the others for training."""
    rng = np.random.default_rng(seed)
    divided = {"training": [], "validation": []}
    for label, name in enumerate(names):
        of_class = [sample for sample in samples if sample.label == label]
        if len(of_class) < 2:
            raise ValueError(
                f"class '{name}' has 1 image; two at least are needed, to train and to validate"
            )
        count = min(max(1, round(part * len(of_class))), len(of_class) - 1)
        held_out = set(rng.permutation(len(of_class))[:count])
        for position, sample in enumerate(of_class):
            divided["validation" if position in held_out else "training"].append(sample)
    return divided
