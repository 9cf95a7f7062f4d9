"""Whole folders: images a second, end to end, beside the bare compiled forward pass.

JPEGs of 800 x 600 are read, explained by Grad-CAM for their predicted class, and stored. As for the
bare pass, the classifier's loading and compiling are not counted; what they take is told.
"""

import contextlib
import io
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.subjects import CLASSIFIERS, in_mode, plain_forward, sample_images
from classifier import Classifier
from images import find_images
from methods import METHODS
from pipeline.plan import ClassifierChoice, Display, Plan
from pipeline.runs.run import prepared
from pipeline.runs.run import run as carry_out

COUNT, SIZE = 500, (800, 600)
GOALS = {"EfficientNetLite0": 0.75, "ResNet50": 0.9}
ROUNDS = 3
SAMPLES = ("macaw", "coffee", "polar_bear", "dog_cat", "african_elephant")


def run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        make_images(Path(folder) / "images", COUNT)
        for name in CLASSIFIERS:
            _compare(name, Path(folder))


def make_images(folder: Path, count: int) -> None:
    """So many JPEGs of 800 x 600, each another crop of a sample image."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    data = Path(__file__).parent.parent / "data"
    samples = [Image.open(data / f"{name}.jpg").convert("RGB") for name in SAMPLES]
    for number in range(count):
        sample = samples[number % len(samples)]
        left, top = (int(rng.integers(0, side // 4)) for side in sample.size)
        box = (left, top, left + 3 * sample.width // 4, top + 3 * sample.height // 4)
        sample.resize(SIZE, Image.Resampling.BICUBIC, box).save(
            folder / f"{number:05}.jpg", quality=90
        )


def _compare(name: str, folder: Path) -> None:
    classifier = in_mode(name, None)
    forward = plain_forward(classifier)
    batch = classifier.preprocess(sample_images(classifier, 32))
    bare, stored, drawn = [], [], []
    plan = plan_of(name, folder, f"{name}-cold", ())
    started = time.perf_counter()
    ready = prepared(plan)
    silently(plan, ready)
    cold = COUNT / (time.perf_counter() - started)
    for number in range(ROUNDS):
        forward(batch)
        bare.append(_rate(lambda: [forward(batch) for _ in range(COUNT // 32)], COUNT // 32 * 32))
        for rates, representations in ((stored, ()), (drawn, ("overlay",))):
            plan = plan_of(name, folder, f"{name}-{number}-{len(representations)}", representations)
            rates.append(_rate(lambda plan=plan: silently(plan, ready), COUNT))
    unit = np.median(bare)
    print(f"\n{name}, {COUNT} JPEGs of {SIZE[0]} x {SIZE[1]}, {ROUNDS} rounds in turn")
    goal = GOALS[name]
    for label, rates, least in (
        ("bare compiled forward pass", bare, None),
        ("maps stored, nothing drawn", stored, goal),
        ("overlays as PNG too", drawn, goal / 2),
        ("maps stored, with loading and compiling", [cold], None),
    ):
        ratio = np.median(rates) / unit
        met = (
            "" if least is None else f"  goal {least:.3f}: {'met' if ratio >= least else 'missed'}"
        )
        print(f"  {label:40} {np.median(rates):7.1f} a second {ratio:6.3f}{met}", flush=True)


def plan_of(name: str, folder: Path, out: str, representations: tuple[str, ...]) -> Plan:
    """Grad-CAM of all images in the folder, into a store of its own."""
    return Plan(
        images=tuple(find_images([folder / "images"])),
        classifiers=(ClassifierChoice(model_name=name, weights=CLASSIFIERS[name]),),
        methods=(METHODS["GRADCAM"].call(),),
        display=Display(representations=representations, kind="bare", output_dir=folder / out),
    )


def silently(plan: Plan, classifiers: list[Classifier]) -> None:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        if carry_out(plan, classifiers):
            raise RuntimeError("some images failed")


def _rate(work, count: int) -> float:
    started = time.perf_counter()
    work()
    return count / (time.perf_counter() - started)
