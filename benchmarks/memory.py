"""Peaks of memory of whole commands: photos as cameras make them, and many classes or images.

Each command is a process of its own, whose own peak is taken.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.peak_memory import peak

PHOTOS, SIZE = 70, (6000, 4000)
DIFFERENT = 8  # photos; more are links to them
SMALL = (500, 3_000), 64  # how many images, and their side
GOAL = 2_000  # MiB that a command may take
GROWTH_GOAL = 30  # MiB that the most small images may take above the fewest

NONE, BARE = "--representation=none", "--display_type=bare"
FEW = "OCCLUSION:patch=64:stride=64,RISE:masks=64"
LOADS = {  # what -> photos, flags
    "maps stored": (PHOTOS, ["--explanation_method=GRADCAM", NONE]),
    "figures of six rows": (PHOTOS, ["--explanation_method=GRADCAM"]),
    "overlays of the photos' size": (PHOTOS, ["--explanation_method=GRADCAM", BARE]),
    "four methods, insertion and deletion": (
        16,
        [f"--explanation_method=GRADCAM,FEM,{FEW}", "--metrics=INSERTION,DELETION", NONE],
    ),
    "the same with figures and a page": (
        16,
        [f"--explanation_method=GRADCAM,FEM,{FEW}", "--metrics=INSERTION,DELETION", "--report"],
    ),
    "changed images": (16, ["--explanation_method=GRADCAM", "--augment=all", "--mask_salient=0.2"]),
    "the hundred best classes": (32, ["--explanation_method=GRADCAM", "--target=top100", NONE]),
    "their gradients by pixels": (32, ["--explanation_method=SALIENCY", "--target=top100", NONE]),
}


def run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder) / "photos"
        make_photos(photos, DIFFERENT, SIZE)
        print(f"\nPeaks of memory, photos of {SIZE[0]} x {SIZE[1]} (goal {GOAL} MiB)", flush=True)
        for what, (count, flags) in LOADS.items():
            mebibytes = _peak_of(linked(photos, Path(folder), count), flags)
            met = "met" if mebibytes <= GOAL else "missed"
            print(f"  {count:5,} {what:40} {mebibytes:7.0f} MiB  {met}", flush=True)
        _print_growth(Path(folder))


def _print_growth(folder: Path) -> None:
    counts, side = SMALL
    small = folder / "small"
    make_photos(small, DIFFERENT, (side, side))
    flags = ["--explanation_method=GRADCAM", NONE]
    peaks = [_peak_of(linked(small, folder, count), flags) for count in counts]
    more = peaks[-1] - peaks[0]
    met = "met" if more <= GROWTH_GOAL else "missed"
    listed = ", ".join(f"{c:,}: {p:.0f} MiB" for c, p in zip(counts, peaks, strict=True))
    print(f"  images of {side} x {side}: {listed}; {more:+.0f} (goal {GROWTH_GOAL}: {met})")


def make_photos(folder: Path, count: int, size: tuple[int, int]) -> None:
    """So many JPEGs of (width, height): a disc on a gradient, each another one."""
    folder.mkdir()
    width, height = size
    rows, columns = np.ogrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    for number in range(count):
        place = (number + 1) / (count + 1)
        disc = (columns - place) ** 2 + (rows - 0.5) ** 2 < 0.04
        channels = (columns + 0 * rows, rows + 0 * columns, place * (columns + rows) / 2)
        image = np.stack([np.where(disc, 1 - c, c) for c in channels], axis=-1)
        Image.fromarray((255 * image).astype(np.uint8)).save(folder / f"{number}.jpg", quality=90)


def linked(made: Path, folder: Path, count: int) -> Path:
    """A folder of so many images, links to those that were made."""
    images = Path(tempfile.mkdtemp(dir=folder)) / "images"
    images.mkdir()
    files = sorted(made.iterdir())
    for number in range(count):
        (images / f"{number:06}.jpg").symlink_to(files[number % len(files)])
    return images


def _peak_of(images: Path, flags: list[str]) -> float:
    """MiB that the command takes on a folder of images."""
    command = [sys.executable, "-m", "benchmarks.memory", *flags]
    command += ["--test_image_path", str(images), "--output_dir", str(images.parent / "out")]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(out.split()[-1])


if __name__ == "__main__":
    from main import main

    status = main(sys.argv[1:])
    print(peak())
    sys.exit(status)
