"""Which layer a class activation map looks at: the last one that still knows where things are."""

import math
from collections.abc import Callable

from classifier.network.trace import LayerCall, Trace, ancestors
from registry import suggest

NO_MAPS = (
    "(N, h, w, K) with h w > 1: take a method that needs none, as those that hide parts of the "
    "image or follow its pixels' gradient"
)


Holds = Callable[[LayerCall], bool]  # whether its output knows of places


class NoPositionsError(ValueError):
    """No layer gives maps, so that no method can look at one."""


def target_layers(trace: Trace, holds: Holds) -> list[LayerCall]:
    """The last call that holds places before the head, of each branch that there is.

    Found by running shapes: nested models are entered, pooling is stepped back over (no weights,
    same channels, fewer positions), and what batch norm, addition and activation have made of a
    convolution counts. Where the head pools class maps (as many channels as classes, no weights
    behind them), it is the call before the one that makes them. Of tokens it is the last on whose
    grid the logits depend: where they are of a class token alone, the input of the last block. In
    the order of the calls. Raises NoPositionsError where no layer has positions.
    """
    ends = _ends(trace, holds)
    if not ends:
        raise NoPositionsError(f"no layer of this model gives maps {NO_MAPS}")
    ends = [end for end in ends if _has_weights(trace, end)]
    if not ends:
        raise NoPositionsError(f"no layer with weights gives maps {NO_MAPS}")
    before = (_before_head(trace, end, holds) for end in ends)
    last = {trace.calls[i].path: trace.calls[i] for i in before}
    return list(last.values())


def class_maps(trace: Trace, holds: Holds) -> LayerCall | None:
    """The call that gives a map for each class, where the head pools these; None elsewhere.

    Of several branches it is the last one's.
    """
    ends = _ends(trace, holds)
    position = _before_pooling(trace.calls, ends[-1], holds) if ends else None
    if position is None or not _gives_class_maps(trace, position):
        return None
    return trace.calls[position]


def _ends(trace: Trace, holds: Holds) -> list[int]:
    """Positions of the calls that hold places from which no other such leads to the output.

    Behind a row of tokens on which nothing depends, what is inside a block (a norm before the
    attention) is no end of its own, but the block's input.
    """
    calls = trace.calls
    coming = [(len(calls) - 1 if trace.end is None else trace.end, False)]
    ends: dict[int, bool] = {}  # and whether it is behind such a row
    seen = {coming[0][0]}
    while coming:
        position, behind = coming.pop()
        call = calls[position]
        if call.alias is None and holds(call):
            ends[position] = behind
            continue
        sources = [call.alias] if call.alias is not None else list(call.sources)
        if None in sources and call.input_shape != calls[0].input_shape:
            sources.append(_last_map(calls, position - 1, holds))  # a plain function gave its input
        new = {source for source in sources if source is not None} - seen
        seen |= new
        coming += [(source, behind or call.is_row) for source in new]
    inner = {e for e in ends if ends[e] and any(ends.get(a) for a in ancestors(trace, e))}
    return sorted(ends.keys() - inner)


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


def _before_head(trace: Trace, position: int, holds: Holds) -> int:
    """This position, or one before it that neither pools nor makes class maps."""
    position = _before_pooling(trace.calls, position, holds)
    if not _gives_class_maps(trace, position):
        return position
    while not trace.calls[position].is_weighted:
        position = _source(trace.calls, position, holds)
    return _before_pooling(trace.calls, _source(trace.calls, position, holds), holds)


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
    if len(call.shape) < 4 and not call.is_row:
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
    shapes = {path: _shape_in_words(call, classifier.network) for path, call in calls.items()}
    width, wide = max(map(len, calls)), max(16, *map(len, shapes.values()))
    marked = classifier.layer.split(",")
    lines = []
    for path, call in calls.items():
        weights = sum(math.prod(w.shape) for w in getattr(call.layer, "weights", ()))
        mark = "  <- target layer" if path in marked else ""
        kind = type(call.layer).__name__
        lines.append(f"  {path:{width}}  {kind:22}  {shapes[path]:{wide}}  {weights:>10,}{mark}")
    return lines


def _shape_in_words(call: LayerCall, network) -> str:
    """ "14 x 14 x 768", or "197 x 768 = 1 + 14 x 14" of tokens."""
    shape = " x ".join(map(str, call.shape[1:]))
    grid = network.places.shown_grid(call)
    if grid is None:
        return shape
    places, behind = f"{grid.height} x {grid.width}", call.shape[1] - grid.end
    parts = [f"{grid.start} + "] * (grid.start > 0) + [places] + [f" + {behind}"] * (behind > 0)
    return f"{shape} = {''.join(parts)}"


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


def _last_map(calls, position, holds: Holds) -> int | None:
    """The last position up to this one that holds places made there, not passed through."""
    maps = (i for i in range(position, -1, -1) if calls[i].alias is None and holds(calls[i]))
    return next(maps, None)


def _source(calls, position, holds: Holds) -> int:
    """The position that gave this call its input; the map before it where no layer did."""
    source = calls[position].source
    source = _last_map(calls, position - 1, holds) if source is None else source
    if source is None:
        raise ValueError("every layer with positions pools or makes class maps; give --layer")
    return source


def _before_pooling(calls, position, holds: Holds) -> int:
    """This position, or the first before it that does not pool."""
    while True:
        call = calls[position]
        same_channels = call.shape[-1] == call.input_shape[-1]
        shrinks = math.prod(call.shape[:-1]) < math.prod(call.input_shape[:-1])
        if call.is_weighted or not (same_channels and shrinks):
            return position
        position = _source(calls, position, holds)
