"""Numbers of other sizes than float32's."""

import keras
from keras import layers
from zoo.rows import Explained, Refused, features, head, made, network


def under(policy: str, **options):
    """The network under a policy of types."""

    def make() -> keras.Model:
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(policy)
        try:
            return network(**options)
        finally:
            keras.config.set_dtype_policy(before)

    return make


def last_in_float32(x):
    x = layers.Dense(2)(layers.GlobalAveragePooling2D()(x))
    return layers.Activation("softmax", dtype="float32")(x)


def batch_normalised(x):
    return layers.ReLU()(layers.BatchNormalization()(features(x, activation=None)))


def quantised() -> keras.Model:
    model = network()
    model.layers[-1].quantize("int8")
    return model


POLICIES = ("mixed_bfloat16", "mixed_float16", "float64", "bfloat16", "float16")

EXPLAINED = (
    *(
        Explained(name=policy, make=under(policy), methods=("GRADCAM", "OCCLUSION"), share=0.7)
        for policy in POLICIES
    ),
    *(
        Explained(name=f"{policy}, saved", make=under(policy, body=batch_normalised), saved=suffix)
        for policy, suffix in (("mixed_bfloat16", ".keras"), ("float16", ".h5"))
    ),
    Explained(
        name="softmax in float32 behind mixed_float16",
        make=under("mixed_float16", end=last_in_float32),
    ),
    Explained(
        name="passes in bfloat16",
        make=made(body=batch_normalised),
        options={"precision": "bfloat16"},
        methods=("OCCLUSION", "RISE"),
        share=0.3,
    ),
    Explained(name="int8 of a dense head", make=quantised),
    Explained(name="weights in float32 in a float16 head", make=under("float16", end=head)),
)

REFUSED = (
    Refused(
        name="a precision that there is not",
        make=made(),
        options={"precision": "float8"},
        line="precision 'float8': expected one of float32, bfloat16",
    ),
)
