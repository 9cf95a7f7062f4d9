"""From RGB images in [0, 255] to what a classifier was trained on."""

from collections.abc import Callable

import numpy as np

from classifier.names import is_known

MODES = ("none", "tf", "caffe", "torch")  # Keras's three, and nothing
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


def find_preprocessing(name: str) -> Callable[[np.ndarray], np.ndarray]:
    """The function (N, H, W, 3) -> (N, H, W, 3) of that name: a mode, or an application's own.

    Raises ValueError with the names that there are.
    """
    if name == "none":
        return lambda images: images
    if name in MODES:
        import keras

        preprocess = keras.applications.imagenet_utils.preprocess_input
        return lambda images: preprocess(np.array(images, np.float32), mode=name)
    from classifier.applications import find_application

    check_preprocessing(name)
    return find_application(name).preprocess


def check_preprocessing(name: str) -> None:
    """Raises ValueError, with the names that there are, for preprocessing of no such name."""
    if name not in MODES and not is_known(name):
        raise ValueError(
            f"no preprocessing '{name}': give {', '.join(MODES)} or the name of an application"
        )


def with_channels(images: np.ndarray, channels: int) -> np.ndarray:
    """(N, H, W, 3) RGB -> (N, H, W, channels): grey by luma for 1.

    Raises ValueError for other numbers than 1 and 3.
    """
    if channels == 3:
        return images
    if channels == 1:
        return (images @ LUMA)[..., np.newaxis]
    raise ValueError(f"the classifier takes {channels} channels; images have 3, or 1 if grey")
