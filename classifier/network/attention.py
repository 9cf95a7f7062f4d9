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
    """(images, heads, queries, keys) of each layer of attention, of one image.

    Without heads where these have no axis, and with windows where they have one.
    """
    import tensorflow as tf

    def traced(inputs):
        return [tf.shape(w) for w in network.forward(inputs, attention=True).attention]

    shape = tf.TensorSpec((None, *network.input_shape), tf.float32)
    function = tf.function(traced, input_signature=[shape]).get_concrete_function()
    return [tuple(map(int, shape)) for shape in function(tf.constant(network.noise))]


def attention_of(network) -> Attention:
    """What the layers of attention are between. Raises ValueError where there is none to follow.

    That is where each token attends to all of the same row, and these follow a grid of places.
    """
    shapes = network.attention_shapes
    if not shapes:
        raise ValueError("it has no attention between tokens (a softmax of Q K^T)")
    pools = len(shapes) > 1 and shapes[-1][-2] == 1
    tokens = shapes[0][-1]
    square = shapes[:-1] if pools else shapes
    same = all(shape[-2:] == (tokens, tokens) for shape in square) and shapes[-1][-1] == tokens
    whole = all(shape[0] == 1 and len(shape) <= 4 for shape in shapes)
    found = network.places.read_row(tokens)
    if found is None or not (same and whole):
        pairs = dict.fromkeys(f"{shape[-2]} x {shape[-1]}" for shape in shapes)
        raise ValueError(
            f"its attention is between {', '.join(pairs)} tokens, and not throughout between all "
            "of one grid of places: within windows, or of several resolutions, it cannot be "
            "followed through the layers"
        )
    heads = tuple(shape[1] if len(shape) == 4 else 1 for shape in shapes)
    return Attention(heads, tokens, *found, pools)
