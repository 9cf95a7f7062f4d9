"""A model's graph, made once to be asked about tensors in the middle of it."""

from collections.abc import Callable
from contextlib import contextmanager

import numpy as np

from classifier.network.forward import forward_pass
from classifier.network.hooks import changing, replaced
from classifier.network.trace import LayerCall


def run_in_graph(network, calls: list[LayerCall], program: Callable, inputs) -> list[np.ndarray]:
    """What `program(inputs, logits, outputs)` gives, a list of tensors, in the graph of one pass.

    `outputs` are those of the calls, in their order. In a graph `tf.gradients` differentiates by
    any of its tensors.
    """
    import tensorflow as tf

    def traced(inputs):
        with outputs_of(calls) as outputs:
            logits = forward_pass(network.model, inputs, network.trace.logits).logits
        return program(inputs, logits, [outputs[call.path] for call in calls])

    shape = tf.TensorSpec(inputs.shape, tf.float32)
    function = tf.function(traced, input_signature=[shape]).get_concrete_function()
    return [np.asarray(tensor) for tensor in function(tf.constant(inputs))]


@contextmanager
def outputs_of(calls: list[LayerCall]):
    """Inside, a dictionary that fills with each call's output, by its path, as the model runs."""
    outputs: dict[str, object] = {}
    numbers: dict[int, int] = {}
    by_layer: dict[int, dict[int, LayerCall]] = {}
    for call in calls:
        by_layer.setdefault(id(call.layer), {})[call.number] = call

    def keeping(layer):
        def keep(output):
            number = numbers[id(layer)] = numbers.get(id(layer), -1) + 1
            if number in by_layer[id(layer)]:
                outputs[by_layer[id(layer)][number].path] = output
            return output

        return layer, "call", changing(layer.call, keep)

    layers = {id(call.layer): call.layer for call in calls}
    with replaced(keeping(layer) for layer in layers.values()):
        yield outputs
