"""The class that an image is said to be of: by its folder, or by its name in MexCulture142."""

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


def true_classes(images: list[Path]) -> dict[Path, str]:
    """The name of the class of each image that has one.

    The nearest folder that is not a split names it, if the images come from several such
    folders; or the text before the first underscore, where all names are like MexCulture142's.
    """
    folders = {image: _folder(image) for image in images}
    if len(set(folders.values())) > 1:
        return {image: name for image, name in folders.items() if name}
    stems = {image.stem for image in images}
    if len(stems) > 1 and all(
        stem.count("_") >= 4 and MEXCULTURE.fullmatch(stem) for stem in stems
    ):
        return {image: image.stem.split("_")[0] for image in images}
    return {}


def some_of_each(
    images: list[Path], classes: dict[Path, str], count: int, seed: int = 0
) -> list[Path]:
    """`count` images of each class, drawn by seed, in their order.

    Raises ValueError where there are no classes.
    """
    if not classes:
        raise ValueError(
            "--per_class: the images have no classes; put them into a folder for each class"
        )
    if count < 1:
        raise ValueError(f"--per_class: at least 1 image of each class, got {count}")
    by_class = defaultdict(list)
    for image in images:
        if image in classes:
            by_class[classes[image]].append(image)
    rng = np.random.default_rng(seed)
    chosen = set()
    for name in sorted(by_class):
        members = by_class[name]
        chosen |= {members[i] for i in rng.permutation(len(members))[:count]}
    return [image for image in images if image in chosen]


def _folder(image: Path) -> str:
    for folder in image.parents:
        if folder.name.lower() not in NO_CLASSES:
            return folder.name
    return ""
