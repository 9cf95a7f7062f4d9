"""Forward hooks: listen to a layer, nested or not, without touching the model's graph.

While a model is called, the wanted layer's `call` is replaced on the instance by one that also
tells a listener; afterwards it is put back. This works where `keras.Model(inputs, layer.output)`
does not: on nested, subclassed and reloaded models, eagerly and while `tf.function` traces.
"""

import threading
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from typing import Any

FLASH = "_flash_attention"  # of Keras's layers of attention
_ABSENT = object()
_ONE_AT_A_TIME = threading.RLock()  # a hook records every thread that calls the model


@contextmanager
def replaced(replacements: Iterable[tuple[Any, str, Any]]):
    """Inside, each (object, attribute, value) stands; on leaving, all are as they were before."""
    with _ONE_AT_A_TIME:
        before = []
        try:
            for owner, attribute, value in replacements:
                before.append((owner, attribute, vars(owner).get(attribute, _ABSENT)))
                object.__setattr__(owner, attribute, value)  # past Keras's tracking
            yield
        finally:
            for owner, attribute, value in reversed(before):
                if value is _ABSENT:
                    object.__delattr__(owner, attribute)
                else:
                    object.__setattr__(owner, attribute, value)


@contextmanager
def as_operations(model):
    """Inside, the model runs as plain operations: hooks are called, and attention is heard.

    A `tf.function` of its own runs as Python, and attention that is fused into one operation
    (flash attention, which TensorFlow has not on any processor) as the product that it is.
    """
    import tensorflow as tf

    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    layers = model._flatten_layers() if hasattr(model, "_flatten_layers") else ()
    fused = [(layer, FLASH, False) for layer in layers if vars(layer).get(FLASH)]
    try:
        with replaced(fused):
            yield
    finally:
        tf.config.run_functions_eagerly(before)


def with_forward_hook(function: Callable, listener: Callable[[tuple, Any], None]) -> Callable:
    """`function`, telling `listener(inputs, output)` of each call."""

    def recorded(*args, **kwargs):
        output = function(*args, **kwargs)
        listener(args or tuple(kwargs.values()), output)
        return output

    return recorded


def changing(function: Callable, change: Callable[[Any], Any]) -> Callable:
    """`function`, giving `change(output)` in the place of its output."""

    def changed(*args, **kwargs):
        return change(function(*args, **kwargs))

    return changed


def heard(call, keep: Callable[[Any], None]):
    """Inside, `keep` gets the output of this one call, a `LayerCall`."""
    number = -1

    def listener(_, output):
        nonlocal number
        number += 1
        if number == call.number:
            keep(output)

    return replaced([(call.layer, "call", with_forward_hook(call.layer.call, listener))])


def watched_outputs(tape, model, first, last, inputs) -> tuple[Any, Any]:
    """The outputs of two calls, run eagerly: the tape watches the first, which the last is of."""
    kept: dict[str, Any] = {}

    def keep_first(output):
        tape.watch(output)
        kept["first"] = output

    def keep_last(output):
        kept["last"] = output

    with heard(first, keep_first), heard(last, keep_last), as_operations(model):
        model(inputs, training=False)
    return kept["first"], kept["last"]
