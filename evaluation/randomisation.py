"""The sanity check by model parameter randomisation (Adebayo 2018, https://arxiv.org/abs/1810.03292).

A map that stays the same when the classifier forgets what it has learnt does not explain it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import numpy as np

from evaluation.metric import positions
from registry import COUNT, SEED
from representations import upsampled, upsampled_clip
from runtime import note, progress


def randomisation(
    maps: np.ndarray,
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray,
    explain: Callable[[np.ndarray, np.ndarray], np.ndarray],
    *,
    stages: Annotated[int, "maps along the way from the top layer to all layers", COUNT] = 8,
    seed: Annotated[int, "of the new weights", SEED] = 0,
) -> np.ndarray:
    """The map's mean rank correlation with those after layers from the top on were re-initialised.

    Adebayo 2018, section 3, cascading randomisation; Spearman's correlation of absolute values, 0
    where the new map is constant. Notes the cascade: how many layers, and the correlation. The
    weights are put back. Raises ValueError for a classifier without layers.
    """
    layers = weighted_layers(classifier)
    ends = sorted({1, *np.linspace(1, len(layers), stages).round().astype(int).tolist()})
    before = _ranks(maps)
    correlations = []
    with put_back(classifier, layers):
        done = 0
        for end in progress(ends, len(ends)):
            for number in range(done, end):
                reinitialise(layers[number], [seed, number])
            done = end
            classifier.forget()
            changed = explain(images, class_indices)
            correlations.append((before * _ranks(_as_large(changed, maps.shape[1:]))).mean(axis=1))
    cascade = np.array(correlations).T  # (N, stages)
    note(cascade=[[ends[: len(row)], row.tolist()] for row in cascade])
    constant = np.ptp(maps, axis=positions(maps)) == 0
    unfinished = len(correlations) < len(ends)
    return np.where(constant | unfinished, np.nan, cascade.mean(axis=1))


def weighted_layers(classifier) -> list:
    """The classifier's layers with weights, each once, the last to be called first."""
    calls = classifier.layer_calls if classifier.model is not None else ()
    leaves = [call.layer for call in calls if call.is_leaf and call.is_weighted]
    return list({id(layer): layer for layer in reversed(leaves)}.values())


def reinitialise(layer, seed: list[int]) -> None:
    """Draws the layer's weights anew by its own initializers; where it has none, shuffles them."""
    import keras

    for number, variable in enumerate(layer.weights):
        rng = np.random.default_rng([*seed, number])
        initializer = getattr(layer, f"{variable.name}_initializer", None)
        if isinstance(initializer, keras.initializers.Initializer):
            config = initializer.get_config()
            config |= {"seed": int(rng.integers(2**31))} if "seed" in config else {}
            fresh = type(initializer).from_config(config)
            variable.assign(fresh(variable.shape, variable.dtype))
        else:
            variable.assign(rng.permutation(np.ravel(variable)).reshape(variable.shape))


@contextmanager
def put_back(classifier, layers: list) -> Iterator[None]:
    """On leaving, the layers have the weights that they had before."""
    before = [[np.array(variable) for variable in layer.weights] for layer in layers]
    try:
        yield
    finally:
        for layer, values in zip(layers, before, strict=True):
            for variable, value in zip(layer.weights, values, strict=True):
                variable.assign(value)
        classifier.forget()


def _ranks(maps: np.ndarray) -> np.ndarray:
    """(N, H W) ranks of the absolute values, mean 0 and deviation 1; 0 for a constant map."""
    from scipy.stats import rankdata

    ranks = rankdata(np.nan_to_num(np.abs(maps)).reshape(len(maps), -1), axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    deviation = ranks.std(axis=1, keepdims=True)
    return ranks / np.where(deviation > 0, deviation, 1)


def _as_large(maps: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    bring = upsampled if len(size) == 2 else upsampled_clip
    return np.stack([bring(saliency_map, size) for saliency_map in maps])
