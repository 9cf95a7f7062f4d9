"""Gradients by the pixels in plain compiled forward passes, beside xplique and tf-keras-vis."""

import os

import numpy as np

from benchmarks.subjects import CLASSIFIERS, in_mode, plain_forward, sample_images
from benchmarks.timing import interleaved, print_ratios
from methods import METHODS

GOAL = 2.05  # one pass forwards, and one of about its cost backwards
METHODS_ONCE = ("SALIENCY", "GUIDED_BACKPROP")
SAMPLES = {"SMOOTHGRAD": {"samples": 24}, "INTEGRATED_GRADIENTS": {"steps": 24}}  # whole batches
SECONDS = float(os.environ.get("BENCHMARK_SECONDS", "3"))  # for each way


def run() -> None:
    for name in CLASSIFIERS:
        compiled, folded = in_mode(name, "compiled"), in_mode(name, "folded")
        forward = plain_forward(compiled)
        for batch in (1, 32):
            images = sample_images(compiled, batch)
            classes = np.arange(batch)
            inputs = compiled.preprocess(images)
            ours = {
                f"{method}{mode}": lambda m=METHODS[method], c=classifier, x=images, k=classes: m(
                    c, x, k
                )
                for method in METHODS_ONCE
                for mode, classifier in (("", compiled), (" on the folded model", folded))
            }
            ways = {
                "plain forward pass": lambda f=forward, x=inputs: f(x),
                **ours,
                **peers(compiled, inputs, classes),
            }
            timings = interleaved(ways, rounds=5, seconds=SECONDS)
            goals = dict.fromkeys(ours, GOAL)
            print_ratios(f"Gradients by the pixels, {name}, batch {batch}", timings, goals)
        _print_samples(name, compiled, forward)


def _print_samples(name: str, classifier, forward) -> None:
    """The methods that take means, with as many forward passes as they take samples."""
    image = sample_images(classifier, 1)
    (count,) = {count for options in SAMPLES.values() for count in options.values()}
    inputs = classifier.preprocess(sample_images(classifier, 8))
    ways = {f"{count} plain forward passes": lambda: [forward(inputs) for _ in range(count // 8)]}
    for method, options in SAMPLES.items():
        ways[method] = lambda m=METHODS[method], o=options: m(classifier, image, [0], **o)
    goals = dict.fromkeys(SAMPLES, GOAL)
    timings = interleaved(ways, rounds=5, seconds=SECONDS)
    print_ratios(f"Means of gradients, {name}, {count} samples", timings, goals)


def peers(classifier, inputs, classes) -> dict:
    """Calls by which the other libraries make these maps, as their documentation says."""
    import tensorflow as tf
    from tf_keras_vis.saliency import Saliency
    from tf_keras_vis.utils.scores import CategoricalScore
    from xplique.attributions import GuidedBackprop
    from xplique.attributions import Saliency as XpliqueSaliency

    targets = tf.one_hot(classes, len(classifier.labels))
    score = CategoricalScore(classes.tolist())
    options = {"output_layer": -1, "batch_size": len(inputs)}
    makers = {
        "xplique's saliency": lambda: XpliqueSaliency(classifier.model, **options).explain,
        "xplique's guided": lambda: GuidedBackprop(classifier.model, **options).explain,
        "tf-keras-vis's saliency": lambda: Saliency(classifier.model, clone=True),
    }
    ways = {}
    for peer, make in makers.items():
        try:
            explain = make()
            arguments = (inputs, targets) if peer.startswith("xplique") else (score, inputs)
            explain(*arguments)
            ways[peer] = lambda explain=explain, arguments=arguments: explain(*arguments)
        except Exception as error:  # a peer that fails is told of, and the others go on
            print(f"{peer} fails: {type(error).__name__}: {str(error).splitlines()[0]}")
    return ways
