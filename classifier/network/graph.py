"""A model's graph, made once to be asked about tensors in the middle of it."""

from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from functools import partial

import numpy as np

from classifier.network.forward import forward_pass
from classifier.network.hooks import heard
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
    with ExitStack() as stack:
        for call in calls:
            stack.enter_context(heard(call, partial(outputs.__setitem__, call.path)))
        yield outputs
