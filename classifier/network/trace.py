"""What happens inside a model, seen once: which layers run, in which order, with which shapes.

One eager pass with a hook on every layer. From it follow the target layer, the logits and which
batch norms can be folded; none of these looks at a layer's type where a shape or number decides.
"""

import weakref
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from classifier.network.hooks import functions_inlined, replaced, with_forward_hook


class LayerCall(NamedTuple):
    """One call of one layer, in the order in which the calls ended."""

    path: str  # "backbone/conv5_block3_out"; of a layer's second call "relu#2"
    layer: Any
    number: int  # 0 for a layer's first call, 1 for its second
    shape: tuple[int, ...]  # of the output, batch included
    input_shape: tuple[int, ...]
    sources: tuple[int | None, ...]  # positions of the calls that gave the inputs, if layers did
    alias: int | None  # position of an earlier call with the very same output (dropout, a model)

    @property
    def source(self) -> int | None:
        """Position of the call that gave the first input."""
        return self.sources[0]

    @property
    def is_map(self) -> bool:
        """Whether the output has more than one position (h times w), of the image as a whole.

        Where a network cuts the image into patches, these stand in a row for the image.
        """
        return len(self.shape) > 3 and self.shape[0] == 1 and int(np.prod(self.shape[1:-1])) > 1

    @property
    def is_weighted(self) -> bool:
        return bool(getattr(self.layer, "weights", ()))

    @property
    def is_leaf(self) -> bool:
        return next(layers_within(self.layer), None) is None


class Trace(NamedTuple):
    """All calls of one pass, the model's output (1, K) and where its logits come from."""

    calls: list[LayerCall]
    output: np.ndarray
    logits: "LogitSource"


OPAQUE = ("MultiHeadAttention", "GroupedQueryAttention")  # what is 4-D inside is no map


class LogitSource(NamedTuple):
    """Where the logits are: `attribute` of `layer`, listened to on its `side`; `link` to scores."""

    description: str
    link: str  # "softmax" or "sigmoid": what makes scores of logits
    layer: Any = None
    attribute: str = ""  # "activation" or "call"
    side: str = ""  # "input" or "output" of it
    from_scores: bool = False  # where the model gives only scores: log p, or the logit of p


def layers_within(model, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(path, layer) of every layer at every depth, plain operations of a graph among them."""
    is_model = hasattr(model, "layers")
    if type(model).__name__ in OPAQUE:
        return
    children = getattr(model, "operations", None) or (
        model.layers if is_model else getattr(model, "_layers", [])
    )
    for child in children:
        if type(child).__name__ == "InputLayer":
            continue
        path = prefix + child.name
        yield path, child
        yield from layers_within(child, path + "/")


def trace(model, inputs: np.ndarray, multi_label: bool = False) -> Trace:
    """What happens in `model` when it is called with `inputs` (1, H, W, C), preprocessed.

    Raises ValueError where the model does not give one row of scores for each image.
    """
    recorder = _Recorder()
    with replaced(recorder.hooks(model)), functions_inlined():
        output = model(inputs, training=False)
    for call in recorder.calls:
        if getattr(call.layer, "data_format", None) == "channels_first":
            raise ValueError(f"layer '{call.path}' is channels-first; only channels-last is read")
    if isinstance(output, (list, tuple, dict)):
        raise ValueError(f"the model has {len(output)} outputs; a classifier has one: (N, classes)")
    shape = tuple(output.shape)
    if len(shape) < 2 or int(np.prod(shape)) != shape[-1]:
        raise ValueError(f"the model's output has shape {shape}; a classifier's is (N, classes)")
    output = np.asarray(output, np.float32).reshape(1, -1)
    return Trace(recorder.calls, output, _logit_source(recorder.steps, output, multi_label))


class _Recorder:
    """Collects the calls of one pass; holds no large tensor longer than the model does."""

    def __init__(self):
        self.calls: list[LayerCall] = []
        self.steps: list[_Step] = []
        self._count: dict[int, int] = {}  # calls of each layer
        self._givers: dict[int, tuple[weakref.ref, int]] = {}  # id of a tensor -> who gave it

    def hooks(self, model):
        seen = set()
        for path, layer in layers_within(model):
            if id(layer) in seen:
                continue
            seen.add(id(layer))
            yield layer, "call", with_forward_hook(layer.call, self._call_listener(path, layer))
            activation = vars(layer).get("activation")
            if callable(activation):
                recorded = self._step_listener(path, layer, "activation")
                yield layer, "activation", with_forward_hook(activation, recorded)

    def _giver(self, tensor) -> int | None:
        reference, position = self._givers.get(id(tensor), (lambda: None, None))
        return position if reference() is tensor else None

    def _call_listener(self, path, layer):
        step = self._step_listener(path, layer, "call")

        def listener(inputs, output):
            if not hasattr(output, "shape") or not inputs:
                return
            given = inputs[0] if isinstance(inputs[0], (list, tuple)) else inputs
            alias = self._giver(output)
            number = self._count[id(layer)] = self._count.get(id(layer), -1) + 1
            self.calls.append(
                LayerCall(
                    f"{path}#{number + 1}" if number else path,
                    layer,
                    number,
                    tuple(output.shape),
                    tuple(getattr(given[0], "shape", ())),
                    tuple(self._giver(tensor) for tensor in given),
                    alias,
                )
            )
            if alias is None:
                self._givers[id(output)] = weakref.ref(output), len(self.calls) - 1
            step(inputs, output)

        return listener

    def _step_listener(self, path, layer, attribute):
        def listener(inputs, output):
            words = f"{path}'s activation" if attribute == "activation" else path
            first = inputs[0] if inputs else None
            self.steps.append(_Step(words, layer, attribute, _row(first), _row(output)))

        return listener


class _Step(NamedTuple):
    """A call of a layer or its activation; input and output where they are rows of numbers."""

    words: str
    layer: Any
    attribute: str
    input: np.ndarray | None
    output: np.ndarray | None


def _row(tensor) -> np.ndarray | None:
    """(1, K) of a tensor that is one row of numbers, else None."""
    shape = getattr(tensor, "shape", ())
    if len(shape) < 2 or int(np.prod(shape)) != shape[-1]:
        return None
    return np.asarray(tensor, np.float32).reshape(1, -1)


def _logit_source(steps: list[_Step], output: np.ndarray, multi_label: bool) -> LogitSource:
    """Where the values z are whose softmax or sigmoid is the model's output.

    First choice is the input of the step that gave that output, second what an earlier layer gave
    (softmax as a plain function behind it), last the logarithm of the output.
    """
    for step in reversed(steps):
        if step.output is None or not np.array_equal(step.output, output, equal_nan=True):
            continue
        if _is_linear(step):
            return _own_output(output, multi_label)
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
    return _own_output(output, multi_label)


def _own_output(output: np.ndarray, multi_label: bool) -> LogitSource:
    link = "sigmoid" if multi_label or output.shape[-1] == 1 else "softmax"
    return LogitSource("the model's own output", link)


def _step_link(step: _Step) -> str | None:
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


def _is_linear(step: _Step) -> bool:
    """Whether this is a layer with weights and no activation."""
    if step.attribute != "call" or not hasattr(step.layer, "activation"):
        return False
    name = getattr(step.layer.activation, "__name__", "linear")
    return bool(step.layer.weights) and name == "linear"
