"""Every input: sizes, channels, and preprocessing inside the model or outside, in Keras's modes."""

import keras
import numpy as np
from keras import layers
from zoo.rows import Explained, Refused, features, head, made, network
from zoo.weights import as_function, constructed

MODES = ("none", "tf", "caffe", "torch")


def plain(x):
    return x


def outside(mode, **options):
    return made(first=plain, seen=mode, **options)


def inside(mode: str) -> keras.Model:
    """Keras's own preprocessing as operations of the graph."""
    modules = {"caffe": "vgg16", "torch": "densenet", "tf": "mobilenet_v2"}
    preprocess = getattr(keras.applications, modules[mode]).preprocess_input
    return network(first=preprocess, seen=mode)


MEAN, SPREAD = np.array([120.0, 110.0, 100.0]), np.array([60.0, 50.0, 30.0])


def normalization(x):
    return layers.Normalization(mean=MEAN.tolist(), variance=(SPREAD**2).tolist())(x)


def normalised(images):
    return (images - MEAN) / SPREAD


def two_inputs() -> keras.Model:
    inputs = [keras.Input((64, 64, 3)), keras.Input((64, 64, 3))]
    return keras.Model(inputs, head(features(layers.Add()(inputs))))


def of_vectors() -> keras.Model:
    inputs = keras.Input((16,))
    return keras.Model(inputs, layers.Dense(2, "softmax")(inputs))


def of_clips() -> keras.Model:
    inputs = keras.Input((4, 16, 16, 3))
    x = layers.Conv3D(4, 3, activation="relu")(layers.Rescaling(1 / 255)(inputs))
    return keras.Model(inputs, layers.Dense(2, "softmax")(layers.GlobalAveragePooling3D()(x)))


def channels_first() -> keras.Model:
    inputs = keras.Input((64, 64, 3))
    x = layers.Permute((3, 1, 2))(layers.Rescaling(1 / 255)(inputs))
    x = layers.Conv2D(4, 3, data_format="channels_first", padding="same")(x)
    x = layers.GlobalAveragePooling2D(data_format="channels_first")(x)
    return keras.Model(inputs, layers.Dense(2, "softmax")(x))


def of_whole_numbers() -> keras.Model:
    inputs = keras.Input((64, 64, 3), dtype="uint8")
    x = layers.Rescaling(1 / 255)(keras.ops.cast(inputs, "float32"))
    return constructed(keras.Model(inputs, head(features(x))), lambda x: x / 255)


SIZES = {"28": (28, 28), "32": (32, 32), "96 by 48": (96, 48), "65 by 63": (65, 63)}

EXPLAINED = (
    *(
        Explained(
            name=f"size {name}",
            make=made(lambda x: features(x, 2), size=size),
            methods=("GRADCAM", "OCCLUSION") if size[0] < 64 else ("GRADCAM",),
            share=0.7,
        )
        for name, size in SIZES.items()
    ),
    *(
        Explained(
            name=f"{mode} outside",
            make=outside(mode),
            options={"preprocessing": mode},
            methods=("GRADCAM", "OCCLUSION", "INTEGRATED_GRADIENTS"),
            share=0.6,
        )
        for mode in MODES
    ),
    *(
        Explained(name=f"{mode} inside", make=lambda mode=mode: inside(mode), methods=("HIRESCAM",))
        for mode in MODES[1:]
    ),
    Explained(
        name="an application's outside",
        make=outside("caffe"),
        options={"preprocessing": "VGG16"},
    ),
    Explained(
        name="a function outside",
        make=outside("torch"),
        options={"preprocessing": as_function("torch")},
    ),
    Explained(name="grey 28", make=made(lambda x: features(x, 2), size=(28, 28), channels=1)),
    Explained(name="grey 64", make=made(channels=1), methods=("GRADCAM", "OCCLUSION")),
    Explained(
        name="grey of two classes by one sigmoid",
        make=made(end=lambda x: head(x, 1, "sigmoid"), channels=1),
    ),
    Explained(
        name="grey without rescaling",
        make=outside("none", channels=1),
        options={"preprocessing": "none"},
    ),
    Explained(
        name="any size",
        make=made(size=(None, None)),
        saved=".keras",
        sidecar={"input_size": [80, 64]},
    ),
    Explained(name="normalization inside", make=made(first=normalization, seen=normalised)),
    Explained(name="division inside", make=made(first=lambda x: x / 255.0, seen=lambda x: x / 255)),
    Explained(
        name="rescaling to -1..1 inside",
        make=made(first=lambda x: layers.Rescaling(1 / 127.5, offset=-1)(x), seen="tf"),
    ),
    Explained(
        name="colours turned round inside",
        make=made(first=lambda x: x[..., ::-1] / 255.0, seen=lambda x: x[..., ::-1] / 255),
    ),
    Explained(
        name="preprocessed twice",
        make=made(first=lambda x: x / 9.0, seen=lambda x: as_function("caffe")(x) / 9),
        options={"preprocessing": "caffe"},
        caution="preprocesses its images itself, and preprocessing caffe comes before",
    ),
    Explained(name="whole numbers", make=of_whole_numbers),
    Explained(
        name="augmentation first",
        make=made(
            first=lambda x: layers.Rescaling(1 / 255)(
                layers.RandomRotation(0.2)(layers.RandomFlip()(x))
            )
        ),
    ),
)

REFUSED = (
    Refused(
        name="preprocessing that is not said",
        make=outside("none"),
        line="mine does not rescale images itself, so say what it was trained on",
    ),
    Refused(
        name="preprocessing that there is not",
        make=outside("none"),
        options={"preprocessing": "imagnet"},
        line="no preprocessing 'imagnet': give none, tf, caffe, torch or",
    ),
    Refused(
        name="four channels",
        make=made(channels=4, body=lambda x: layers.Conv2D(8, 3)(x)),
        line=r"inputs \(64, 64, 4\); expected \(H, W, C\) of 1 or 3 channels",
    ),
    Refused(
        name="two channels",
        make=made(channels=2, body=lambda x: layers.Conv2D(8, 3)(x)),
        line=r"inputs \(64, 64, 2\); expected \(H, W, C\) of 1 or 3 channels",
    ),
    Refused(
        name="grey in the caffe mode",
        make=outside("none", channels=1),
        options={"preprocessing": "caffe"},
        line="takes grey images: preprocessing none or tf, not caffe",
    ),
    Refused(name="two inputs", make=two_inputs, line="has 2 inputs; a classifier has one image"),
    Refused(
        name="vectors", make=of_vectors, line=r"takes inputs \(None, 16\); expected \(N, H, W, C\)"
    ),
    Refused(
        name="channels first",
        make=channels_first,
        line="channels-first",
    ),
    Refused(
        name="a size that it does not take",
        make=made(),
        saved=".keras",
        sidecar={"input_size": [32, 32]},
        line=r"input_size is \[32, 32\], and the model takes images of 64 x 64",
    ),
    Refused(
        name="clips by a method of images",
        make=of_clips,
        method="SALIENCY",
        line="explains images, and .* takes clips of 4 frames; clips are explained by",
    ),
)
