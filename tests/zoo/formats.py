"""Every format: files of Keras 3, SavedModels, functions of one's own, and files that are none."""

from pathlib import Path

import keras
import tensorflow as tf
from keras import layers
from zoo.nesting import SIZE, subclassed
from zoo.rows import Explained, Refused, features, head, made, network

INSIDE = {"preprocessing": "none"}  # a SavedModel does not say that it rescales by itself
MODULE = """
from zoo.rows import head, network

def model():
    return network()

def of(end):
    model = network(end=end)
    def scores(images):
        return model(images, training=False).numpy()
    return scores

probabilities = of(head)
logits = of(lambda x: head(x, 2, None))
one_number = of(lambda x: head(x, 1, None))
one_probability = of(lambda x: head(x, 1, "sigmoid"))
def text():
    return "no model"

def failing(images):
    raise RuntimeError("out of coffee\\nand of tea")

def not_finite(images):
    return probabilities(images) + float("nan")

def of_another_shape(images):
    return probabilities(images)[0]

def failing_at_length(images):
    raise ValueError("three things are wrong:\\none\\ntwo\\nthree")

for function in (probabilities, logits, one_number, one_probability, not_finite, of_another_shape):
    function.input_size = (64, 64)
"""


def own(name: str):
    """`module:name`, of a module that the row writes."""

    def write(folder: Path) -> str:
        (folder / "zoo_models.py").write_text(MODULE)
        return f"zoo_models:{name}"

    return write


def file(name: str, content: bytes):
    def write(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return write


def nowhere(folder: Path) -> Path:
    return folder / "nothing.keras"


def zipped_under_another_name(folder: Path) -> Path:
    network().save(folder / "mine.keras")
    return (folder / "mine.keras").rename(folder / "mine.h5")


def hdf5_under_another_name(folder: Path) -> Path:
    network().save(folder / "mine.h5")
    return (folder / "mine.h5").rename(folder / "mine.keras")


def cut_off(folder: Path) -> Path:
    network().save(folder / "mine.keras")
    content = (folder / "mine.keras").read_bytes()
    (folder / "mine.keras").write_bytes(content[: len(content) // 2])
    return folder / "mine.keras"


def weights_alone(folder: Path) -> Path:
    network().save_weights(folder / "mine.weights.h5")
    return folder / "mine.weights.h5"


def module_of_tensorflow(folder: Path) -> Path:
    """A SavedModel that no Keras has written."""
    model, module = network(end=lambda x: head(x, 2, None)), tf.Module()
    module.model = model
    signature = [tf.TensorSpec((None, 64, 64, 3), tf.float32)]
    module.serve = tf.function(lambda x: {"logits": model(x)}, input_signature=signature)
    tf.saved_model.save(module, str(folder / "mine"), signatures=module.serve)
    return folder / "mine"


def part_of_a_saved_model(folder: Path) -> Path:
    network().export(folder / "mine", verbose=False)
    return folder / "mine" / "saved_model.pb"


def empty_folder(folder: Path) -> Path:
    (folder / "mine").mkdir()
    return folder / "mine"


def around_a_saved_model(folder: Path) -> Path:
    network().export(folder / "saved", verbose=False)
    inputs = keras.Input(SIZE)
    layer = layers.TFSMLayer(str(folder / "saved"), call_endpoint="serve")
    keras.Model(inputs, layer(inputs)).save(folder / "mine.keras")
    return folder / "mine.keras"


class Unknown(layers.Layer):
    """A layer that no file can bring back, since it is not registered."""

    def call(self, inputs):
        return 1.0 * inputs


def with_a_layer_of_its_own():
    return network(body=lambda x: features(Unknown()(x)))


BLACK_BOX = ("OCCLUSION", "RISE")
EXPLAINED = (
    Explained(name="file", make=network, saved=".keras"),
    Explained(name="file of HDF5", make=network, saved=".h5"),
    Explained(name="file of a subclassed model", make=subclassed, saved=".keras"),
    Explained(name="zip called HDF5", make=zipped_under_another_name),
    Explained(name="HDF5 called .keras", make=hdf5_under_another_name),
    Explained(
        name="saved model", make=network, saved="", options=INSIDE, methods=BLACK_BOX, share=0.3
    ),
    Explained(
        name="saved model of logits",
        make=made(end=lambda x: head(x, 2, None)),
        saved="",
        options=INSIDE,
        methods=("OCCLUSION",),
        caution="taken for logits",
    ),
    Explained(
        name="saved model of several labels",
        make=made(end=lambda x: head(x, 3, "sigmoid")),
        saved="",
        options=INSIDE,
        methods=("OCCLUSION",),
    ),
    Explained(
        name="saved model of one number",
        make=made(end=lambda x: head(x, 1, None)),
        saved="",
        options=INSIDE,
        methods=("OCCLUSION",),
        target=0,
        caution="taken for a regression",
    ),
    Explained(
        name="saved model with its sidecar",
        make=made(first=lambda x: x, seen="caffe"),
        saved="",
        sidecar={"preprocessing": "caffe", "class_names": ["blue", "red"]},
        methods=("OCCLUSION",),
    ),
    Explained(
        name="saved model of TensorFlow",
        make=module_of_tensorflow,
        options=INSIDE | {"multi_label": False},
        methods=("OCCLUSION",),
    ),
    Explained(name="function that builds a model", make=own("model"), methods=("GRADCAM",)),
    Explained(
        name="function of probabilities",
        make=own("probabilities"),
        methods=BLACK_BOX,
        share=0.3,
    ),
    Explained(
        name="function of logits",
        make=own("logits"),
        methods=("OCCLUSION",),
        caution="taken for logits",
    ),
    Explained(
        name="function of one number",
        make=own("one_number"),
        methods=("OCCLUSION",),
        target=0,
        caution="taken for a regression",
    ),
    Explained(
        name="function of one probability", make=own("one_probability"), methods=("OCCLUSION",)
    ),
)

REFUSED = (
    Refused(
        name="saved model by its layers",
        make=network,
        saved="",
        options=INSIDE,
        method="GRADCAM",
        line="GRADCAM looks into a classifier's layers, and mine only gives scores; it needs a",
    ),
    Refused(
        name="saved model whose preprocessing is not said",
        make=network,
        saved="",
        line="mine does not rescale images itself, so say what it was trained on",
    ),
    Refused(name="part of a saved model", make=part_of_a_saved_model, line="give the folder that"),
    Refused(name="empty folder", make=empty_folder, line="no SavedModel: no saved_model.pb"),
    Refused(name="saved model in a layer", make=around_a_saved_model, line=r"\(TFSMLayer\); give"),
    Refused(
        name="layer of one's own in a file",
        make=with_a_layer_of_its_own,
        saved=".keras",
        line=r"layers of its own \(Unknown\) that only their code can build; give it as",
    ),
    Refused(
        name="layer of one's own in HDF5",
        make=with_a_layer_of_its_own,
        saved=".h5",
        line=r"layers of its own \(Unknown\) that only their code can build; give it as",
    ),
    Refused(name="weights alone", make=weights_alone, line="weights alone, without their model"),
    Refused(name="file that is cut off", make=cut_off, line="damaged or cut off; copy it again"),
    Refused(name="empty file", make=file("mine.keras", b""), line="it is empty; copy it again"),
    Refused(name="web page", make=file("mine.h5", b"<!DOCTYPE html>"), line="a web page and not a"),
    Refused(
        name="pointer of Git LFS",
        make=file("mine.keras", b"version https://git-lfs.github.com/spec/v1"),
        line="pointer of Git LFS and not the file",
    ),
    Refused(
        name="file of PyTorch", make=file("mine.pth", b"PK"), line="expected .keras, .h5, a Saved"
    ),
    Refused(name="no file", make=nowhere, line="no such file", error=FileNotFoundError),
    Refused(
        name="function that there is not",
        make=own("modell"),
        line="zoo_models:modell' fails: AttributeError: .*has no attribute 'modell'",
    ),
    Refused(name="function that gives a text", make=own("text"), line="gave a str; expected a Ker"),
    Refused(
        name="function that fails",
        make=own("failing"),
        line="fails on a black image: RuntimeError: out of coffee",
    ),
    Refused(
        name="function that fails in many lines",
        make=own("failing_at_length"),
        line="fails on a black image: ValueError: three things are wrong",
    ),
    Refused(
        name="function of no numbers",
        make=own("not_finite"),
        line=r"scores are not finite \(NaN or infinite\)",
    ),
    Refused(
        name="function of one row for all",
        make=own("of_another_shape"),
        line=r"function gave \(2,\) for 5 images; expected \(5, classes\)",
    ),
)
