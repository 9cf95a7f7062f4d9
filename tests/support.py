"""What tests share: small networks, images of patches, and the reference maps."""

import contextlib
import csv
import io
import json
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
from keras import layers
from reference_maps import reference as reference

from classifier import BlackBox, Classifier
from classifier.labels import numbered_labels

ROOT = Path(__file__).parent.parent
ELEPHANT, BEAR = "data/african_elephant.jpg", "data/american_black_bear.jpg"
NAMES = (
    "black_bear",
    "cat_chelsea",
    "coffee",
    "dog_cat",
    "dog_person",
    "elephant_herd",
    "elephant_scene",
    "macaw",
    "polar_bear",
)


def image_of(maps) -> np.ndarray:
    """(1, 224, 224, 3) float32: the image that reference maps belong to."""
    return maps["image_u8"][np.newaxis].astype(np.float32)


def relative_difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Largest absolute difference, as a part of the largest absolute value."""
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


QUICK = {"masks": 64, "samples": 100, "segmentation": "slic", "hide": "black", "patch": 8}


def quick(name: str) -> dict:
    """Options with which a method does for an image of 32 pixels, in no time."""
    from methods import METHODS

    return {option: QUICK[option] for option in METHODS[name].options if option in QUICK}


def noise(size=(32, 32), count: int = 2, seed: int = 0) -> np.ndarray:
    """(count, *size, 3) float32 images in [0, 255], of 6 x 6 patches of a random colour each."""
    colours = np.random.default_rng(seed).uniform(0, 255, (count, 6, 6, 3)).astype(np.float32)
    rows, columns = (np.arange(side) * 6 // side for side in size)
    return colours[:, rows][:, :, columns]


def randomised(model: keras.Model, seed: int = 0) -> keras.Model:
    """The model with weights by seed; batch norms' too are neither 0 nor 1 nor tiny."""
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        if "variance" in variable.path:
            variable.assign(rng.uniform(0.5, 2, variable.shape))
        elif "gamma" in variable.path:
            variable.assign(rng.uniform(0.5, 1.5, variable.shape))
        elif "seed" not in variable.path:
            inputs = max(1, int(np.prod(variable.shape[:-1])))
            variable.assign(rng.normal(0, inputs**-0.5, variable.shape))
    return model


def model_of(*stack, size=(32, 32)) -> keras.Model:
    """These layers one after another, from an image of that size on."""
    return randomised(keras.Sequential([keras.Input((*size, 3)), *stack]))


def backbone(size=(32, 32), channels: int = 3) -> keras.Model:
    """A residual network of 8 x 8 x 16 features, ending in batch norm, addition and ReLU."""
    inputs = keras.Input((*size, channels))
    x = layers.Conv2D(8, 3, 2, "same", use_bias=False, name="conv1")(inputs)
    x = layers.ReLU(name="relu1")(layers.BatchNormalization(name="bn1")(x))
    x = layers.Conv2D(16, 3, 2, "same", name="conv2")(x)
    shortcut = layers.BatchNormalization(name="bn2")(x)
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="depthwise3")(shortcut)
    x = layers.BatchNormalization(name="bn3", scale=False)(x)
    x = layers.Add(name="add")([x, shortcut])
    return randomised(keras.Model(inputs, layers.ReLU(name="last")(x), name="backbone"))


def head(count: int = 3, activation: str | None = "softmax") -> list:
    """Pooling, and a dense layer whose scores differ."""
    return [
        layers.GlobalAveragePooling2D(name="pool"),
        layers.Dense(
            count,
            activation,
            kernel_initializer=keras.initializers.RandomNormal(stddev=1.0, seed=1),
            name="scores",
        ),
    ]


def sequential(count: int = 3, activation: str | None = "softmax", **size) -> keras.Model:
    """A transfer-learned network: rescaling, the backbone nested, a new head."""
    inside = backbone(**size)
    rescaling = layers.Rescaling(1 / 127.5, offset=-1)
    return keras.Sequential(
        [keras.Input(inside.input_shape[1:]), rescaling, inside, *head(count, activation)]
    )


def with_last_weights(model: keras.Model, kernel, bias) -> keras.Model:
    """The model with other weights in its last layer."""
    model.get_layer("scores").set_weights([kernel, bias])
    return model


def flat(name: str = "convolution") -> keras.Sequential:
    """A network in one piece, for images of 32 pixels; its convolution has that name."""
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Rescaling(1 / 127.5, offset=-1),
            layers.Conv2D(6, 3, 2, activation="relu", name=name),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def backbone_with_head() -> keras.Model:
    """The backbone with a head, and nothing nested."""
    inside = backbone()
    x = layers.GlobalAveragePooling2D()(inside.output)
    return keras.Model(inside.input, layers.Dense(3, "softmax")(x))


def functional(count: int = 3, activation: str | None = "softmax") -> keras.Model:
    inside = backbone()
    inputs = keras.Input((32, 32, 3))
    x = inside(layers.Rescaling(1 / 127.5, offset=-1)(inputs))
    for layer in head(count, activation):
        x = layer(x)
    return keras.Model(inputs, x, name="functional")


@keras.saving.register_keras_serializable("tests")
class Subclassed(keras.Model):
    """The same written as a class, the backbone an attribute, softmax a plain function."""

    def __init__(self, count: int = 3, **kwargs):
        super().__init__(**kwargs)
        self.count = count
        self.rescaling = layers.Rescaling(1 / 127.5, offset=-1)
        self.backbone = backbone()
        self.pool, self.scores = head(count, None)

    def call(self, inputs):
        x = self.scores(self.pool(self.backbone(self.rescaling(inputs))))
        return keras.ops.softmax(x)

    def get_config(self):
        return super().get_config() | {"count": self.count}


def subclassed(count: int = 3) -> keras.Model:
    model = Subclassed(count, name="subclassed")
    model(np.zeros((1, 32, 32, 3), np.float32))
    return model


def bright_classifier(shape=(8, 8, 3)) -> Classifier:
    """The probability of class 1 is the mean brightness, from 0 to 1."""

    def scores(inputs):
        light = inputs.mean(axis=(1, 2, 3), dtype=np.float64) / 255
        return np.stack([1 - light, light], axis=1).astype(np.float32)

    return Classifier("bright", BlackBox(scores, shape), numbered_labels(2), lambda x: x)


def keyed(rows):
    """Rows by what they are of, without what differs from run to run."""
    columns = ["image", "method", "class_index", "probability", "label", "true_class"]
    columns = [*columns, *sorted(set(rows.columns) & {"SPARSITY", "DELETION:step=400"})]
    return rows.sort_values(["image", "method"]).reset_index(drop=True)[columns]


def same_rows(first, second) -> None:
    assert keyed(first).equals(keyed(second)) or np.allclose(
        keyed(first).select_dtypes("number"), keyed(second).select_dtypes("number"), rtol=1e-5
    )
    pairs = zip(*(r.sort_values(["image", "method"])["map"] for r in (first, second)), strict=True)
    for one, other in pairs:
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5 * np.abs(other).max())


def record_of(files: list[Path]) -> dict:
    """What the only record among a run's files holds."""
    (file,) = [f for f in files if f.suffix == ".json"]
    return json.loads(file.read_text())


def rows_of(files: dict, name: str) -> list[dict]:
    """The rows of a table that a run wrote."""
    return list(csv.DictReader(files[name].read_text(encoding="utf-8").splitlines()))


def run_tool(main, *flags) -> SimpleNamespace:
    """Exit status, output and errors of a tool's `main`."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main([str(flag) for flag in flags])
    return SimpleNamespace(status=status, out=out.getvalue(), err=err.getvalue())
