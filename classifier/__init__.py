"""The one door to Keras: classifiers by name, file or function, and what methods ask of them."""

import os
import sys

if "keras" not in sys.modules:
    os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's greetings, not its errors

from classifier.black_box import BlackBox
from classifier.classifier import Classifier
from classifier.loading import DEFAULT_MODEL, as_classifier, load_classifier

__all__ = ["DEFAULT_MODEL", "BlackBox", "Classifier", "as_classifier", "load_classifier"]
