"""The lines that the troubleshooting page quotes: the toolkit prints them."""

import contextlib
import io
import re

import keras
import numpy as np
import pytest
from doc_pages import page, words
from keras import layers
from small_vit import vit
from support import ROOT

import main

pytestmark = pytest.mark.slow
MACAW = str(ROOT / "data/macaw.jpg")
OLD = ROOT / "tests/classifier/files"
ELSEWHERE = {  # of machines that are as full, as far or as bare, which other tests stand for
    "out of memory: now 16 images in a pass",
    "main.py: there is not memory enough for a pass of one image",
    "within windows, or of several resolutions",
    "stopped early, after 96 passes",
    "its map may not lie where it is drawn",
    "main.py: --engine ray needs Ray: pip install -r requirements-distributed.txt",
    "main.py: no Ray at 'auto': Could not find any running Ray instance.",
}
SPACES = 4  # that a line has at least; with fewer it is an option or a name
LINES = {word for word in words(page("troubleshooting")) if word.count(" ") >= SPACES}


def features(inputs, **last):
    """Two convolutions, nested as `backbone`."""
    x = layers.Conv2D(8, 3, 2, activation="relu")(start := keras.Input((64, 64, 3)))
    x = layers.Conv2D(16, 3, 2, activation="relu", name="last_conv")(x)
    return keras.Model(start, x, name="backbone")(inputs)


def small(act="softmax", count=3, rescales=True, spoil=None, outputs=1, others=()):
    """A small model, whose last weights `spoil` changes."""
    inputs = keras.Input((64, 64, 3))
    x = features(layers.Rescaling(1 / 255)(inputs) if rescales else inputs)
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), *others])
    last = layers.Dense(count, act, name="scores" if spoil else "dense")
    model = keras.Model([inputs, *others] if others else inputs, [last(x)] * outputs)
    if spoil:
        last.set_weights(spoil(*last.get_weights()))
    return model


def one_layer(name: str, kernel, bias, weights) -> keras.Model:
    """A convolution of four channels by these weights, their means, and two classes."""
    inputs = keras.Input((64, 64, 3))
    x = layers.Rescaling(1 / 255)(inputs)
    maps, scores = layers.Conv2D(4, 3, activation="relu", name=name), layers.Dense(2, "softmax")
    model = keras.Model(inputs, scores(layers.GlobalAveragePooling2D()(maps(x))))
    maps.set_weights([np.full((3, 3, 3, 4), kernel), np.full(4, bias)])
    scores.set_weights([np.array([weights] * 4), np.zeros(2)])
    return model


def perceptron() -> keras.Model:
    stack = [keras.Input((32, 32, 3)), layers.Rescaling(1 / 255), layers.Flatten()]
    return keras.Sequential([*stack, layers.Dense(3, "softmax")])


def segmentation() -> keras.Model:
    stack = [keras.Input((64, 64, 3)), layers.Rescaling(1 / 255)]
    return keras.Sequential([*stack, layers.Conv2D(3, 3, padding="same", activation="softmax")])


MODELS = {
    "nested": small,
    "plain": lambda: small(rescales=False),
    "age": lambda: small(None, 1),
    "logits": lambda: small(None),
    "binary": lambda: small("sigmoid", 1, spoil=lambda w, b: (0 * w, b + np.log(0.556 / 0.444))),
    "nan": lambda: small(spoil=lambda w, b: (np.nan * w, b)),
    "sure": lambda: small(spoil=lambda w, b: (w, np.array([60.0, 0, 0]))),
    "two": lambda: small(others=[keras.Input((4,))]),
    "twice": lambda: small(outputs=2),
    "dead": lambda: one_layer("conv2d_1", 0.0, -1.0, [1.0, -1.0]),
    "negative": lambda: one_layer("conv2d_3", 0.1, 0.0, [-1.0, 1.0]),
    "mlp": perceptron,
    "segment": segmentation,
    "vit": vit,
}
CASES = [
    "--model_path=dead.keras",
    "--model_path=negative.keras --target=index:0",
    "--model_path=sure.keras --explanation_method=OCCLUSION:score=probability",
    "--explanation_method=RISE:masks=20",
    "--model_path=nan.keras",
    "--model_path=nested.keras --layer=last_con",
    "--model_path=nested.keras --layer=dense",
    "--model_path=mlp.keras",
    f"--model_path={OLD}/tf212_with_lambda.h5 --preprocessing=none",
    f"--model_path={OLD}/tf212_with_own_layer.h5 --preprocessing=none",
    "--model_path=only.weights.h5",
    "--model_path=saved",
    "--model_path=saved --preprocessing=none",
    "--model_path=reads --preprocessing=none",
    "--model_path=vit.keras",
    "--model_path=vit.keras --list_layers",
    "--model_path=vit.keras --explanation_method=GUIDED_BACKPROP",
    "--explanation_method=ROLLOUT",
    "--model_path=binary.keras",
    "--model_path=age.keras",
    "--model_path=logits.keras",
    "--model_path=plain.keras",
    "--model_path=nested.keras --preprocessing=tf",
    "--target=German_shepard",
    "--target=crane",
    "--model_path=nested.keras --class_names=imagenet",
    "--show",
    "--model_name=ResNet50",
    "--model_path=two.keras",
    "--model_path=twice.keras",
    "--model_path=segment.keras",
    "--model_path=torchlike.pth",
]


def save_models(folder) -> None:
    """All models that the cases name."""
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    for name, make in MODELS.items():
        make().save(folder / f"{name}.keras")
    plain = small(rescales=False)
    plain.save_weights(folder / "only.weights.h5")
    plain.export(folder / "saved", verbose=False)
    (folder / "torchlike.pth").write_bytes(b"PK\x03\x04")
    module = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec((None, 64, 64, 3))])
    def reading(images):
        length = tf.strings.length(tf.io.read_file("names.txt"))
        return tf.nn.softmax(tf.reduce_mean(images, (1, 2)) + tf.cast(length, tf.float32))

    module.reading = reading
    tf.saved_model.save(module, str(folder / "reads"), signatures=reading)


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """All that the cases print, in one line."""
    folder, out = tmp_path_factory.mktemp("cases"), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out):
        save_models(folder)
        with contextlib.redirect_stderr(out), pytest.MonkeyPatch.context() as patch:
            patch.delenv("DISPLAY", raising=False)
            patch.setattr(keras.applications, "ResNet50", without_network)
            for case in CASES:
                main.main([*case.split(), "--test_image_path", MACAW])
    return re.sub(r"\s+", " ", out.getvalue())


def without_network(weights=None, **options):
    """As Keras's constructors are where nothing can be downloaded."""
    raise OSError("URL fetch failure")


without_network.__module__ = "keras.src.applications.resnet"


@pytest.mark.parametrize("line", sorted(LINES - ELSEWHERE))
def test_the_toolkit_prints(line, printed):
    parts = line.split("...")
    pattern = ".*?".join(re.escape(part.strip(" ;")) for part in parts if part.strip(" ;"))
    assert re.search(pattern, printed), line


def test_what_is_left_out_is_on_the_page():
    assert LINES >= ELSEWHERE
