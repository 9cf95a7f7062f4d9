"""Why a map means nothing: said in words, instead of being drawn as if it did."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from classifier import Classifier
from engines.activation_maps import over_positions
from engines.perturbation import ROUNDING
from methods import Method

NOISE = 1.2  # a map of nothing but noise has 1 +- 0.1 times its standard error as spread
SATURATED = 1 - 1e-6  # a probability from here on leaves its own gradient nothing to say
UNCHANGED = "the class's score does not change with what is hidden"
CHECK = "check its weights and its preprocessing"


def diagnose(
    saliency_map: np.ndarray,
    classifier: Classifier,
    image: np.ndarray,
    class_index: int,
    method: Method,
    score: float | None = None,
    noted: Mapping[str, np.ndarray] = MappingProxyType({}),
) -> str | None:
    """The likely cause where the map (h, w) is zero, constant, noise or not finite; else None.

    Looks into the classifier again, so it costs a pass, but only then. `image` is (H, W, 3) at
    the classifier's input size, `score` its score of the class, `noted` the arrays that the method
    noted of this map.
    """
    saliency_map = np.asarray(saliency_map)
    if score is not None and not method.class_agnostic and not np.isfinite(score):
        return f"the classifier's own score of the class is not finite: {CHECK}"
    if not np.isfinite(saliency_map).all():
        return "the map is not finite: " + _cause_of_nan(classifier, image)
    if saliency_map.max() == saliency_map.min():
        kind = "zero everywhere" if saliency_map.max() == 0 else "the same everywhere"
        return f"the map is {kind}: " + _cause_of_nothing(classifier, image, class_index, method)
    if np.ptp(saliency_map) <= ROUNDING * np.abs(saliency_map).max():
        return "the map is the same everywhere, but for rounding"
    return _noise(saliency_map, noted)


def _noise(saliency_map: np.ndarray, noted: Mapping[str, np.ndarray]) -> str | None:
    """Words for a map that its samples, or rounding, have made by themselves."""
    if "score_range" in noted and float(noted["score_range"]) <= ROUNDING:
        return f"the map is noise: {UNCHANGED} (by more than rounding)"
    if "standard_error" not in noted:
        return None
    spread = float(np.std(saliency_map, dtype=np.float64))
    error = float(np.sqrt(np.mean(np.square(noted["standard_error"], dtype=np.float64))))
    if spread > NOISE * error:
        return None
    return (
        f"the map is noise: its values differ by {spread:.2g}, and by {error:.2g} by chance alone "
        "(more samples may show something)"
    )


def _cause_of_nan(classifier: Classifier, image: np.ndarray) -> str:
    if not np.isfinite(classifier.logits(image[np.newaxis])).all():
        return f"the classifier's own scores are not; {CHECK}"
    return "the scores are finite, so a gradient or a feature has overflowed"


def _cause_of_nothing(classifier, image: np.ndarray, class_index: int, method: Method) -> str:
    if method.is_baseline:
        return "the image has the same luminance everywhere"
    if not method.needs_layers:
        return UNCHANGED
    if method.by_pixels:
        return _cause_of_no_slope(classifier, image, class_index)
    causes = (
        _cause_in_layer(classifier, image, class_index, method, layer)
        for layer in classifier.layers
    )
    return "; ".join(dict.fromkeys(causes))


def _cause_in_layer(classifier, image, class_index: int, method: Method, path: str) -> str:
    features, gradients = classifier.feature_gradients(image[np.newaxis], [class_index], path)
    layer = f"layer {path}"
    if not features.any():
        return f"every feature of {layer} is 0 (a dead layer, or the wrong preprocessing)"
    positions = over_positions(features)
    if np.ptp(features, axis=positions).max() == 0:
        return f"the features of {layer} are the same at every position"
    if method.class_agnostic:
        cells = features[0, ..., 0].size
        return (
            f"no feature of {layer} stands out far enough from its channel's mean (among {cells} "
            f"positions none is more than {(cells - 1) ** 0.5:.1f} standard deviations above it)"
        )
    if not gradients.any():
        if saturated := _saturated(classifier, image, class_index):
            return saturated
        return f"the class does not depend on {layer} (no path, or ReLUs that are all shut)"
    if ((features * gradients.mean(axis=positions, keepdims=True)).sum(axis=-1) > 0).any():
        return _cause_of_no_slope(classifier, image, class_index)
    return f"the weighted sum of {layer}'s channels is nowhere positive for this class"


def _cause_of_no_slope(classifier, image: np.ndarray, class_index: int) -> str:
    """Why a map of the gradient by the pixels is the same everywhere."""
    gradients = classifier.input_gradients(image[np.newaxis], [class_index])[0]  # (H, W, C)
    if not gradients.any():
        return _saturated(classifier, image, class_index) or (
            "the class's gradient by the pixels is 0 (ReLUs that are all shut, no path, or a step "
            "on the way that has no derivative, such as rounding to whole numbers)"
        )
    if np.ptp(gradients, axis=(0, 1)).max() == 0:
        return "the class's gradient is the same at every pixel (it sees only the image's mean)"
    return (
        "the class's gradient by the pixels is not 0, but the method leaves nothing of it (the "
        "rule of its ReLUs shuts every path, or the image is its baseline)"
    )


def _saturated(classifier, image: np.ndarray, class_index: int) -> str | None:
    """Words for a class whose probability is so near 0 or 1 that it has no gradient left."""
    if classifier.task == "regression":
        return None
    probability = classifier.score_of(classifier.scores(image[np.newaxis])[0], class_index)
    if min(probability, 1 - probability) < 1 - SATURATED:
        return f"the class is saturated (probability {probability:.7g}), its gradient is 0"
    return None
