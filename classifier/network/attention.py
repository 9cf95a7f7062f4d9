"""Attention, heard while a model is traced: A = softmax(Q K^T), wherever it comes from.

A graph names its operations. Those of a pass that are a softmax over keys, come of the image and
are multiplied with something else of it, are the network's attention, in the order of its layers;
`tf.gradients` differentiates by them. It takes a graph: eagerly there is nothing to find. What is
not heard is a softmax written by exponentials, and attention without one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from classifier.network.grid import Grid
from classifier.network.products import enters_product, of_image


class Attention(NamedTuple):
    """What a network's layers of attention are between: `tokens` in all, of which some on a grid.

    `heads` is of each layer; `read` (tokens,) sums to 1: what the logits are read from, the class
    token where they read it, else the grid. Where `pools`, the last layer has queries of its own.
    """

    heads: tuple[int, ...]
    tokens: int
    grid: Grid
    read: np.ndarray
    pools: bool


@contextmanager
def heard_attention(inputs) -> Iterator[list[Any]]:
    """A list that on leaving holds the attention (N, heads, queries, keys) of what ran inside."""
    graph = inputs.graph
    before = {operation.name for operation in graph.get_operations()}
    heard: list[Any] = []
    yield heard
    reached = of_image(inputs)
    for operation in graph.get_operations():
        if operation.type == "Softmax" and operation.name in reached - before:
            (weights,) = operation.outputs
            if len(weights.shape) > 2 and enters_product(weights, reached):
                heard.append(weights)


def attention_shapes(network) -> list[tuple[int, ...]]:
    """(heads, queries, keys) of each layer of attention; one head where the heads have no axis.

    Longer where attention is within windows that have an axis of their own.
    """
    import tensorflow as tf

    shapes: list[tuple[int, ...]] = []

    def traced(inputs):
        outputs = network.forward(inputs, attention=True)
        shapes.extend((1, *w.shape[1:])[-max(3, len(w.shape) - 1) :] for w in outputs.attention)
        return outputs.logits

    shape = tf.TensorSpec((None, *network.input_shape), tf.float32)
    tf.function(traced, input_signature=[shape]).get_concrete_function()
    return shapes


def attention_of(network) -> Attention:
    """What the layers of attention are between. Raises ValueError where there is none to follow.

    That is where each token attends to all of the same row, and these follow a grid of places.
    """
    shapes = attention_shapes(network)
    if not shapes:
        raise ValueError("it has no attention between tokens (a softmax of Q K^T)")
    pools = len(shapes) > 1 and shapes[-1][-2] == 1
    square = shapes[:-1] if pools else shapes
    tokens = square[0][-1]
    found = network.places.read_row(tokens)
    same = all(shape[1:] == (tokens, tokens) for shape in square) and shapes[-1][-1] == tokens
    if found is None or not same:
        pairs = dict.fromkeys(f"{shape[-2]} x {shape[-1]}" for shape in shapes)
        raise ValueError(
            f"its attention is between {', '.join(pairs)} tokens, and not throughout between all "
            "of one grid of places: within windows, or of several resolutions, it cannot be "
            "followed through the layers"
        )
    return Attention(tuple(shape[0] for shape in shapes), tokens, *found, pools)
