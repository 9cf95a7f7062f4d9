"""What happens inside a model, seen once: which layers run, in which order, with which shapes.

One eager pass with a hook on every layer. From it follow the target layer, the logits and which
batch norms can be folded; none of these looks at a layer's type where a shape or number decides.
"""

import weakref
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from classifier.network.grid import Grid
from classifier.network.hooks import as_operations, replaced, with_forward_hook
from classifier.network.logits import LogitSource, Step, logit_source, row_of


class LayerCall(NamedTuple):
    """One call of one layer, in the order in which the calls ended."""

    path: str  # "backbone/conv5_block3_out"; of a layer's second call "relu#2"
    layer: Any
    number: int  # 0 for a layer's first call, 1 for its second
    shape: tuple[int, ...]  # of the output, batch included
    input_shape: tuple[int, ...]
    sources: tuple[int | None, ...]  # positions of the calls that gave the inputs, if layers did
    alias: int | None  # position of an earlier call with the very same output (dropout, a model)
    grid: Grid | None = None  # which tokens are the image's places, of a row where that was seen

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
    def is_row(self) -> bool:
        """Whether the output is a row of tokens (1, T, C), of the image as a whole."""
        return len(self.shape) == 3 and self.shape[0] == 1 and self.shape[1] > 1

    @property
    def size(self) -> tuple[int, ...]:
        """(h, w) of a map, or of the grid of a row of tokens."""
        return self.shape[1:-1] if self.grid is None else self.grid[1:]

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
    logits: LogitSource
    end: int | None  # position of the call that gave the output, if one did

    @property
    def has_tokens(self) -> bool:
        """Whether somewhere the image is a row of tokens, or layers of attention are at work."""
        return any(call.is_row or type(call.layer).__name__ in OPAQUE for call in self.calls)


def ancestors(trace: Trace, position: int) -> Iterator[int]:
    """Positions of all calls that this one's inputs come from, as far as is known, each once."""
    seen = {position}
    coming = [position]
    while coming:
        call = trace.calls[coming.pop()]
        sources = [call.alias] if call.alias is not None else call.sources
        for source in sources:
            if source is not None and source not in seen:
                seen.add(source)
                coming.append(source)
                yield source


OPAQUE = ("MultiHeadAttention", "GroupedQueryAttention")  # what is 4-D inside is no map


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


def trace(model, inputs: np.ndarray, link: str | None = None) -> Trace:
    """What happens in `model` when it is called with `inputs` (1, H, W, C), preprocessed.

    `link` is what makes scores of an output that is none, or "identity" for the output as it is.
    Raises ValueError where the model does not give one row of scores for each image.
    """
    recorder = _Recorder()
    with replaced(recorder.hooks(model)), as_operations(model):
        output = model(inputs, training=False)
    for call in recorder.calls:
        if getattr(call.layer, "data_format", None) == "channels_first":
            raise ValueError(f"layer '{call.path}' is channels-first; only channels-last is read")
    if isinstance(output, (list, tuple, dict)):
        raise ValueError(f"the model has {len(output)} outputs; a classifier has one: (N, classes)")
    shape = tuple(output.shape)
    if len(shape) < 2 or int(np.prod(shape)) != shape[-1]:
        raise ValueError(f"the model's output has shape {shape}; a classifier's is (N, classes)")
    end = recorder.giver(output)
    output = np.asarray(output, np.float32).reshape(1, -1)
    return Trace(recorder.calls, output, logit_source(recorder.steps, output, link), end)


class _Recorder:
    """Collects the calls of one pass; holds no large tensor longer than the model does."""

    def __init__(self):
        self.calls: list[LayerCall] = []
        self.steps: list[Step] = []
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

    def giver(self, tensor) -> int | None:
        reference, position = self._givers.get(id(tensor), (lambda: None, None))
        return position if reference() is tensor else None

    def _call_listener(self, path, layer):
        step = self._step_listener(path, layer, "call")

        def listener(inputs, output):
            if not hasattr(output, "shape") or not inputs:
                return
            given = inputs[0] if isinstance(inputs[0], (list, tuple)) else inputs
            given = [value for value in given if hasattr(value, "shape")] or given[:1]  # no slices
            alias = self.giver(output)
            number = self._count[id(layer)] = self._count.get(id(layer), -1) + 1
            self.calls.append(
                LayerCall(
                    f"{path}#{number + 1}" if number else path,
                    layer,
                    number,
                    tuple(output.shape),
                    tuple(getattr(given[0], "shape", ())),
                    tuple(self.giver(tensor) for tensor in given),
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
            self.steps.append(Step(words, layer, attribute, row_of(first), row_of(output)))

        return listener
