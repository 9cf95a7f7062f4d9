"""RISE and LIME in as many plain compiled forward passes, beside xplique and the lime package.

Rounds are long: ResNet50 takes about half an hour on two cores (BENCHMARK_COUNT=320: ten minutes).
"""

import os
import subprocess
import sys
from functools import partial

import numpy as np

from benchmarks import timing
from benchmarks.subjects import CLASSIFIERS, in_mode, plain_forward, sample_image, sample_images
from engines.statistics import correlation
from methods import METHODS

COUNT = int(os.environ.get("BENCHMARK_COUNT", "1000"))  # masks and samples
GOALS = {"RISE": 0.93, "LIME": 0.95, "RISE, bfloat16": 0.50, "LIME, bfloat16": 0.52}
MEMORY_GOAL = 64  # MiB above the forward pass
ROUNDS = 5


def run() -> None:
    for name in CLASSIFIERS:
        classifier, coarse = in_mode(name, None), in_mode(name, None)
        coarse.precision = "bfloat16"
        forward = plain_forward(classifier)
        batch = classifier.preprocess(sample_images(classifier, 32))
        image = sample_image(classifier)
        best = classifier.scores(image).argmax(axis=1)
        ways = {
            f"{COUNT} plain forward passes": partial(_passes, forward, batch, COUNT),
            "RISE": partial(METHODS["RISE"], classifier, image, best, masks=COUNT),
            "LIME": partial(METHODS["LIME"], classifier, image, best, samples=COUNT),
            "RISE, bfloat16": partial(METHODS["RISE"], coarse, image, best, masks=COUNT),
            "LIME, bfloat16": partial(METHODS["LIME"], coarse, image, best, samples=COUNT),
            **peers(classifier, image, best, forward),
        }
        timings = timing.interleaved(ways, warm_up=1, rounds=ROUNDS, seconds=0)
        timing.print_ratios(f"{name}, {COUNT} passes, batch 32", timings, GOALS)
        for method in ("RISE", "LIME"):
            agreement = correlation(ways[method](), ways[f"{method}, bfloat16"]())
            print(f"  {method} in bfloat16 correlates {agreement:.4f} with float32")
        _print_memory(name)


def _passes(forward, batch: np.ndarray, count: int) -> None:
    for start in range(0, count, len(batch)):
        forward(batch[: min(len(batch), count - start)])


def peers(classifier, image: np.ndarray, best: np.ndarray, forward) -> dict:
    """Calls by which the other libraries run these methods, as their documentation says."""
    import tensorflow as tf
    from lime import lime_image
    from xplique.attributions import Lime, Rise

    inputs = classifier.preprocess(image)
    targets = tf.one_hot(best, len(classifier.labels))
    xplique_rise = Rise(classifier.model, batch_size=32, nb_samples=COUNT)
    xplique_lime = Lime(classifier.model, batch_size=32, nb_samples=COUNT)

    def lime_package():
        return lime_image.LimeImageExplainer(random_state=0).explain_instance(
            image[0].astype(np.double) / 255,
            lambda batch: forward(classifier.preprocess(255 * np.asarray(batch, np.float32))),
            top_labels=1,
            num_samples=COUNT,
            batch_size=32,
        )

    ways = {
        "xplique's RISE": lambda: xplique_rise.explain(inputs, targets),
        "xplique's LIME": lambda: xplique_lime.explain(inputs, targets),
        "lime, compiled forward": lime_package,
    }
    working = {}
    for peer, way in ways.items():
        try:
            way()
            working[peer] = way
        except Exception as error:  # a peer that fails is told of, and the others go on
            print(f"{peer} fails: {type(error).__name__}: {str(error).splitlines()[0]}")
    return working


def _print_memory(name: str) -> None:
    """Peak memory of whole processes: forward passes, and RISE with few and with many masks."""
    plain, folded = _peak(name, "forward", COUNT), _peak(name, "folded", COUNT)
    print(
        f"  peak memory, {name}, {COUNT} forward passes: plain {plain:.0f} MiB, folded {folded:.0f}"
    )
    for way, count in (("RISE", COUNT), ("RISE", 4 * COUNT), ("LIME", COUNT)):
        peak = _peak(name, way, count)
        met = ["met" if peak - base <= MEMORY_GOAL else "missed" for base in (plain, folded)]
        print(
            f"    {way}, {count}: {peak:.0f} MiB; above plain {peak - plain:+.0f} ({met[0]}), "
            f"above the folded model {peak - folded:+.0f} ({met[1]}); goal {MEMORY_GOAL}",
            flush=True,
        )


def _peak(name: str, way: str, count: int) -> float:
    command = [sys.executable, "-m", "benchmarks.peak_memory", name, way, str(count)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(result.stdout.split()[-1])
