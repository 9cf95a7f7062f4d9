"""A classifier around a model or a function of the user's own: what it says of itself is checked.

What cannot be known for sure is said to the reader as a caution.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from classifier.black_box import BlackBox, are_probabilities
from classifier.classifier import Classifier
from classifier.detector import Detector
from classifier.input_shape import input_shape
from classifier.labels import Labels, named_classes, numbered_labels, read_labels
from classifier.network.anatomy import trial_images
from classifier.network.network import Network
from classifier.preprocessing import find_preprocessing
from runtime import first_line

NO_PREPROCESSING = (
    "{0} does not rescale images itself, so say what it was trained on: --preprocessing none, "
    "tf, caffe, torch or an application's name (or write it into {0}.json)"
)
TWICE = (
    "{0} preprocesses its images itself, and preprocessing {1} comes before that: say none, unless "
    "it was trained so"
)
REGRESSION = (
    "{0} gives one number that is no probability, and its classes have no names: it is taken for a "
    "regression, and the number is explained (task classification, or two class names, make it the "
    "logit of a class)"
)
LOGITS = (
    "{0} ends without softmax or sigmoid: its {1} outputs are taken for logits, and scores are "
    "their {2} (say so with multi_label false or true, or task regression if they are none)"
)
ENDS_IN_PROBABILITY = ("Softmax", "Sigmoid")


def around_model(model, name: str, options: dict[str, Any]) -> Classifier:
    """The classifier around a Keras model. Raises ValueError, in one line, where it will not do."""
    preprocess = _preprocessing(options)
    shape = input_shape(model, options)
    network = Network(model, shape, preprocess or _unchanged, _link(options))
    _try(network, name)
    cautions = []
    if _is_regression(network, options):
        network = Network(model, shape, preprocess or _unchanged, "identity")
        cautions.append(REGRESSION.format(name))
    elif network.trace.logits.is_own_output and not {"task", "multi_label"} & options.keys():
        cautions.append(LOGITS.format(name, network.outputs, network.link_to_scores))
    rescales = any(entry.is_scaled for entry in network.entries[:1])
    if preprocess is None and not rescales:
        raise ValueError(NO_PREPROCESSING.format(name))
    if rescales and options.get("preprocessing", "none") != "none":
        cautions.append(TWICE.format(name, options["preprocessing"]))
    labels = _labels(options, network)
    return _classifier(name, network, labels, preprocess or _unchanged, options, cautions)


def _try(network: Network, name: str) -> None:
    """Raises ValueError where the model fails, or its weights are not finite."""
    try:
        output = network.trace.output
    except Exception as error:  # the user's own layers, or one line of ours
        if isinstance(error, ValueError) and "\n" not in str(error):
            raise
        reason = f"{type(error).__name__}: {first_line(error)}"
        raise ValueError(f"{name} fails on an image of noise: {reason}") from error
    if np.isfinite(output).all():
        return
    for call in network.trace.calls:
        weights = getattr(call.layer, "weights", ()) if call.is_leaf else ()
        if not all(np.isfinite(variable).all() for variable in weights):
            raise ValueError(
                f"{name}'s own scores are not finite: layer {call.path} has weights that are NaN "
                "or infinite (its training has failed)"
            )


def _is_regression(network: Network, options: dict[str, Any]) -> bool:
    """Whether one number is no probability, and nobody has said that it is a class's logit."""
    said = {"task", "multi_label", "class_names"} & options.keys()
    return network.outputs == 1 and network.trace.logits.is_own_output and not said


def around_function(function: Callable, name: str, options: dict[str, Any]) -> Classifier:
    """The classifier, or detector, around a function images -> scores, or boxes and scores."""
    preprocess = _preprocessing(options)
    if preprocess is None and getattr(function, "needs_preprocessing", False):
        raise ValueError(NO_PREPROCESSING.format(name))
    shape = input_shape(function, options)
    names = getattr(function, "class_names", None)
    options = ({} if names is None else {"class_names": names}) | options
    network = BlackBox(function, shape)
    cautions = []
    try:
        if isinstance(function(np.zeros((1, *shape), np.float32)), (tuple, list)):
            network = Detector(function, shape)
            network.scores(np.zeros((1, *shape), np.float32))
        else:
            output = network.output((preprocess or _unchanged)(trial_images(shape)))
            if not np.isfinite(output).all():
                raise ValueError("the classifier's own scores are not finite (NaN or infinite)")
            last = getattr(function, "last_operation", "")
            network.link_to_scores = function_link(output, options, last)
            cautions = _cautions_of_function(network, name, options)
    except Exception as error:  # the user's own code, or one line of ours
        if isinstance(error, ValueError) and "\n" not in str(error):
            raise
        reason = f"{type(error).__name__}: {first_line(error)}"
        raise ValueError(f"{name} fails on a black image: {reason}") from error
    labels = _labels(options, network)
    return _classifier(name, network, labels, preprocess or _unchanged, options, cautions)


def function_link(output: np.ndarray, options: dict[str, Any], last: str) -> str | None:
    """What makes scores of what a function gives (N, K); None where these are probabilities.

    `last` is the last operation of its graph, if it has one that is known.
    """
    if link := _link(options):
        sums_to_one = np.allclose(output.sum(axis=1), 1, atol=1e-3)
        probable = are_probabilities(output) and (link == "sigmoid" or sums_to_one)
        return None if probable and link != "identity" else link
    computed = last and last not in ENDS_IN_PROBABILITY and not np.allclose(output.sum(axis=1), 1)
    if are_probabilities(output) and not (computed and last in LINEAR):
        return None
    if output.shape[1] == 1:
        said = {"class_names", "task"} & options.keys()
        return "sigmoid" if said else "identity"
    return "softmax"


LINEAR = ("MatMul", "BiasAdd", "Add", "AddV2", "Einsum", "Mean", "_FusedMatMul")


def _cautions_of_function(network: BlackBox, name: str, options: dict[str, Any]) -> list[str]:
    if network.link_to_scores is None or {"task", "multi_label"} & options.keys():
        return []
    if network.link_to_scores == "identity":
        return [REGRESSION.format(name)]
    return [LOGITS.format(name, network.outputs, network.link_to_scores)]


def _link(options: dict[str, Any]) -> str | None:
    """What makes scores of an output that is no probability, as far as it was said."""
    if options.get("task") == "regression":
        return "identity"
    links = {True: "sigmoid", False: "softmax"}
    return links.get(options.get("multi_label"))


def _classifier(name, network, labels, preprocess, options, cautions) -> Classifier:
    source = {key: str(value) for key, value in options.items()}
    return Classifier(
        name,
        network,
        labels,
        preprocess,
        weights="file",
        source=source,
        cautions=tuple(cautions),
    )


def _preprocessing(options: dict[str, Any]) -> Callable | None:
    """The function that was given, or named; None where nothing was said."""
    preprocess = options.get("preprocessing")
    return find_preprocessing(preprocess) if isinstance(preprocess, str) else preprocess


def _unchanged(images: np.ndarray) -> np.ndarray:
    return images


def _labels(options: dict[str, Any], network: Network | BlackBox) -> Labels:
    """The classes by their names, or numbers; one output stands for two, but of a regression."""
    outputs, names = network.outputs, options.get("class_names")
    if network.link_to_scores == "identity":
        if names is None:
            return Labels(["output"] if outputs == 1 else [f"output {i}" for i in range(outputs)])
        count, kind = outputs, f"a regression of {outputs} outputs"
    else:
        count = outputs if isinstance(network, Detector) else max(outputs, 2)
        kind = f"a classifier of {count} classes"
    if names is None:
        return numbered_labels(count)
    labels = named_classes(names) if isinstance(names, (list, dict)) else read_labels(names)
    if len(labels) != count:
        raise ValueError(f"class_names: {len(labels)} names for {kind}")
    return labels
