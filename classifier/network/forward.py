"""One forward pass of a model, and what can be asked of it.

A program is a function `program(forward, *tensors) -> {name: tensor}`; `forward(inputs, tape=None,
features=None)` gives a `Outputs`. The same program runs eagerly, compiled, on the folded model and
in bfloat16, since it does not know what `forward` does.

With `features` given, the pass goes on as if the layer that is recorded had given these: the head
alone. Nothing is cut out of the model: the backbone's operations stand in the graph, none of the
answers needs them, and TensorFlow leaves them out. Where a way leads around the layer, only that
way is computed, from the inputs, of which there is one for each row of features. (Eagerly nothing
is left out: the same answer at the cost of a whole pass.)
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from classifier.network.hooks import as_operations, changing, replaced, with_forward_hook
from classifier.network.logits import LogitSource
from classifier.network.trace import LayerCall

BATCH = 32  # images in one pass: where a CPU is at its best and memory stays small
GRADIENT_BATCH = 8  # where every layer is kept for the way back: as fast, and a quarter of memory
CLASSES_AT_ONCE = 8  # backward passes that one program holds
FOLDING_TOLERANCE = 1e-5  # of the folded model's logits and features, relative to the largest
SMALLEST_PROBABILITY = 1e-30  # below it a logarithm would be infinite


class Contrast(NamedTuple):
    """What speaks for one class and not for another: S_plus - S_minus; -S_minus without a plus."""

    plus: int | None
    minus: int

    def of(self, values):
        """(N, 1) from scores or logits (N, K), arrays or tensors."""
        lost = values[:, self.minus : self.minus + 1]
        return -lost if self.plus is None else values[:, self.plus : self.plus + 1] - lost

    def title(self, labels) -> str:
        """ "cat - dog", or "-dog"."""
        if self.plus is None:
            return f"-{labels.title(self.minus)}"
        return f"{labels.title(self.plus)} - {labels.title(self.minus)}"


class Outputs(NamedTuple):
    """Tensors of one pass: scores and logits (N, K), features (N, h, w, C) or None.

    `attention` are the layers' (N, heads, queries, keys), in their order, where it was asked for.
    """

    scores: Any
    logits: Any
    features: Any
    attention: Any = ()


def forward_pass(
    model, inputs, source: LogitSource, call: LayerCall | None = None, tape=None, features=None
) -> Outputs:
    """A pass over a tensor `inputs` (N, H, W, C), preprocessed; the features are those of
    `call`, or those given in their place, and `tape` watches them. Of tokens (N, T, C) they are
    those of the grid, as maps (N, h, w, C).

    A one-output sigmoid is two classes: scores (1 - p, p), logits (-z, z). By the link "identity"
    both are the output itself.
    """
    import tensorflow as tf

    recorded = {}

    def record_logits(layer_inputs, output):
        recorded["logits"] = output if source.side == "output" else layer_inputs[0]

    def record_features(output):
        recorded["calls"] = recorded.get("calls", -1) + 1
        if recorded["calls"] != call.number:
            return output
        maps = output if call.grid is None else call.grid.maps(output)
        if features is not None:
            maps = tf.ensure_shape(tf.cast(features, output.dtype), (None, *maps.shape[1:]))
        recorded["features"] = maps
        if tape is not None:
            tape.watch(maps)
        return maps if call.grid is None else call.grid.tokens(maps, output)

    hooks = []
    if source.layer is not None:
        function = getattr(source.layer, source.attribute)
        hooks.append((source.layer, source.attribute, with_forward_hook(function, record_logits)))
    with replaced(hooks):  # two steps, since one layer may be recorded for both
        hooks = []
        if call is not None:
            hooks.append((call.layer, "call", changing(call.layer.call, record_features)))
        with replaced(hooks), as_operations(model):
            output = model(inputs, training=False)
    return Outputs(
        *_scores_and_logits(output, recorded.get("logits"), source), recorded.get("features")
    )


def _scores_and_logits(output, logits, source: LogitSource) -> tuple[Any, Any]:
    """Scores and logits (N, K) of a model's output, and of what was recorded as logits, if any."""
    import tensorflow as tf

    rows = (tf.shape(output)[0], output.shape[-1])  # not of the inputs: those may be left out
    scores = tf.cast(tf.reshape(output, rows), tf.float32)
    logits = scores if logits is None else tf.cast(tf.reshape(logits, rows), tf.float32)
    if source.from_scores:
        logits = _logits_of(scores, source.link)
    elif source.layer is None and source.link != "identity":
        scores = tf.nn.softmax(logits) if source.link == "softmax" else tf.nn.sigmoid(logits)
    if rows[1] == 1 and source.link != "identity":
        scores = tf.concat([1 - scores, scores], axis=-1)
        logits = tf.concat([-logits, logits], axis=-1)
    return scores, logits


def difference(original: Outputs, folded: Outputs) -> str | None:
    """How the folded model's logits or features are off; None where they agree."""
    for name in ("logits", "features"):
        expected, given = getattr(original, name), getattr(folded, name)
        if expected is None:
            continue
        expected, given = np.asarray(expected), np.asarray(given)
        off = np.abs(given - expected).max() / max(np.abs(expected).max(), 1e-30)
        if not off <= FOLDING_TOLERANCE:
            return f"{name} off by {off:.1e} of the largest"
    return None


def with_contrasts(outputs: Outputs, contrasts: tuple[Contrast, ...]) -> Outputs:
    """The outputs with a further score and logit for each contrast, as if they were classes."""
    import tensorflow as tf

    scores, logits = (
        tf.concat([values, *(contrast.of(values) for contrast in contrasts)], axis=1)
        for values in (outputs.scores, outputs.logits)
    )
    return outputs._replace(scores=scores, logits=logits)


def _logits_of(scores, link: str):
    """log p, or the logit of p, finite also where p is 0 or 1."""
    import tensorflow as tf

    logits = tf.math.log(tf.maximum(scores, SMALLEST_PROBABILITY))
    if link == "sigmoid":
        logits -= tf.math.log(tf.maximum(1 - scores, SMALLEST_PROBABILITY))
    return logits


def scores(forward, inputs) -> dict:
    """Scores and logits (N, K) of preprocessed images (N, H, W, C)."""
    outputs = forward(inputs)
    return {"scores": outputs.scores, "logits": outputs.logits}


def features(forward, inputs) -> dict:
    """Features (N, h, w, C) of the layer that is recorded, scores and logits (N, K)."""
    import tensorflow as tf

    outputs = forward(inputs)
    features = tf.cast(outputs.features, tf.float32)
    return {"features": features, "scores": outputs.scores, "logits": outputs.logits}


def gradients(forward, inputs, class_indices, features=None) -> dict:
    """Features A of the layer that is recorded, or given, and dS_c/dA of each class's logit S_c."""
    import tensorflow as tf

    with tf.GradientTape(watch_accessed_variables=False) as tape:
        outputs = forward(inputs, tape, features)
        chosen = class_logits(outputs, class_indices)
    slopes = tape.gradient(chosen, outputs.features, unconnected_gradients="zero")
    answer = {"features": outputs.features, "gradients": slopes}
    return {name: tf.cast(tensor, tf.float32) for name, tensor in answer.items()}


def class_logits(outputs: Outputs, class_indices):
    """S_c (N,), the logit of each image's class."""
    import tensorflow as tf

    chosen = tf.one_hot(class_indices, outputs.logits.shape[-1])
    return tf.reduce_sum(outputs.logits * chosen, axis=-1)


def head_gradients(forward, inputs, class_indices, features) -> dict:
    """These features (N, h, w, C), in the place of the layer's own, and dS_c/dA: the head alone."""
    return gradients(forward, inputs, class_indices, features)


def input_gradients(forward, inputs, *class_indices) -> dict:
    """dS_c/dx (N, classes, H, W, C) of preprocessed images x (N, H, W, C).

    Each of `class_indices` has one class an image, (N,), or one for all, (): one forward pass
    serves them all, and each takes one backward pass.
    """
    import tensorflow as tf

    inputs = tf.convert_to_tensor(inputs)
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        tape.watch(inputs)
        logits = forward(inputs).logits

    def backwards(weights):
        return tape.gradient(logits, inputs, weights, unconnected_gradients="zero")

    return {"gradients": stacked_slopes(backwards, logits, class_indices)}


def stacked_slopes(backwards, logits, class_indices):
    """(N, classes, H, W, C): what `backwards` makes of the weights (N, K) that choose a class."""
    import tensorflow as tf

    zeros = tf.zeros_like(logits)
    slopes = [backwards(zeros + tf.one_hot(i, logits.shape[-1])) for i in class_indices]
    return tf.cast(tf.stack(slopes, axis=1), tf.float32)


def in_graph(program: Callable) -> Callable:
    """The program, marked as one that only a graph can run: it is always compiled."""
    program.in_graph = True
    return program


def is_in_graph(program: Callable) -> bool:
    return getattr(program, "in_graph", False)


def compiled(program: Callable, arrays) -> Callable:
    """The program, compiled for arrays of these kinds and numbers of axes, any sizes.

    It is the one trace that there is: looking for it at every call would cost a millisecond, since
    TensorFlow compares all the weights that it holds.
    """
    import tensorflow as tf

    tensors = [tf.convert_to_tensor(array) for array in arrays]
    kinds = [tf.TensorSpec([None] * len(tensor.shape), tensor.dtype) for tensor in tensors]
    return tf.function(program, input_signature=kinds).get_concrete_function()
