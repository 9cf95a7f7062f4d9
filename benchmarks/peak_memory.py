"""python -m benchmarks.peak_memory CLASSIFIER WAY COUNT: this process's peak memory, MiB.

WAY is `forward` (plain compiled passes), `folded` (passes on the folded model), or a method.
"""

import re
import sys
from pathlib import Path

from benchmarks.perturbation_cost import _passes
from benchmarks.subjects import in_mode, plain_forward, sample_image, sample_images
from methods import METHODS


def main(name: str, way: str, count: str) -> None:
    classifier = in_mode(name, "folded" if way == "folded" else None)
    if way in METHODS:
        image = sample_image(classifier)
        best = classifier.scores(image).argmax(axis=1)
        option = "masks" if way == "RISE" else "samples"
        METHODS[way](classifier, image, best, **{option: int(count)})
    else:
        batch = classifier.preprocess(sample_images(classifier, 32))
        forward = plain_forward(classifier) if way == "forward" else classifier.network.scores
        _passes(forward, batch, int(count))
    print(peak())


def peak() -> float:
    """This process's own peak, MiB; getrusage would count its parent's too."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
