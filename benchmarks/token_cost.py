"""Grad-CAM on a transformer's tokens, and RFEM, in plain compiled forward passes."""

import numpy as np

from benchmarks.subjects import plain_forward, sample_images
from benchmarks.timing import interleaved, print_ratios
from classifier import load_classifier
from gradcam import gradcam
from methods import METHODS

GOALS = {"Grad-CAM": 1.05}
SIDE, PATCH, WIDTH, HEADS, BLOCKS = 224, 16, 384, 6, 12  # ViT-S/16


def vit(class_token: bool):
    """ViT-S/16 with random weights, read at its class token or by the mean of all tokens."""
    import keras
    from keras import layers, ops

    inputs = keras.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(WIDTH, PATCH, PATCH)(layers.Rescaling(1 / 127.5, offset=-1)(inputs))
    x = layers.ZeroPadding1D((int(class_token), 0))(layers.Reshape((-1, WIDTH))(x))
    for _ in range(BLOCKS):
        h = layers.LayerNormalization()(x)
        x = layers.Add()([x, layers.MultiHeadAttention(HEADS, WIDTH // HEADS)(h, h)])
        h = layers.Dense(4 * WIDTH, "gelu")(layers.LayerNormalization()(x))
        x = layers.Add()([x, layers.Dense(WIDTH)(h)])
    x = layers.LayerNormalization()(x)
    x = x[:, 0] if class_token else ops.mean(x, axis=1)
    return keras.Model(inputs, layers.Dense(1000, "softmax")(x), name="vit")


def run() -> None:
    for class_token in (True, False):
        classifier = load_classifier(vit(class_token))
        classifier.network.mode = "compiled"
        read = "class token" if class_token else "mean"
        for batch in (1, 32):
            images = sample_images(classifier, batch)
            inputs, classes = classifier.preprocess(images), np.arange(batch)
            forward = plain_forward(classifier)
            ways = {
                "plain forward pass": lambda f=forward, x=inputs: f(x),
                "Grad-CAM": lambda c=classifier, x=images, k=classes: gradcam(c, x, k),
                "RFEM": lambda c=classifier, x=images, k=classes: METHODS["RFEM"](c, x, k),
                "CHEFER": lambda c=classifier, x=images, k=classes: METHODS["CHEFER"](c, x, k),
            }
            print_ratios(f"ViT-S/16 by its {read}, batch {batch}", interleaved(ways), GOALS)
