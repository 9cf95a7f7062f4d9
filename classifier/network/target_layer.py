"""Which layer a class activation map looks at: the last one that still knows where things are."""

import math

from classifier.network.trace import LayerCall, Trace, ancestors
from registry import suggest

NO_MAPS = (
    "(N, h, w, K) with h w > 1: take a method that needs none, as those that hide parts of the "
    "image or follow its pixels' gradient"
)


class NoPositionsError(ValueError):
    """No layer gives maps, so that no method can look at one."""


def target_layers(trace: Trace) -> list[LayerCall]:
    """The last call with more than one position before the head, of each branch that there is.

    Found by running shapes: nested models are entered, pooling is stepped back over (no weights,
    same channels, fewer positions), and what batch norm, addition and activation have made of a
    convolution counts. Where the head pools class maps (as many channels as classes, no weights
    behind them), it is the call before the one that makes them. In the order of the calls.
    Raises NoPositionsError where no layer has positions.
    """
    ends = _ends(trace)
    if not ends:
        raise NoPositionsError(f"no layer of this model gives maps {NO_MAPS}")
    ends = [end for end in ends if _has_weights(trace, end)]
    if not ends:
        raise NoPositionsError(f"no layer with weights gives maps {NO_MAPS}")
    last = {trace.calls[i].path: trace.calls[i] for i in (_before_head(trace, e) for e in ends)}
    return list(last.values())


def class_maps(trace: Trace) -> LayerCall | None:
    """The call that gives a map for each class, where the head pools these; None elsewhere.

    Of several branches it is the last one's.
    """
    ends = _ends(trace)
    position = _before_pooling(trace.calls, ends[-1]) if ends else None
    if position is None or not _gives_class_maps(trace, position):
        return None
    return trace.calls[position]


def _ends(trace: Trace) -> list[int]:
    """Positions of the calls with maps from which no other map leads to the output."""
    calls = trace.calls
    coming = [len(calls) - 1 if trace.end is None else trace.end]
    ends, seen = set(), set(coming)
    while coming:
        position = coming.pop()
        call = calls[position]
        if call.is_map and call.alias is None:
            ends.add(position)
            continue
        sources = [call.alias] if call.alias is not None else list(call.sources)
        if None in sources and call.input_shape != calls[0].input_shape:
            sources.append(_last_map(calls, position - 1))  # a plain function gave its input
        new = {source for source in sources if source is not None} - seen
        seen |= new
        coming += new
    return sorted(ends)


def _has_weights(trace: Trace, position: int) -> bool:
    """Whether anything up to this call is learnt."""
    before = {position, *ancestors(trace, position)}
    if any(trace.calls[i].is_weighted for i in before):
        return True
    first = trace.calls[0].input_shape
    roots = (trace.calls[i] for i in before if None in trace.calls[i].sources)
    if all(root.input_shape == first for root in roots):
        return False
    return any(call.is_weighted and call.is_leaf for call in trace.calls[: position + 1])


def _before_head(trace: Trace, position: int) -> int:
    """This position, or one before it that neither pools nor makes class maps."""
    position = _before_pooling(trace.calls, position)
    if not _gives_class_maps(trace, position):
        return position
    while not trace.calls[position].is_weighted:
        position = _source(trace.calls, position)
    return _before_pooling(trace.calls, _source(trace.calls, position))


def last_of_each_size(calls: list[LayerCall], path: str) -> list[LayerCall]:
    """Up to the layer of that path, the last call of each resolution (h, w) > (1, 1).

    Resolutions at which no weights are at work (padding, pooling) are left out, and in the others
    what only pads or pools.
    """
    position = max(i for i, call in enumerate(calls) if call.path == path)
    last: dict[tuple, LayerCall] = {}
    for call in calls[: position + 1]:
        size = call.shape[1:-1]
        keeps_size = size == call.input_shape[1:-1]
        if call.is_map and call.is_leaf and (call.is_weighted or (size in last and keeps_size)):
            last[size] = call
    return [*last.values()] or [calls[position]]


def find_layer(calls: list[LayerCall], name: str) -> LayerCall:
    """The last call of the layer of that path, or of that name where only one layer has it.

    Raises ValueError with the nearest name where there is none, or where its output is no map.
    """
    paths = {call.path for call in calls}
    matches = {path for path in paths if path == name} or {
        path for path in paths if path.endswith("/" + name)
    }
    if not matches:
        raise ValueError(f"no layer '{name}'{suggest(name, paths)} (list them: --list_layers)")
    if len(matches) > 1:
        raise ValueError(f"layer '{name}' stands for {' and '.join(sorted(matches))}; give one")
    (path,) = matches
    call = next(call for call in calls if call.path == path)
    if len(call.shape) < 4:
        raise ValueError(
            f"layer '{name}' gives {call.shape[1:]} for an image: it has no positions (h, w, K) "
            "to draw a map of (list them: --list_layers)"
        )
    if call.shape[0] != 1:
        raise ValueError(
            f"layer '{name}' gives {call.shape} for an image: it looks at {call.shape[0]} "
            "patches, not at the image as a whole (list them: --list_layers)"
        )
    return call


def layer_lines(classifier) -> list[str]:
    """A line for each layer in the order in which they run: path, kind, shape, weights.

    The target layer is marked. Raises ValueError where the classifier has no layers.
    """
    calls = {call.path: call for call in classifier.network.trace.calls}
    width = max(map(len, calls))
    marked = classifier.layer.split(",")
    lines = []
    for path, call in calls.items():
        shape = " x ".join(map(str, call.shape[1:]))
        weights = sum(math.prod(w.shape) for w in getattr(call.layer, "weights", ()))
        mark = "  <- target layer" if path in marked else ""
        lines.append(
            f"  {path:{width}}  {type(call.layer).__name__:22}  {shape:16}  {weights:>10,}{mark}"
        )
    return lines


def _gives_class_maps(trace: Trace, position: int) -> bool:
    """Whether this call has a map for each class and nothing behind it has weights."""
    as_many = trace.calls[position].shape[-1] == trace.output.shape[-1]
    return as_many and not any(call.is_weighted for call in _behind(trace, position))


def _behind(trace: Trace, position: int) -> list[LayerCall]:
    """The layers, without others in them, that work on what this call gave."""
    first, reached = trace.calls[0].input_shape, {position}
    for i, call in enumerate(trace.calls[position + 1 :], position + 1):
        unknown = None in call.sources and call.input_shape != first and call.alias is None
        if unknown or reached & {call.alias, *call.sources}:
            reached.add(i)
    return [trace.calls[i] for i in sorted(reached - {position}) if trace.calls[i].is_leaf]


def _last_map(calls, position) -> int | None:
    """The last position up to this one whose output is a map made there, not passed through."""
    maps = (i for i in range(position, -1, -1) if calls[i].is_map and calls[i].alias is None)
    return next(maps, None)


def _source(calls, position) -> int:
    """The position that gave this call its input; the map before it where no layer did."""
    source = calls[position].source
    source = _last_map(calls, position - 1) if source is None else source
    if source is None:
        raise ValueError("every layer with positions pools or makes class maps; give --layer")
    return source


def _before_pooling(calls, position) -> int:
    """This position, or the first before it that does not pool."""
    while True:
        call = calls[position]
        same_channels = call.shape[-1] == call.input_shape[-1]
        shrinks = math.prod(call.shape[:-1]) < math.prod(call.input_shape[:-1])
        if call.is_weighted or not (same_channels and shrinks):
            return position
        position = _source(calls, position)
