"""What the heads of a block attend to (as in Dosovitskiy 2021, https://arxiv.org/abs/2010.11929)."""

from functools import cache, partial
from typing import Annotated

import numpy as np

from classifier.network.forward import in_graph
from engines.attention import attended, heard, on_grid
from registry import Bounds
from runtime import note
from views.activations import tiles_of
from views.mosaic import mosaic

LAST = -1
READ = -1


def attention_maps(
    classifier,
    images: np.ndarray,
    class_indices: np.ndarray | None,
    *,
    block: Annotated[int, "which block, from 0 on; -1: the last", Bounds(least=-1)] = LAST,
    row: Annotated[
        int, "of the position that attends; -1: what the class is read from", Bounds(least=-1)
    ] = READ,
    column: Annotated[int, "of that position", Bounds(least=-1)] = READ,
) -> list[np.ndarray]:
    """Attention maps: for each head of a block, what the class token, or a position, attends to.

    A tile for each head in their order, from dark at 0 to bright at its maximum. Without a class
    token it is the mean of all positions. Raises ValueError for a block or position that there is
    not, and where attention cannot be followed.
    """
    attention = classifier.attention
    count = len(attention.heads)
    if not -count <= block < count:
        raise ValueError(f"ATTENTION_MAPS: blocks go from 0 to {count - 1}, got {block}")
    asks = attention.read
    if (row, column) != (READ, READ):
        grid = attention.grid
        if not (0 <= row < grid.height and 0 <= column < grid.width):
            raise ValueError(
                f"ATTENTION_MAPS: a position of {grid.height} rows and {grid.width} columns, both "
                f"from 0 on; got row={row}, column={column}"
            )
        asks = np.zeros_like(asks)
        asks[grid.start + row * grid.width + column] = 1
    zeros = np.zeros(len(images), np.int32)  # no class is asked for
    heads = attended(classifier, images, zeros, program_of(block % count), asks)
    tiles = [tiles_of(maps) for maps in on_grid(classifier, heads)]
    noted = {"block": block % count, "heads": heads.shape[1]}
    note(attention=[noted] * len(images), tiles=[some[0].shape[:2] for some in tiles])
    return list(map(mosaic, tiles))


def describe(classifier, class_index: int | None, notes: dict) -> str:
    """Which block one image's mosaic shows."""
    (shown,) = notes["attention"]
    count = len(classifier.attention.heads)
    return f"block {shown['block']} (of {count}), {shown['heads']} heads in their order"


def numbers(notes: dict) -> list[int]:
    """The heads of one image's mosaic, tile by tile."""
    (shown,) = notes["attention"]
    return list(range(shown["heads"]))


@cache  # a program is compiled once, and known by itself
def program_of(block: int):
    return in_graph(partial(attention_of_block, block=block))


def attention_of_block(forward, inputs, class_indices, read, *, block: int) -> dict:
    """The program: (N, heads, T), by what attends: `read` (T,), or a query that pools."""
    import tensorflow as tf

    matrix = heard(forward, inputs)[0][block]
    if matrix.shape[2] == 1:
        return {"tokens": matrix[:, :, 0]}
    return {"tokens": tf.einsum("q,nhqk->nhk", read, matrix)}
