"""The classifiers and pictures that every benchmark runs on."""

import numpy as np

from classifier import Classifier, load_classifier

# name -> weights: ResNet50's cannot be downloaded everywhere, and speed does not depend on them
CLASSIFIERS = {"ResNet50": "random", "EfficientNetLite0": None}


def in_gear(name: str, gear: str) -> Classifier:
    """The classifier, forced to run eagerly, compiled or on the inference twin."""
    classifier = load_classifier(name, weights=CLASSIFIERS[name])
    classifier.network.gear = gear
    return classifier


def pictures(classifier: Classifier, count: int) -> np.ndarray:
    """(count, H, W, 3) float32 noise in [0, 255]."""
    shape = (count, *classifier.input_size, 3)
    return np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)


def plain_forward(classifier: Classifier):
    """The unit: the Keras model in a `tf.function`, float32, batch open; inputs -> scores."""
    import tensorflow as tf

    model = classifier.model
    signature = [tf.TensorSpec((None, *classifier.network.input_shape), tf.float32)]
    forward = tf.function(lambda inputs: model(inputs, training=False), input_signature=signature)
    return lambda inputs: forward(inputs).numpy()
