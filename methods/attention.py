"""Attention of multiple-instance classifiers (Ilse 2018, https://arxiv.org/abs/1802.04712).

    z = sum over k of a_k h_k,    a = softmax( w^T tanh(V h_k) )      (eq. 7 and 8; 9 if gated)

h_k are features of the patches of an image, z is what the class is read from. `tools/train_mil.py`
trains such a classifier from images whose classes are known, and nothing of where in them.
"""

from typing import Annotated

import numpy as np

from classifier.network.trace import LayerCall
from runtime import tally


def attention(
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    *,
    layer: Annotated[str, "which gives the weights (N, h, w, 1)"] = "attention",
) -> np.ndarray:
    """Attention: (N, h, w), each patch's weight in the decision; class-agnostic; they sum to 1.

    Ilse 2018, eq. 8. Raises ValueError where the classifier has no such layer.
    """
    path = attention_layer(classifier, layer).path
    tally(passes=1)
    return classifier.features(images, path)[..., 0]


def attention_layer(classifier, name: str) -> LayerCall:
    """The layer of that name, which gives one number for each patch; else raises ValueError."""
    classifier.need_layers()
    try:
        call = classifier.find_layer(name)
    except ValueError as error:
        raise ValueError(
            f"ATTENTION is of classifiers that pool patches by attention, as tools/train_mil.py "
            f"trains them; {classifier.name}: {error}"
        ) from error
    if call.shape[-1] != 1:
        raise ValueError(
            f"ATTENTION: layer '{name}' gives {call.shape[1:]}, not a weight for each patch "
            "(h, w, 1)"
        )
    return call
