"""Grad-CAM in plain compiled forward passes, beside xplique and tf-keras-vis."""

import numpy as np

from benchmarks.subjects import CLASSIFIERS, in_mode, plain_forward, sample_images
from benchmarks.timing import interleaved, print_ratios
from gradcam import gradcam

GOALS = {"Grad-CAM": 1.02, "Grad-CAM on the folded model": 0.90}


def run() -> None:
    for name in CLASSIFIERS:
        for batch in (1, 32):
            compiled, folded = in_mode(name, "compiled"), in_mode(name, "folded")
            images = sample_images(compiled, batch)
            classes = np.arange(batch)
            inputs = compiled.preprocess(images)
            forward = plain_forward(compiled)
            ways = {
                "plain forward pass": lambda f=forward, x=inputs: f(x),
                "Grad-CAM": lambda c=compiled, x=images, k=classes: gradcam(c, x, k),
                "Grad-CAM on the folded model": lambda c=folded, x=images, k=classes: gradcam(
                    c, x, k
                ),
                **peers(compiled, inputs, classes),
            }
            timings = interleaved(ways)
            if folded.network.folding_refused:
                print(f"the folded model was not used: {folded.network.folding_refused}")
            print_ratios(f"Grad-CAM, {name}, batch {batch}", timings, GOALS)


def peers(classifier, inputs, classes) -> dict:
    """Calls by which the other libraries make this map, as their documentation says."""
    import tensorflow as tf
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.utils.scores import CategoricalScore
    from xplique.attributions import GradCAM as XpliqueGradCAM

    ways = {}
    targets = tf.one_hot(classes, len(classifier.labels))
    layer = classifier.layer
    for peer, make in {
        "xplique": lambda: (
            XpliqueGradCAM(
                classifier.model, output_layer=-1, batch_size=len(inputs), conv_layer=layer
            ).explain
        ),
        "tf-keras-vis": lambda: Gradcam(classifier.model, clone=True),
    }.items():
        try:
            explain = make()
            if peer == "xplique":
                way = lambda explain=explain: explain(inputs, targets)  # noqa: E731 (one of two)
            else:
                score = CategoricalScore(classes.tolist())
                way = lambda explain=explain, s=score: explain(  # noqa: E731 (the other)
                    s, inputs, penultimate_layer=layer
                )
            way()
            ways[peer] = way
        except Exception as error:  # a peer that fails is told of, and the others go on
            print(f"{peer} fails: {type(error).__name__}: {str(error).splitlines()[0]}")
    return ways
