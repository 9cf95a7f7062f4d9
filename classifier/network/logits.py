"""Where a model's logits are: found by the numbers of one pass, at any depth."""

from typing import Any, NamedTuple

import numpy as np


class LogitSource(NamedTuple):
    """Where the logits are: `attribute` of `layer`, listened to on its `side`; `link` to scores."""

    description: str
    link: str  # "softmax", "sigmoid" or "identity": what makes scores of logits
    layer: Any = None
    attribute: str = ""  # "activation" or "call"
    side: str = ""  # "input" or "output" of it
    from_scores: bool = False  # where the model gives only scores: log p, or the logit of p

    @property
    def is_own_output(self) -> bool:
        """Whether it is the model's output as it is: the model gives no probability."""
        return self.layer is None and not self.from_scores


class Step(NamedTuple):
    """A call of a layer or its activation; input and output where they are rows of numbers."""

    words: str
    layer: Any
    attribute: str
    input: np.ndarray | None
    output: np.ndarray | None


def row_of(tensor) -> np.ndarray | None:
    """(1, K) of a tensor that is one row of numbers, else None."""
    shape = getattr(tensor, "shape", ())
    if len(shape) < 2 or int(np.prod(shape)) != shape[-1]:
        return None
    return np.asarray(tensor, np.float32).reshape(1, -1)


def logit_source(steps: list[Step], output: np.ndarray, own_link: str | None) -> LogitSource:
    """Where the values z are whose softmax or sigmoid is the model's output.

    First choice is the input of the step that gave that output, second what an earlier layer gave
    (softmax as a plain function behind it), last the logarithm of the output.
    """
    if own_link == "identity":
        return _before_saturation(steps, output) or own_output(output, own_link)
    for step in reversed(steps):
        if step.output is None or not np.array_equal(step.output, output, equal_nan=True):
            continue
        if _gives_no_probability(step):
            return own_output(output, own_link)
        if link := _step_link(step):
            return LogitSource(f"input of {step.words}", link, step.layer, step.attribute, "input")
    for step in reversed(steps):
        if link := _link(step.output, output):
            return LogitSource(
                f"output of {step.words}", link, step.layer, step.attribute, "output"
            )
    if output.min() >= 0 and output.shape[-1] > 1 and np.isclose(output.sum(), 1, atol=1e-3):
        return LogitSource("log of the probability", "softmax", from_scores=True)
    if output.min() >= 0 and output.max() <= 1:
        return LogitSource("logit of the probability", "sigmoid", from_scores=True)
    return own_output(output, own_link)


def _before_saturation(steps: list[Step], output: np.ndarray) -> LogitSource | None:
    """The input of the tanh or sigmoid that gave a regression's output, if one did.

    It rises and falls with the output, also where the output hardly moves any more.
    """
    for step in reversed(steps):
        if step.attribute != "activation" or not np.array_equal(step.output, output):
            continue
        name = getattr(step.layer.activation, "__name__", "")
        if name in ("tanh", "sigmoid"):
            words = f"input of {step.words}"
            return LogitSource(words, "identity", step.layer, "activation", "input")
    return None


def own_output(output: np.ndarray, link: str | None) -> LogitSource:
    """The output as it is; what makes scores of it is `link`, or follows from how many it gives."""
    link = "sigmoid" if output.shape[-1] == 1 and link != "identity" else link or "softmax"
    return LogitSource("the model's own output", link)


def _step_link(step: Step) -> str | None:
    """The link that this very step applies to its input, if it does."""
    if step.input is None or step.input.shape != step.output.shape:
        return None
    function = step.layer.activation if step.attribute == "activation" else step.layer
    name = getattr(function, "__name__", type(function).__name__).lower()
    if name in ("softmax", "sigmoid"):
        return name
    return _link(step.input, step.output)


def _link(values: np.ndarray | None, output: np.ndarray) -> str | None:
    """ "softmax" or "sigmoid" where `output` is that of `values`, else None.

    Held against the spread of the values: softmax brings any that are nearly equal close together.
    """
    if values is None or values.shape != output.shape or not 0 < output.min() <= output.max() < 1:
        return None
    offset = values - np.log(output)
    if output.shape[-1] > 1 and np.ptp(offset) <= 1e-2 * np.ptp(values) > 0:
        return "softmax"
    offset += np.log1p(-output)
    return "sigmoid" if np.abs(offset).max() <= 1e-2 * np.abs(values).max() else None


NO_PROBABILITIES = {
    *("linear", "relu", "relu6", "leakyrelu", "elu", "selu", "gelu", "silu", "swish"),
    *("softplus", "softsign", "tanh", "exponential", "exp", "mish", "rescaling"),
}


def _gives_no_probability(step: Step) -> bool:
    """Whether this is a layer, or its activation, whose values are of another kind."""
    function = step.layer.activation if hasattr(step.layer, "activation") else step.layer
    name = getattr(function, "__name__", type(function).__name__).lower().replace("_", "")
    is_dense = step.attribute == "call" and bool(getattr(step.layer, "weights", ()))
    return name in NO_PROBABILITIES and (name != "linear" or is_dense)
