"""What a model does to its images before its first weights: how it scales them, what it crops.

Found by running: images that say of each pixel where it is go in, and are read again where the
first layers with weights get them. Nothing behind these layers is run.
"""

from typing import NamedTuple

import numpy as np

from classifier.network.hooks import as_operations, replaced
from classifier.network.trace import LayerCall, Trace, ancestors

LEVELS = (64.0, 192.0)  # of the two images that are the same everywhere
RAMP = (32.0, 224.0)  # of those that rise from left to right, and from top to bottom
SLACK = 0.05  # of a side: so little is cropped or padded by kernels in any network
LINEAR = 0.02  # of a side: how far a place may be off a straight line
IMAGES = 4
CROPS = ("Cropping2D", "CenterCrop")
TURNS = (  # operations that move what is in a map, unless along another axis
    *("Flip", "Roll", "Rot90", "Take", "Tile"),
    *("AffineTransform", "PerspectiveTransform", "ElasticTransform"),
)
UNEVEN, MOST = 0.1, 0.5  # of a side: by so much more is padded on one, or on both together
SWAPPED = ((0, 2, 1, 3), (2, 1, 3))  # rows and columns, with the axis of the images and without
SWAPS = {  # who swaps axes, and what says which
    "Transpose": ("axes",),
    "Permute": ("dims",),
    "Moveaxis": ("source", "destination"),
    "Swapaxes": ("axis1", "axis2"),
}
SCALED = 1.0  # grey levels by which a value differs if it was scaled


class Region(NamedTuple):
    """The part of the image that a layer's grid covers; parts of its sides, beyond 0 to 1 too."""

    top: float
    left: float
    height: float
    width: float

    @property
    def is_whole(self) -> bool:
        return np.abs(np.subtract(self, WHOLE)).max() <= SLACK


WHOLE = Region(0.0, 0.0, 1.0, 1.0)


class Entry(NamedTuple):
    """A first layer with weights, and what it gets of the four images.

    (4, h, w, C); (4, n, h, w, C) of clips, and where they are cut into n patches by then.
    """

    position: int
    inputs: np.ndarray

    @property
    def is_scaled(self) -> bool:
        """Whether values are other than the image's, and not only elsewhere."""
        low, high = self.inputs[:2]
        changing = low != high  # what is padded is the same
        off = [np.abs(x - level)[changing] for x, level in zip((low, high), LEVELS, strict=True)]
        return bool(changing.any() and max(map(np.median, off)) > SCALED)  # resizing blurs edges

    def region(self) -> Region | None:
        """What of the image it gets; None where that is no upright rectangle of it."""
        if self.inputs.ndim != 4:
            return WHOLE  # frames, or patches, which are put together again
        low, high, across, down = self.inputs.astype(np.float64)
        slope = (high - low) / (LEVELS[1] - LEVELS[0])
        seen = np.abs(slope) > 1e-6 * max(np.abs(slope).max(), 1e-30)
        if not seen.any():
            return None
        slope = np.where(seen, slope, 1)
        grey = [(ramp - low) / slope + LEVELS[0] for ramp in (across, down)]
        places = [np.where(seen, (g - RAMP[0]) / (RAMP[1] - RAMP[0]), np.nan) for g in grey]
        columns, rows = (_line(place, axis) for place, axis in zip(places, (1, 0), strict=True))
        if columns is None or rows is None:
            return None
        return Region(rows[0], columns[0], rows[1], columns[1])


def _line(places: np.ndarray, axis: int) -> tuple[float, float] | None:
    """(start, length) of places (h, w, C) along an axis, of which some are NaN; None if crooked."""
    others = tuple(i for i in range(3) if i != axis)
    known = ~np.isnan(places).all(axis=others)
    if known.sum() < 2:
        return None
    where = np.flatnonzero(known)
    values = np.nanmedian(np.take(places, where, axis), axis=others)
    inner = slice(1, -1) if len(where) > 4 else slice(None)  # resizing clamps at the edges
    step, start = np.polyfit(where[inner] + 0.5, values[inner], 1)
    expected = np.expand_dims(start + step * (where + 0.5), others)
    off = np.nanmax(np.abs(np.take(places, where, axis) - expected))
    if step <= 0 or off > LINEAR + step:
        return None
    return float(start), float(step * places.shape[axis])


class _EnoughError(BaseException):
    """All entries were seen; no Exception, which Keras would wrap."""


def entries(model, trace: Trace, input_shape: tuple[int, ...]) -> list[Entry]:
    """What the first layers with weights get of the images, or clips, of places."""
    wanted = dict.fromkeys(_entry_positions(trace, input_shape))
    seen: dict[int, np.ndarray] = {}
    calls: dict[int, int] = {}

    def listening(layer, call):
        def listened(*args, **kwargs):
            number = calls[id(layer)] = calls.get(id(layer), -1) + 1
            for position in wanted:
                wanted_call = trace.calls[position]
                if wanted_call.layer is layer and wanted_call.number == number:
                    seen[position] = np.asarray((args or tuple(kwargs.values()))[0], np.float32)
            if len(seen) == len(wanted):
                raise _EnoughError
            return call(*args, **kwargs)

        return listened

    layers = {id(trace.calls[i].layer): trace.calls[i].layer for i in wanted}
    hooks = [(layer, "call", listening(layer, layer.call)) for layer in layers.values()]
    try:
        with replaced(hooks), as_operations(model):
            model(_images_of_places(input_shape), training=False)
    except _EnoughError:
        pass
    return [Entry(position, _by_image(inputs)) for position, inputs in seen.items()]


def _by_image(inputs: np.ndarray) -> np.ndarray:
    """(4, ...), or (4, patches, ...) where there are more rows than images."""
    whole = len(inputs) == IMAGES or len(inputs) % IMAGES
    return inputs if whole else inputs.reshape(IMAGES, -1, *inputs.shape[1:])


def _images_of_places(input_shape: tuple[int, ...]) -> np.ndarray:
    """(4, H, W, C), or clips (4, T, H, W, C): two that are the same everywhere, two that rise."""
    height, width, _ = input_shape[-3:]
    images = np.empty((IMAGES, *input_shape), np.float32)
    images[0], images[1] = LEVELS
    span = RAMP[1] - RAMP[0]
    images[2] = (RAMP[0] + span * (np.arange(width) + 0.5) / width)[None, :, None]
    images[3] = (RAMP[0] + span * (np.arange(height) + 0.5) / height)[:, None, None]
    return images


def has_learnt(call: LayerCall) -> bool:
    """Whether the layer has weights that were trained; those of Normalization scale the input."""
    return call.is_weighted and type(call.layer).__name__ != "Normalization"


def _entry_positions(trace: Trace, input_shape: tuple[int, ...]) -> list[int]:
    """Calls of layers with weights that have none before them."""
    learnt = [i for i, call in enumerate(trace.calls) if has_learnt(call) and call.is_leaf]
    positions = []
    for position in learnt:
        before = list(ancestors(trace, position))
        roots = [position, *before]
        roots = [i for i in roots if all(source is None for source in trace.calls[i].sources)]
        begins = position == learnt[0] or all(
            trace.calls[i].input_shape[1:] == input_shape for i in roots
        )
        if begins and not any(has_learnt(trace.calls[i]) for i in before):
            positions.append(position)
    return positions


def region(
    trace: Trace, known: list[Entry], position: int, in_order: bool = False
) -> Region | None:
    """The part of the image that a call's grid covers; None where it cannot be known.

    That of its entry; where this is not the whole image, also less what kernels take off the
    edges, or padding adds. Networks that take the whole image are left at that, as everywhere in
    the field, unless a layer behind the first weights crops. Where the grid was seen to be
    `in_order`, what moves maps (windows of tokens) has moved them back.
    """
    before = {position, *ancestors(trace, position)}
    before_it = [entry for entry in known if entry.position in before] or known[:1]
    regions = [entry.region() for entry in before_it]
    chain = [
        trace.calls[i] for i in _chain(trace, position, {entry.position for entry in before_it})
    ]
    crops = any(type(call.layer).__name__ in CROPS or _pads_much(call) for call in chain)
    first = min((entry.position for entry in before_it), default=0)
    if not in_order and _are_moved([trace.calls[i] for i in before if i > first]):
        return None
    if not before_it or (not crops and all(one is not None and one.is_whole for one in regions)):
        return None if any(map(_cuts, chain)) else WHOLE
    if None in regions or np.ptp(regions, axis=0).max() > SLACK or any(map(_cuts, chain)):
        return None
    result = regions[0]
    for call in reversed(chain):
        result = _within(result, _covered(call))
    return WHOLE if result.is_whole else result


def _chain(trace: Trace, position: int, ends: set[int]) -> list[int]:
    """The calls from this one back to an entry, by their first inputs."""
    positions = []
    while position is not None:
        call = trace.calls[position]
        if call.alias is None:
            positions.append(position)
        if position in ends:
            return positions
        position = call.source if call.alias is None else call.alias
    return positions


def _within(outer: Region, inner: Region) -> Region:
    return Region(
        outer.top + inner.top * outer.height,
        outer.left + inner.left * outer.width,
        inner.height * outer.height,
        inner.width * outer.width,
    )


def _cuts(call: LayerCall) -> bool:
    """Whether this is a slice x[a:b] of a map that takes away more than a tenth of a side."""
    if "getitem" not in type(call.layer).__name__.lower() or len(call.shape) != 4:
        return False
    return any(n < 0.9 * m for n, m in zip(call.shape[1:3], call.input_shape[1:3], strict=True))


def _pads_much(call: LayerCall) -> bool:
    """Whether a padding moves a map visibly: where it is uneven, or as large as half a side."""
    kind = type(call.layer).__name__
    if kind not in ("ZeroPadding2D", "Pad") or len(call.input_shape) != 4:
        return False
    pads = call.layer.padding if kind == "ZeroPadding2D" else call.layer.pad_width[1:3]
    sides = zip(pads, call.input_shape[1:3], strict=True)
    return any(abs(a - b) > UNEVEN * side or a + b > MOST * side for (a, b), side in sides)


def _are_moved(calls: list[LayerCall]) -> bool:
    """Whether operations of the graph move maps behind the first weights: turn, join or swap them.

    A slice that keeps a map's whole shape turns it round. Two swaps undo each other.
    """
    maps = [call for call in calls if len(call.shape) == len(call.input_shape) == 4]
    maps = [call for call in maps if min(call.input_shape[1:3]) > 1]
    swaps = 0
    for call in maps:
        kind = type(call.layer).__name__
        axis = getattr(call.layer, "axis", None)
        if kind in TURNS and axis not in (0, 3, -1):
            return True
        if kind == "Concatenate" and axis in (1, 2, -3, -2):
            return True
        if kind == "GetItem" and call.shape == call.input_shape:
            return True
        if kind == "Pad" and _pads_much(call):
            return True
        swaps += _swaps_sides(call.layer)
    return swaps % 2 == 1


def _swaps_sides(layer) -> bool:
    """Whether this operation makes rows of a map's columns."""
    axes = [getattr(layer, name, None) for name in SWAPS.get(type(layer).__name__, ())]
    if len(axes) == 1:
        return tuple(axes[0] or ()) in SWAPPED
    return {int(np.ravel(axis)[0]) % 4 for axis in axes} == {1, 2}


def _covered(call: LayerCall) -> Region:
    """The part of its input's grid that a call's output covers, by its strides and its shape."""
    layer, kind = call.layer, type(call.layer).__name__
    if not (len(call.shape) == len(call.input_shape) == 4):
        return WHOLE
    steps = getattr(layer, "strides", None)
    if kind in (*CROPS, "ZeroPadding2D"):
        steps = (1, 1)
    elif steps is None or "Transpose" in kind:
        return WHOLE
    steps = (steps, steps) if isinstance(steps, int) else steps
    before, after = call.input_shape[1:3], call.shape[1:3]
    sizes = [n * step / m for n, step, m in zip(after, steps, before, strict=True)]
    starts = [(1 - size) / 2 for size in sizes]
    if kind == "Cropping2D":
        starts = [cut[0] / n for cut, n in zip(layer.cropping, before, strict=True)]
    if kind == "ZeroPadding2D":
        starts = [-pad[0] / n for pad, n in zip(layer.padding, before, strict=True)]
    return Region(*starts, *sizes)
