"""Metrics that no image of a run can have: said before any work, with what would do."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from evaluation.ground_truth import TRUTHS as SUFFIXES
from evaluation.ground_truth import GroundTruthError, read_truth
from evaluation.metric import FIXATIONS, GAZE, MASK, OTHERS, TRUTHS, Metric
from images import image_size
from pipeline.dataset.ground_truth import TAKEN_FOR, GroundTruthIndex
from runtime import as_path, counted, is_local

SUITABLE = {  # kinds of files that a need is met by
    GAZE: (GAZE, FIXATIONS),
    FIXATIONS: (FIXATIONS,),
    OTHERS: (FIXATIONS,),
    MASK: (MASK,),
}
EXAMPLES = {GAZE: "gaze.png", FIXATIONS: "fixations.csv", OTHERS: "fixations.csv", MASK: "mask.png"}
LOOKED_AT = 20  # files whose names hold the first image's, while a pattern is looked for


def check_metrics(index: GroundTruthIndex, places: Sequence[str]) -> None:
    """Raises ValueError for a metric that has no value for any image, for want of ground truth.

    `places` are the folders and patterns of --ground_truth. The first images' files are read; where
    there are more, what these have not may come.
    """
    metrics = [metric for metric in index.metrics if metric.truths]
    if not metrics or not index.images:
        return
    found, has_all = _kinds_found(index)
    for metric in metrics:
        for need in metric.truths:
            images = sum(found[kind] for kind in SUITABLE[need])
            if has_all and images < (2 if need == OTHERS else 1):
                raise ValueError(_mistake(metric, need, index, places, found))


def _kinds_found(index: GroundTruthIndex) -> tuple[Counter[str], bool]:
    """For how many images there is ground truth of each kind, and whether these are all."""
    found: Counter[str] = Counter()
    images = [image for image in index.images if index.has_files(image)]
    for image in images[:TAKEN_FOR]:
        try:
            found.update(index.truth(image, image_size(image)).kinds)
        except GroundTruthError:
            found["files that cannot be read"] += 1
        except ValueError:  # the image cannot be read, which is said in its turn
            continue
    return found, len(images) <= TAKEN_FOR


def _mistake(
    metric: Metric,
    need: str,
    index: GroundTruthIndex,
    places: Sequence[str],
    found: Counter[str],
) -> str:
    where = ", ".join(places) or "the images' own folders, by MexCulture142's names"
    kinds = [f"{TRUTHS.get(kind, kind)} of {counted(n, 'image')}" for kind, n in found.items()]
    pattern = next(_patterns(need, index.images[0], places), None)
    if pattern is None:
        pattern = f"FOLDER/{{stem}}_{EXAMPLES[need]}"
        would = f'a folder of files named as the images, or a pattern such as "{pattern}"'
    else:
        would = f'--ground_truth "{pattern}"'
    return (
        f"{metric.name} needs {TRUTHS[need]}; looked in {where}; found "
        f"{', '.join(kinds) or 'nothing'}; what would fit: {would}"
    )


def _patterns(need: str, image: Path, places: Sequence[str]) -> Iterator[str]:
    """Patterns by which files of that kind are the image's, as far as a short look finds any."""
    folders = [as_path(place) for place in places if "{" not in place]
    folders += [folder for folder in _sub_folders(image.parent) if folder not in folders]
    named = (
        file
        for folder in folders
        if is_local(folder) and folder.is_dir()
        for file in sorted(folder.rglob("*"))
        if image.stem in file.stem and file.suffix.lower() in SUFFIXES and file != image
    )
    for file in islice(named, LOOKED_AT):
        try:
            kind, _ = read_truth(file, image)
        except ValueError:
            continue
        if kind in SUITABLE[need]:
            yield str(file.with_name(file.name.replace(image.stem, "{stem}", 1)))


def _sub_folders(folder: Path) -> list[Path]:
    try:
        return sorted(entry for entry in folder.iterdir() if entry.is_dir())
    except OSError:
        return []
