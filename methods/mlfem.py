"""MLFEM, FEM on several layers (after Bourroux 2022)."""

from typing import Annotated, Literal

import numpy as np

from engines.activation_maps import at_largest_size
from fem import SIGMA, K, fem_of_layer
from runtime import note
from utils import normalise

FUSIONS = {"mean": np.mean, "max": np.max, "product": np.prod}


def mlfem(
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    *,
    k: K = SIGMA,
    fusion: Annotated[
        Literal["mean", "max", "product"], "what becomes of the layers' maps at a position"
    ] = "mean",
) -> np.ndarray:
    """MLFEM: (N, h, w) in [0, 1], FEM of several layers in one; class-agnostic.

    The last layer of each resolution up to the target layer, or those that were set. Each map is
    upsampled to the largest and divided by its maximum, negatives at 0. The fusion is ours: the
    paper was not read.
    """
    _ = classifier.map_layers  # says why where there are none
    layers = classifier.layers_of_all_sizes
    note(layers=list(layers))
    maps = at_largest_size([fem_of_layer(classifier, images, layer, k) for layer in layers])
    maps = np.maximum(maps, 0)
    scaled = np.array([[normalise(saliency_map) for saliency_map in layer] for layer in maps])
    return FUSIONS[fusion](scaled, axis=0)
