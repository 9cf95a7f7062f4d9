"""Outputs that are numbers and no classes."""

import keras
from keras import layers
from zoo.rows import Explained, Refused, head, made

TAKEN = "taken for a regression"


def of(count: int, activation: str | None = None):
    return made(end=lambda x: head(x, count, activation))


def tanh_twice(x):
    return 2 * keras.ops.tanh(head(x, 1, None))


EXPLAINED = (
    Explained(
        name="one number",
        make=of(1),
        methods=("GRADCAM", "OCCLUSION"),
        target=0,
        caution=TAKEN,
    ),
    Explained(name="one number, said", make=of(1), options={"task": "regression"}, target=0),
    Explained(
        name="one number with its name",
        make=of(1),
        options={"task": "regression", "class_names": ["redness"]},
        target=0,
    ),
    Explained(
        name="one number by its sidecar",
        make=of(1),
        saved=".keras",
        sidecar={"task": "regression"},
        methods=("GRADCAM", "RISE"),
        share=0.4,
        target=0,
    ),
    Explained(
        name="two numbers",
        make=of(2),
        options={"task": "regression", "class_names": ["blueness", "redness"]},
    ),
    Explained(
        name="ten numbers",
        make=made(end=lambda x: layers.Dense(10, name="scores")(layers.GlobalMaxPooling2D()(x))),
        options={"task": "regression"},
    ),
    Explained(name="tanh", make=of(1, "tanh"), target=0, caution=TAKEN),
    Explained(name="rectified", make=of(1, "relu"), target=0, caution=TAKEN),
    Explained(name="plain tanh", make=made(end=tanh_twice), target=0, caution=TAKEN),
    Explained(
        name="sigmoid of a regression",
        make=of(1, "sigmoid"),
        options={"task": "regression"},
        target=0,
    ),
    Explained(
        name="one number scaled",
        make=made(end=lambda x: layers.Rescaling(100, offset=20)(head(x, 1, None))),
        target=0,
        caution=TAKEN,
    ),
)

REFUSED = (
    Refused(
        name="a task that there is not",
        make=of(1),
        options={"task": "regresion"},
        line="task is classification or regression, got regresion",
    ),
    Refused(
        name="a task of a sidecar that there is not",
        make=of(1),
        saved=".keras",
        sidecar={"task": "ranking"},
        line="mine.json': task is classification or regression, got ranking",
    ),
    Refused(
        name="names that are too many for a regression",
        make=of(2),
        options={"task": "regression", "class_names": ["a", "b", "c"]},
        line="3 names for a regression of 2 outputs",
    ),
)
