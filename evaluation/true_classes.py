"""The class that a picture is said to be of: by its folder, or by its name in MexCulture142."""

from collections import defaultdict
from pathlib import Path

import numpy as np

from evaluation.ground_truth import MEXCULTURE

SPLITS = {  # folders of these names are splits, which hold the classes, and no classes themselves
    "training": ("train", "training"),
    "validation": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}
NO_CLASSES = {name for names in SPLITS.values() for name in names}


def true_classes(pictures: list[Path]) -> dict[Path, str]:
    """The name of the class of each picture that has one.

    The nearest folder that is not a split names it, if the pictures come from several such
    folders; or the text before the first underscore, where all names are like MexCulture142's.
    """
    folders = {picture: _folder(picture) for picture in pictures}
    if len(set(folders.values())) > 1:
        return {picture: name for picture, name in folders.items() if name}
    stems = {picture.stem for picture in pictures}
    if len(stems) > 1 and all(
        stem.count("_") >= 4 and MEXCULTURE.fullmatch(stem) for stem in stems
    ):
        return {picture: picture.stem.split("_")[0] for picture in pictures}
    return {}


def some_of_each(
    pictures: list[Path], classes: dict[Path, str], count: int, seed: int = 0
) -> list[Path]:
    """`count` pictures of each class, drawn by seed, in their order.

    Raises ValueError where there are no classes.
    """
    if not classes:
        raise ValueError(
            "--per_class: the pictures have no classes; put them into a folder for each class"
        )
    if count < 1:
        raise ValueError(f"--per_class: at least 1 picture of each class, got {count}")
    by_class = defaultdict(list)
    for picture in pictures:
        if picture in classes:
            by_class[classes[picture]].append(picture)
    rng = np.random.default_rng(seed)
    chosen = set()
    for name in sorted(by_class):
        own = by_class[name]
        chosen |= {own[i] for i in rng.permutation(len(own))[:count]}
    return [picture for picture in pictures if picture in chosen]


def _folder(picture: Path) -> str:
    for folder in picture.parents:
        if folder.name.lower() not in NO_CLASSES:
            return folder.name
    return ""
