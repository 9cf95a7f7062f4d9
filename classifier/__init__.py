"""The one door to Keras: classifiers by name, file or function, and what methods ask of them."""

import os
import sys

from runtime.start_up import quiet_settings

if "keras" not in sys.modules:
    os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.update(quiet_settings())

from classifier.black_box import BlackBox
from classifier.classifier import Classifier
from classifier.loading import DEFAULT_MODEL, as_classifier, load_classifier

__all__ = ["DEFAULT_MODEL", "BlackBox", "Classifier", "as_classifier", "load_classifier"]
