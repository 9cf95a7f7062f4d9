"""What ReLUs do to a gradient on its way back, in a whole model at once.

With y = ReLU(x) and g = dS/dy, what reaches x is

    plain      [x > 0] g             the derivative
    guided     [x > 0] max(g, 0)     (Springenberg 2015, https://arxiv.org/abs/1412.6806, figure 1)
    deconvnet  max(g, 0)             (Zeiler 2014, https://arxiv.org/abs/1311.2901, section 2.1)

and [0 < x < 6] stands for [x > 0] where y = ReLU6(x).

However a ReLU is written (a layer, an activation, a plain function, bound early, nested), it ends
as an operation `Relu` or `Relu6`. So while TensorFlow makes a program's graph, each of these is
marked with another gradient, in the way of `tf.custom_gradient`. Neither the model nor Keras is
changed, and no other graph has the marks. It takes a graph: eagerly there is nothing to mark. What
it does not reach is a ReLU written as maximum(x, 0), and one in a loop of the graph's own.
"""

from contextlib import contextmanager
from functools import cache, partial

from classifier.network.forward import in_graph, stacked_slopes
from classifier.network.hooks import replaced
from classifier.network.trace import Trace, layers_within

PLAIN = "plain"
DERIVATIVES = {"Relu": "ReluGrad", "Relu6": "Relu6Grad"}  # operation -> what computes it
NOT_ELEMENTWISE = {"linear", "softmax", "logsoftmax", "get", "serialize", "deserialize"}


def _guided(derivative, operation, gradient):
    import tensorflow as tf

    return derivative(gradients=tf.nn.relu(gradient), features=operation.outputs[0])


def _deconvnet(derivative, operation, gradient):
    import tensorflow as tf

    return tf.nn.relu(gradient)


RULES = {"guided": _guided, "deconvnet": _deconvnet}


def ruled_gradients(forward, inputs, *class_indices, rule: str) -> dict:
    """dS_c/dx (N, classes, H, W, C) by this rule, as `programs.input_gradients` by the derivative.

    `relus` (N,): how many ReLUs the rule was given to. Only for a graph.
    """
    import tensorflow as tf

    logits = forward(inputs, rule=rule).logits

    def backwards(weights):
        zero = tf.UnconnectedGradients.ZERO
        return tf.gradients(logits, inputs, weights, unconnected_gradients=zero)[0]

    gradients = stacked_slopes(backwards, logits, class_indices)
    return {"gradients": gradients, "relus": tf.fill(tf.shape(inputs)[:1], _marked(rule))}


IN_GRAPH = {rule: in_graph(partial(ruled_gradients, rule=rule)) for rule in RULES}  # the programs


@contextmanager
def ruled(model, rule: str):
    """While inside, a graph's ReLUs get this rule, called in `model` or not.

    ReLUs inside of another activation (hard sigmoid and hard swish, PReLU, a ReLU with a slope)
    keep the derivative, since that activation is no ReLU.
    """
    import tensorflow as tf
    from keras.src import backend  # `keras.ops.hard_sigmoid` and all that use it end here

    parts = [(backend.nn, "hard_sigmoid", _as_ever(backend.nn.hard_sigmoid))]
    for _, layer in layers_within(model):
        if type(layer).__name__ == "PReLU" or getattr(layer, "negative_slope", 0):
            parts.append((layer, "call", _as_ever(layer.call)))
    graph = tf.compat.v1.get_default_graph()
    with replaced(parts), graph.gradient_override_map(_registered(rule)):
        yield


def other_activations(trace: Trace) -> list[str]:
    """Names of the model's activations that are no ReLU and keep their derivative by any rule."""
    import keras

    known = {_folded(name) for name in dir(keras.activations) if name[0] != "_"} | {"prelu"}
    known -= {"relu", "relu6"} | {_folded(name) for name in NOT_ELEMENTWISE}
    names = set()
    for call in trace.calls:
        activation = getattr(call.layer, "activation", call.layer)
        name = getattr(activation, "__name__", type(activation).__name__)
        if _folded(name) in known and call.layer is not trace.logits.layer:
            names.add(name)
    return sorted(names)


def _folded(name: str) -> str:
    """`hard_silu` the function and `HardSilu` the layer are one activation."""
    return name.lower().replace("_", "")


@cache  # TensorFlow takes a name once
def _registered(rule: str) -> dict[str, str]:
    """operation -> the name under which TensorFlow finds its gradient by this rule."""
    import tensorflow as tf

    names = {operation: f"{operation}_{rule}_rule" for operation in DERIVATIVES}
    for operation, derivative in DERIVATIVES.items():
        function = partial(RULES[rule], getattr(tf.raw_ops, derivative))
        tf.RegisterGradient(names[operation])(function)
    return names


def _as_ever(function):
    """`function`, whose ReLUs have their derivative whatever the rule around it."""
    import tensorflow as tf

    def unruled(*args, **kwargs):
        graph = tf.compat.v1.get_default_graph()
        with graph.gradient_override_map({operation: operation for operation in DERIVATIVES}):
            return function(*args, **kwargs)

    return unruled


def _marked(rule: str) -> int:
    """How many operations of the graph under way have this rule."""
    import tensorflow as tf

    names = {name.encode() for name in _registered(rule).values()}
    operations = tf.compat.v1.get_default_graph().get_operations()
    marks = (operation.node_def.attr["_gradient_op_type"].s for operation in operations)
    return sum(mark in names for mark in marks)
