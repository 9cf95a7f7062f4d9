"""Which tokens of a row stand for which places of the image: found by running, not by names.

In a network of tokens a layer gives (N, T, C): T = prefix + h w, a class token and registers first,
then the grid, row by row. Whether it is so is seen where the exchange between tokens is cut, that
is every product of two tensors that both come of the image (Q K^T, A V): by the other ways, which
a residual connection leaves open, a token of a place gets its own pixels, one of no place none.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from classifier.network.graph import run_in_graph
from classifier.network.grid import Grid
from classifier.network.products import products
from classifier.network.trace import LayerCall

MOST_OTHERS = 16  # tokens of no place: class, distillation, registers
IN_ORDER = 0.9  # correlation of the tokens' rows and columns with those of the pixels they get
STRAIGHT = 0.99  # the same correlation where a grid is that of the whole image, cell by cell
SCALE = 0.05  # by so much it may then be larger or smaller, as a region's SLACK
SHIFT = 0.75  # of a cell: kernels of even strides sit beside the middle of their cells
SEEN = 0.5  # of the cells, at least: a network may crop
NONE = 1e-6  # of the energy: so little reaches a token of no place


def possible_grids(call: LayerCall, size: tuple[int, int]) -> Iterator[Grid]:
    """The grids that a call's output (1, T, C) may hold, of the proportions of an image (H, W)."""
    if len(call.shape) == 4:
        yield Grid(0, *call.shape[1:3])
        return
    count = call.shape[1]
    for others in range(min(MOST_OTHERS, count - 1) + 1):
        places = count - others
        height = max(1, round(math.sqrt(places * size[0] / size[1])))
        width, rest = divmod(places, height)
        if rest == 0 and width > 0 and abs(height * size[1] - width * size[0]) < max(size):
            yield from {Grid(others, height, width), Grid(0, height, width)}


def read_tokens(network, calls: list[LayerCall]) -> list[np.ndarray]:
    """Of each call's output, (T,) or (h, w) bool: whether the logits depend on it there."""
    import tensorflow as tf

    def program(inputs, logits, outputs):
        weights = np.random.default_rng(0).normal(size=logits.shape[-1]).astype(np.float32)
        slopes = tf.gradients(tf.reduce_sum(logits * weights), outputs)
        return [
            tf.zeros(output.shape[1:-1]) if slope is None else tf.reduce_sum(abs(slope[0]), axis=-1)
            for slope, output in zip(slopes, outputs, strict=True)
        ]

    return [array > 0 for array in run_in_graph(network, calls, program, network.noise)]


class Placed(NamedTuple):
    """A grid as it was seen, and whether it was seen to cover the image as a whole.

    Where not, the image may be cropped or padded before it.
    """

    grid: Grid
    is_whole: bool


def grid_of(network, call: LayerCall, grids: list[Grid]) -> Placed | None:
    """Which of the grids a call's output holds; None where its tokens follow none, as far as seen.

    An output (1, h, w, C) is one of h w tokens.
    """
    if not grids:
        return None
    count = int(np.prod(call.shape[1:-1]))
    codes = np.concatenate([_codes(grid, count) for grid in grids])  # (4 grids, T)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (count, call.shape[-1]))
    weights = (codes[..., np.newaxis] * signs).astype(np.float32)

    def program(inputs, logits, outputs):
        import tensorflow as tf

        tokens = tf.cast(tf.reshape(outputs[0], (-1, count, call.shape[-1])), tf.float32)
        cut = products(inputs)
        (slopes,) = tf.gradients(tf.reduce_sum(tokens * weights), [inputs], stop_gradients=cut)
        energy = tf.zeros_like(inputs) if slopes is None else tf.square(slopes)
        return [tf.reduce_sum(energy, axis=-1)]

    images = np.repeat(network.noise, len(codes), axis=0)
    (energy,) = run_in_graph(network, [call], program, images)
    energies = energy.reshape(len(grids), 4, *energy.shape[1:])
    found = (_placed(*pair) for pair in zip(grids, energies, strict=True))
    return next((placed for placed in found if placed is not None), None)


def _codes(grid: Grid, count: int) -> np.ndarray:
    """(4, T): ones; roots of each token's row and column, in (0, 1); ones of what is no place."""
    rows, columns = np.divmod(np.arange(grid.height * grid.width), grid.width)
    codes = np.zeros((4, count))
    codes[0, grid.start : grid.end] = 1
    codes[1, grid.start : grid.end] = np.sqrt((rows + 0.5) / grid.height)
    codes[2, grid.start : grid.end] = np.sqrt((columns + 0.5) / grid.width)
    codes[3] = 1 - codes[0]
    return codes


def _placed(grid: Grid, energies: np.ndarray) -> Placed | None:
    """The grid if pixels reach the tokens of their place; `energies` (4, H, W), by the codes."""
    if not np.isfinite(energies).all() or not energies[0].any():
        return None
    if energies[3].sum() > NONE * energies[0].sum():
        return None
    cells = _by_cell(energies[:3], grid)
    seen = cells[0] > NONE * cells[0].mean()
    if seen.mean() < SEEN:
        return None
    is_whole = bool(seen.all())
    for axis, places in enumerate(np.indices(seen.shape)):
        count = seen.shape[axis]
        if count == 1:
            continue
        expected = (places[seen] + 0.5) / count
        found = cells[1 + axis][seen] / cells[0][seen]
        if found.std() * expected.std() == 0:
            return None
        correlation = np.corrcoef(found, expected)[0, 1]
        if correlation < IN_ORDER:
            return None
        scale = np.polyfit(expected, found, 1)[0]
        shift = abs((found - expected).mean()) * count
        is_whole &= bool(correlation > STRAIGHT and abs(scale - 1) <= SCALE and shift <= SHIFT)
    return Placed(grid, is_whole)


def _by_cell(energies: np.ndarray, grid: Grid) -> np.ndarray:
    """(n, H, W) -> (n, h, w): the sums over the cells."""
    for axis, cells in ((1, grid.height), (2, grid.width)):
        starts = np.arange(cells) * energies.shape[axis] // cells
        energies = np.add.reduceat(energies.astype(np.float64), starts, axis=axis)
    return energies
