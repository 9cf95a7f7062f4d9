"""FEM, feature explanation method (Fuad 2020, https://doi.org/10.1109/IPTA50016.2020.9286629).

Which positions are rare and strong in the last convolution layer, whatever the class. The features
A (h, w, K) of an image are filtered channel by channel by the k-sigma rule:

    mu_k    = mean over i, j of A_ijk
    sigma_k = sqrt( mean over i, j of (A_ijk - mu_k)^2 )        (population standard deviation)
    B_ijk   = 1 where A_ijk > mu_k + k sigma_k, else 0          (k = 2: the upper tail)
    FEM_ij  = sum over k of mu_k B_ijk                          (channels weighted by their mean)

No gradient is taken and no class is asked for: it says what the network saw, not why it decided.
"""

from pathlib import Path
from typing import Annotated

import numpy as np

from classifier import DEFAULT_MODEL, as_classifier
from engines.activation_maps import average, placed
from images import read_image, resized
from runtime import tally
from utils import get_required_size

SIGMA = 2.0

K = Annotated[float, "how many standard deviations above its mean a feature must be"]


def get_img_array(img_path: str | Path, content: bytes | None = None) -> np.ndarray:
    """(H, W, 3) uint8 RGB of an image file. Raises ImageError where it cannot be read.

    `content` is the file's, where it was read before.
    """
    return read_image(img_path, content)


def expand_flat_values_to_activation_shape(
    values: np.ndarray, positions: tuple[int, ...]
) -> np.ndarray:
    """(K,) -> (h, w, K), `positions` being (h, w): each channel's value at every position."""
    return np.broadcast_to(values, (*positions, len(values)))


def compute_binary_maps(features: np.ndarray, sigma: float = SIGMA) -> np.ndarray:
    """B (h, w, K) bool of the features A (h, w, K): [A_k > mu_k + sigma sigma_k]."""
    positions = tuple(range(features.ndim - 1))
    mean = features.mean(axis=positions, dtype=np.float64)
    spread = features.std(axis=positions, dtype=np.float64)
    bound = expand_flat_values_to_activation_shape(mean + sigma * spread, features.shape[:-1])
    return features > bound


def aggregate_binary_maps(binary: np.ndarray, features: np.ndarray) -> np.ndarray:
    """(h, w): the binary maps (h, w, K) summed, each weighted by the mean of its channel in A."""
    mean = features.mean(axis=tuple(range(features.ndim - 1)), dtype=np.float64)
    return (binary @ mean).astype(np.float32)


def compute_fem(image, model_name=DEFAULT_MODEL, sigma: float = SIGMA) -> np.ndarray:
    """The FEM map (h, w) of an image: a file, or (H, W, 3) RGB in [0, 255] of any size.

    `model_name` is a classifier's name, or a Classifier.
    """
    if isinstance(image, (str, Path)):
        image = get_img_array(image)
    classifier = as_classifier(model_name)
    image = resized(np.asarray(image), get_required_size(classifier))
    return fem(classifier, image[np.newaxis], [0], k=sigma)[0]


def fem(
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    *,
    k: K = SIGMA,
) -> np.ndarray:
    """FEM: (N, h, w), where features are rare and strong; class-agnostic, the class is ignored.

    Units are those of the features; of several layers it is the average. Fuad 2020. Of clips it is
    (N, t, h, w): mean and deviation are over time too.
    """
    layers = classifier.map_layers
    return average([fem_of_layer(classifier, images, layer, k) for layer in layers])


def fem_of_layer(classifier, images: np.ndarray, layer: str, k: float = SIGMA) -> np.ndarray:
    """The FEM maps (N, h, w) of one layer, on the part of the image that it sees."""
    features = classifier.features(images, layer)
    tally(passes=1)
    maps = np.stack([aggregate_binary_maps(compute_binary_maps(A, k), A) for A in features])
    return placed(maps, classifier, layer)
