"""Configurations of Keras 2 (TensorFlow up to 2.15) in words that Keras 3 understands.

What differs: how a layer's inputs are written, keys that Keras 3 has dropped, plain operations of
TensorFlow in a graph (TFOpLambda), and activations whose formula has changed. A key that Keras 3
does not know is left out where it says nothing, and refused where it does: never ignored.
"""

import inspect
from typing import Any

import keras

MODELS = ("Functional", "Model", "Sequential")
CONSTANT = "_CONSTANT_VALUE"  # in the place of a layer's name: the number itself is the input
TRAINING_ONLY = ("_regularizer", "_constraint")  # no part of what is computed
DROPPED = (  # how it was built or computed, not what
    *("batch_input_shape", "ragged", "shared_object_id", "implementation"),
    *("query_shape", "key_shape", "value_shape"),
)
SAYS_NOTHING = (None, False, True, 1, 0, [], {}, "", "channels_last")
CHANGED_KINDS = {"TFOpLambda": "Keras2Operation", "SlicingOpLambda": "Keras2Operation"}

# Operations of TensorFlow that a graph may hold: they only compute.
OPERATIONS = {
    *("__operators__.add", "__operators__.getitem", "cast", "clip_by_value", "concat"),
    *("convert_to_tensor", "expand_dims", "gather", "identity", "linalg.matmul", "ones_like"),
    *("pad", "repeat", "reshape", "reverse", "slice", "split", "squeeze", "stack", "tile"),
    *("transpose", "unstack", "where", "zeros_like", "compat.v1.transpose", "linalg.l2_normalize"),
    *("image.resize", "image.rgb_to_grayscale", "image.per_image_standardization"),
    *("image.central_crop", "image.crop_to_bounding_box", "image.resize_with_crop_or_pad"),
    *("image.extract_patches", "compat.v1.image.extract_image_patches"),
    *(
        f"math.{name}"
        for name in (
            *("abs", "add", "add_n", "ceil", "divide", "divide_no_nan", "exp", "floor", "log"),
            *("log1p", "maximum", "minimum", "multiply", "negative", "pow", "reciprocal"),
            *("reduce_max", "reduce_mean", "reduce_min", "reduce_prod", "reduce_std", "reduce_sum"),
            *("reduce_variance", "round", "rsqrt", "sigmoid", "sign", "softplus", "sqrt", "square"),
            *("squared_difference", "subtract", "tanh", "truediv", "erf", "floordiv", "mod"),
        )
    ),
    *(
        f"nn.{name}"
        for name in (
            *("avg_pool", "avg_pool2d", "bias_add", "depth_to_space", "elu", "gelu", "leaky_relu"),
            *("l2_normalize", "max_pool", "max_pool2d", "relu", "relu6", "selu", "sigmoid"),
            *("silu", "softmax", "softplus", "softsign", "space_to_depth", "swish", "tanh"),
            "log_softmax",
        )
    ),
}


class Keras2Operation(keras.layers.Layer):
    """A plain operation of TensorFlow, as Keras 2 wrote it into a graph."""

    def __init__(self, function: str, **kwargs):
        super().__init__(**kwargs)
        if function not in OPERATIONS:
            raise ValueError(f"the operation tf.{function} of its graph is not translated")
        self.function = function

    def call(self, *args, first=None, **kwargs):
        import tensorflow as tf

        args = args if first is None else (first, *args)
        if self.function == "__operators__.getitem":
            return args[0][slices(kwargs["slice_spec"])]
        function = tf.math.add if self.function == "__operators__.add" else tf
        for name in self.function.split(".") if function is tf else ():
            function = getattr(function, name)
        return function(*args, **kwargs)

    def get_config(self):
        return super().get_config() | {"function": self.function}


def hard_sigmoid_of_keras_2(x):
    """max(0, min(1, 0.2 x + 0.5)); Keras 3 has another slope."""
    return keras.ops.clip(0.2 * x + 0.5, 0, 1)


def swish_1(x):
    """Keras 2's `swish`, which some files know by this name."""
    return keras.ops.silu(x)


OWN = {  # names in files of Keras 2, and what they stand for
    "Keras2Operation": Keras2Operation,
    "hard_sigmoid_of_keras_2": hard_sigmoid_of_keras_2,
    "swish_1": swish_1,
}


def model_from_keras_2(config: dict[str, Any]):
    """The Keras 3 model, with new weights, of a Keras 2 model's configuration.

    Names lose their "/", see `renamed`.
    Raises ValueError, in words, for what is not translated; Keras raises other kinds.
    """
    from keras.src.applications import convnext  # whose layers the files name without a package
    from keras.src.legacy.saving import saving_utils  # no public face reads the older format
    from keras.src.saving import serialization_lib

    with serialization_lib.SafeModeScope(True):
        of_convnext = {
            "LayerScale": convnext.LayerScale,
            "StochasticDepth": convnext.StochasticDepth,
        }
        return saving_utils.model_from_config(translated(config), custom_objects=OWN | of_convnext)


def translated(data: dict[str, Any]) -> dict[str, Any]:
    """A layer's or model's {class_name, config, ...}, as Keras 3's older format has it."""
    kind, config = data["class_name"], data["config"]
    if kind in MODELS:
        config = _model(kind, config)
        kind = "Functional" if kind == "Model" else kind
    else:
        config = _layer(kind, dict(config))
    return {"class_name": CHANGED_KINDS.get(kind, kind), "config": config}


def _model(kind: str, config: Any) -> dict[str, Any]:
    config = {"name": "sequential", "layers": config} if isinstance(config, list) else config
    layers = config["layers"]
    if kind == "Sequential":
        known = {"name": config["name"], "layers": [translated(layer) for layer in layers]}
        shape = config.get("build_input_shape")
        return known | ({"build_input_shape": shape} if shape else {})
    kinds = {layer["name"]: layer["class_name"] for layer in layers}
    models = {renamed(name): kind for name, kind in kinds.items() if kind in MODELS}
    changed = [_with_nodes(layer, models) for layer in layers]
    ends = {key: _ends(config[key], models) for key in ("input_layers", "output_layers")}
    known = {key: config[key] for key in ("name", "trainable") if key in config}
    return known | {"layers": changed} | ends


def _with_nodes(layer: dict[str, Any], models: dict[str, str]) -> dict[str, Any]:
    nodes = [_node(node, models) for node in layer["inbound_nodes"]]
    return translated(layer) | {"name": renamed(layer["name"]), "inbound_nodes": nodes}


def renamed(name: str) -> str:
    """A layer's name as Keras 3 takes it: "Conv/BatchNorm" is "Conv_BatchNorm"."""
    return name.replace("/", "_")


def _node(node: list, models: dict[str, str]) -> dict[str, Any]:
    """A call's arguments {args, kwargs} of `[[layer, node, tensor, arguments], ...]`."""
    inputs = [node] if _is_reference(node) else node
    values = [_tensors(reference[:3], models) for reference in inputs]
    given = {
        key: value for reference in inputs for key, value in (reference[3:] or [{}])[0].items()
    }
    given = {key: _tensors(value, models) for key, value in given.items()}
    given = {key: value for key, value in given.items() if value is not None and key != "name"}
    args = values if len(values) == 1 else [values]
    if isinstance(given.get("y"), dict):  # x / y: both are the operation's inputs
        args = [*args, given.pop("y")]
    if not isinstance(args[0], (dict, list)):  # 1 - x: Keras 3 takes only tensors by position
        given["first"] = args.pop(0)
    return {"args": args, "kwargs": given}


def _is_reference(value: Any) -> bool:
    """Whether this is [layer's name, number of its call, number of the call's output, ...]."""
    return (
        isinstance(value, list)
        and 3 <= len(value) <= 4
        and isinstance(value[0], str)
        and isinstance(value[1], int)
    )


def _tensors(value: Any, models: dict[str, str]) -> Any:
    """The value, what refers to a layer's output in it written as Keras 3 does."""
    if _is_reference(value):
        name, call, output = value[:3]
        if name == CONSTANT:
            return output
        name = renamed(name)
        history = [name, call - (name in models), output]  # a model's own call is not counted now
        tensor = {"shape": [None], "dtype": "float32", "keras_history": history}
        return {"class_name": "__keras_tensor__", "config": tensor}
    if isinstance(value, list):
        return [_tensors(item, models) for item in value]
    if isinstance(value, dict):
        return {key: _tensors(item, models) for key, item in value.items()}
    return value


def _ends(ends: list, models: dict[str, str]) -> list:
    """Inputs or outputs of a graph; one is itself, and no list of one."""
    ends = [ends] if isinstance(ends[0], str) else ends
    ends = [
        [renamed(name), call - (models.get(renamed(name)) == "Sequential"), output]
        for name, call, output in ends
    ]
    return ends[0] if len(ends) == 1 else ends


def _layer(kind: str, config: dict[str, Any]) -> dict[str, Any]:
    """A layer's configuration, in the keys of Keras 3."""
    for key in ("layer", "backward_layer"):  # of a layer around another one
        if isinstance(config.get(key), dict):
            config[key] = translated(config[key]) | {"module": "keras.layers"}
    if "name" in config:
        config["name"] = renamed(config["name"])
    if "alpha" in config and kind == "LeakyReLU":
        config["negative_slope"] = config.pop("alpha")
    if kind == "InputLayer" and "batch_input_shape" in config:
        config["batch_shape"] = config["batch_input_shape"]
    policy = config.get("dtype")
    if isinstance(policy, dict):
        config["dtype"] = policy["config"]["name"]
    if isinstance(config.get("axis"), list) and len(config["axis"]) == 1:
        config["axis"] = config["axis"][0]
    for key in ("activation", "recurrent_activation"):
        if isinstance(config.get(key), dict) and config[key].get("class_name") == "function":
            config[key] = config[key]["config"]
        if config.get(key) == "hard_sigmoid":
            config[key] = "hard_sigmoid_of_keras_2"
    return _known_keys(kind, config)


def _known_keys(kind: str, config: dict[str, Any]) -> dict[str, Any]:
    """The configuration without the keys that say nothing. Raises ValueError for others."""
    layer = OWN.get(CHANGED_KINDS.get(kind, kind)) or getattr(keras.layers, kind, None)
    if layer is None:
        return config  # Keras says that it is unknown
    known, kept = _keys(layer), {}
    for key, value in config.items():
        if key.endswith(TRAINING_ONLY) or key in DROPPED:
            continue
        if key in known:
            kept[key] = _initializer(value) if key.endswith("_initializer") else value
        elif value not in SAYS_NOTHING and not key.endswith("_initializer"):
            raise ValueError(
                f"layer '{config.get('name')}' ({kind}) has {key}={value!r}, which Keras 3 has not"
            )
    return kept


def _keys(layer: type) -> set[str]:
    """What a layer's constructor takes by name, what it passes on to its base class included."""
    known: set[str] = set()
    for kind in layer.__mro__:
        parameters = inspect.signature(kind.__init__).parameters
        known |= set(parameters)
        if all(parameter.kind is not parameter.VAR_KEYWORD for parameter in parameters.values()):
            break
    return known | {"alpha"} if layer is keras.layers.LeakyReLU else known


def _initializer(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    config = {key: item for key, item in value.get("config", {}).items() if key != "dtype"}
    return {"class_name": value["class_name"], "config": config}


def slices(spec: Any) -> Any:
    """What stands between the brackets of x[...], of Keras 2's way to write it."""
    if isinstance(spec, (list, tuple)):
        return tuple(slices(part) for part in spec)
    if isinstance(spec, dict) and spec.get("class_name") == "__ellipsis__":
        return Ellipsis
    if isinstance(spec, dict):
        return slice(spec.get("start"), spec.get("stop"), spec.get("step"))
    return spec
