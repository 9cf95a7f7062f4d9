"""Cost curves: 100, 1,000, 10,000 images of a folder, 1,000 to 8,000 masks of one image.

A straight line costs the same for each; memory is each run's own peak, of a process of its own.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.dataset_rate import make_images, plan_of, silently
from benchmarks.peak_memory import peak
from benchmarks.subjects import in_mode, sample_image
from methods import METHODS
from pipeline.runs.run import prepared

NAME = "EfficientNetLite0"
IMAGES, MASKS = (100, 1_000, 10_000), (1_000, 2_000, 4_000, 8_000)
DIFFERENT = 500  # images; more are links to them
MEMORY_GOAL = 300  # MiB that the largest folder may take above the smallest


def run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        make_images(Path(folder) / "made", DIFFERENT)
        measured = [_measured("folder", count, folder) for count in IMAGES]
    more = measured[-1][1] - measured[0][1]
    _print("Grad-CAM of images, maps stored", IMAGES, measured)
    met = "met" if more <= MEMORY_GOAL else "missed"
    print(f"  memory grows by {more:.0f} MiB (goal {MEMORY_GOAL}: {met})", flush=True)
    _print("RISE by masks", MASKS, [_measured("masks", count, "") for count in MASKS])


def _measured(what: str, count: int, folder: str) -> tuple[float, float]:
    """Seconds, without loading and compiling, and the peak of memory in MiB."""
    command = [sys.executable, "-m", "benchmarks.growth", what, str(count), folder]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    seconds, mebibytes = out.split()[-2:]
    return float(seconds), float(mebibytes)


def _print(title: str, counts: tuple[int, ...], measured: list[tuple[float, float]]) -> None:
    print(f"\n{NAME}, {title}")
    print(f"  {'':>8} {'seconds':>9} {'ms for each':>12} {'peak MiB':>9}")
    for count, (seconds, mebibytes) in zip(counts, measured, strict=True):
        line = f"{seconds:9.1f} {seconds / count * 1e3:12.2f} {mebibytes:9.0f}"
        print(f"  {count:8,} {line}", flush=True)


def folder(count: int, place: Path) -> float:
    """Seconds that so many images take."""
    run_folder = place / f"with-{count}"
    images = run_folder / "images"
    images.mkdir(parents=True)
    made = sorted((place / "made").iterdir())
    for number in range(count):
        (images / f"{number:06}.jpg").symlink_to(made[number % len(made)])
    plan = plan_of(NAME, run_folder, "out", ())
    ready = prepared(plan)
    ready[0].scores(sample_image(ready[0]).repeat(32, axis=0), keep_features=True)  # compiles
    started = time.perf_counter()
    silently(plan, ready)
    return time.perf_counter() - started


def masks(count: int, _: Path) -> float:
    """Seconds that RISE takes with so many masks."""
    classifier = in_mode(NAME, None)
    image = sample_image(classifier)
    best = classifier.scores(image).argmax(axis=1)
    METHODS["RISE"](classifier, image, best, masks=320)  # compiles
    started = time.perf_counter()
    METHODS["RISE"](classifier, image, best, masks=count)
    return time.perf_counter() - started


if __name__ == "__main__":
    what, count, where = sys.argv[1:]
    seconds = {"folder": folder, "masks": masks}[what](int(count), Path(where))
    print(seconds, peak())
