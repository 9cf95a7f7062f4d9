"""The classifiers and images that every benchmark runs on."""

from pathlib import Path

import numpy as np

from classifier import Classifier, load_classifier
from images import read_image, resized

# name -> weights: ResNet50's cannot be downloaded everywhere, and speed does not depend on them
CLASSIFIERS = {"EfficientNetLite0": None, "ResNet50": "random"}


def in_mode(name: str, mode: str | None) -> Classifier:
    """The classifier, forced into one of its network's gears; None: as it pays."""
    classifier = load_classifier(name, weights=CLASSIFIERS[name])
    classifier.network.mode = mode
    return classifier


def sample_images(classifier: Classifier, count: int) -> np.ndarray:
    """(count, H, W, 3) float32 noise in [0, 255]."""
    shape = (count, *classifier.input_size, 3)
    return np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)


def sample_image(classifier: Classifier) -> np.ndarray:
    """(1, H, W, 3) float32: a sample image, on which superpixels mean something."""
    path = Path(__file__).parent.parent / "data" / "dog_cat.jpg"
    return resized(read_image(path), classifier.input_size)[np.newaxis]


def plain_forward(classifier: Classifier):
    """The unit: the Keras model in a `tf.function`, float32, batch open; inputs -> scores."""
    import tensorflow as tf

    model = classifier.model
    signature = [tf.TensorSpec((None, *classifier.input_shape), tf.float32)]
    forward = tf.function(lambda inputs: model(inputs, training=False), input_signature=signature)
    return lambda inputs: forward(inputs).numpy()
