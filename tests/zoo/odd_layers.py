"""Layers that are not of every day, and what a graph may do to the places of an image."""

import keras
from keras import layers
from zoo.nesting import by
from zoo.rows import Explained, Refused, features, head
from zoo.weights import constructed

NOT_UNDERSTOOD = "may not lie where it is drawn"


def behind(*made):
    """A network with these layers behind its features."""

    def scores(x):
        x = features(x)
        for layer in made:
            x = layer()(x)
        return head(x)

    return by(scores)


def before(*made):
    """A network with these layers before its features."""

    def scores(x):
        for layer in made:
            x = layer()(x)
        return head(features(x))

    return by(scores)


def doing(function):
    """A network whose image goes through plain operations first."""
    return by(lambda x: head(features(function(x))))


def doing_behind(function):
    """A network whose maps go through plain operations."""
    return by(lambda x: head(function(features(x))))


def first(layer):
    """A network whose first layer with weights is this."""
    return by(lambda x: head(layers.ReLU()(layer()(x))))


def row_of_pixels(x):
    """Convolutions over the flattened image, put into rows again."""
    x = layers.Conv1D(4, 1, activation="relu")(layers.Reshape((64 * 64, 3))(x))
    return head(layers.AveragePooling2D(4)(layers.Reshape((64, 64, 4))(x)))


def space_to_depth(x):
    x = keras.ops.reshape(x, (-1, 16, 4, 16, 4, 3))
    x = keras.ops.transpose(x, (0, 1, 3, 2, 4, 5))
    x = keras.ops.reshape(x, (-1, 16, 16, 48))
    return head(layers.Conv2D(4, 1, activation="relu", name="eye")(x))


def pixel_shuffle(x):
    x = layers.Conv2D(16, 4, 4, activation="relu")(x)
    x = keras.ops.reshape(x, (-1, 16, 16, 2, 2, 4))
    x = keras.ops.transpose(x, (0, 1, 3, 2, 4, 5))
    return head(keras.ops.reshape(x, (-1, 32, 32, 4)))


def lambda_layer():
    return by(lambda x: head(features(layers.Lambda(lambda y: 1.0 * y)(x))))


ACTIVATIONS = ("elu", "gelu", "silu", "mish", "hard_silu", "softplus", "selu", "leaky_relu")
BEHIND = {
    "separable convolution": lambda: layers.SeparableConv2D(4, 3, padding="same"),
    "depthwise convolution": lambda: layers.DepthwiseConv2D(3, padding="same"),
    "dilated convolution": lambda: layers.Conv2D(4, 3, dilation_rate=2, padding="same"),
    "transposed convolution": lambda: layers.Conv2DTranspose(4, 2, 2),
    "upsampling": lambda: layers.UpSampling2D(2, interpolation="bilinear"),
    "resized maps": lambda: layers.Resizing(32, 32),
    "batch norm": lambda: layers.BatchNormalization(),
    "PReLU": lambda: layers.PReLU(shared_axes=(1, 2)),
    "spatial dropout": lambda: layers.SpatialDropout2D(0.3),
    "noise in training": lambda: layers.GaussianNoise(1.0),
    "maximum pooling": lambda: layers.MaxPooling2D(3, 2, "same"),
    "mean pooling": lambda: layers.AveragePooling2D(2),
    "identity": lambda: layers.Identity(),
    "padded maps": lambda: layers.ZeroPadding2D(1),
    "clipped ReLU": lambda: layers.ReLU(6.0, negative_slope=0.1),
    "layer norm of channels": lambda: layers.LayerNormalization(),
    "group norm": lambda: layers.GroupNormalization(1),
    "unit norm of channels": lambda: layers.UnitNormalization(),
    "dense over channels": lambda: layers.Dense(4),
    "regularised activity": lambda: layers.ActivityRegularization(0.1),
}
BEFORE = {
    "resizing": lambda: layers.Resizing(32, 32),
    "crop of the middle": lambda: layers.CenterCrop(56, 56),
    "crop of a corner": lambda: layers.Cropping2D(((16, 0), (0, 16))),
    "padding": lambda: layers.ZeroPadding2D(16),
    "uneven padding": lambda: layers.ZeroPadding2D(((0, 32), (32, 0))),
    "random crop": lambda: layers.RandomCrop(56, 56),
    "random zoom": lambda: layers.RandomZoom(0.2),
    "random contrast": lambda: layers.RandomContrast(0.2),
    "upsampled image": lambda: layers.UpSampling2D(2),
    "blurred by pooling": lambda: layers.AveragePooling2D(2, 1, "same"),
}
PLACES = {  # what moves the image
    "mirrored": lambda x: x[:, :, ::-1],
    "mirrored by flip": lambda x: keras.ops.flip(x, axis=2),
    "upside down": lambda x: x[:, ::-1],
    "transposed": lambda x: keras.ops.transpose(x, (0, 2, 1, 3)),
    "rolled": lambda x: keras.ops.roll(x, 24, axis=2),
    "turned by a right angle": lambda x: keras.ops.rot90(x, axes=(1, 2)),
    "beside itself": lambda x: keras.ops.concatenate([x, x[:, :, ::-1]], axis=2),
}

BEHIND_ALONE = {  # moved as maps only
    "taken in another order": lambda x: keras.ops.take(x, [*range(8, 16), *range(8)], axis=1),
    "with axes swapped": lambda x: keras.ops.moveaxis(x, 1, 2),
    "tiled": lambda x: keras.ops.tile(x, (1, 2, 1, 1)),
    "split and joined": lambda x: keras.ops.concatenate(keras.ops.split(x, 2, 2)[::-1], axis=2),
    "padded by an operation": lambda x: keras.ops.pad(x, ((0, 0), (16, 0), (0, 16), (0, 0))),
}
CUT_BEHIND = {
    "cut by a layer": lambda x: layers.Cropping2D(((8, 0), (0, 8)))(x),
    "padded unevenly by a layer": lambda x: layers.ZeroPadding2D(((16, 0), (0, 16)))(x),
    "cut by a slice": lambda x: x[:, 8:, :8],
    "cut by an operation": lambda x: keras.ops.image.crop_images(x, 8, 0, 0, 8),
    "of every second place": lambda x: x[:, ::2, ::2],
}


class Own(layers.Layer):
    """Does something to maps within its own call, where no operation of the graph tells of it."""

    def __init__(self, function):
        super().__init__()
        self._function = function

    def call(self, inputs):
        return self._function(inputs)


class OwnModel(keras.Model):
    """Does something to maps between its layers, in its own call."""

    def __init__(self, function):
        super().__init__()
        self._function = function
        self.rescaling, self.top = layers.Rescaling(1 / 255), layers.Dense(2, "softmax")
        self.features = layers.Conv2D(4, 4, 4, activation="relu")
        self.later = layers.Conv2D(4, 3, padding="same", activation="relu")

    def call(self, inputs):
        maps = self.later(self._function(self.features(self.rescaling(inputs))))
        return self.top(keras.ops.mean(maps, axis=(1, 2)))


def own_model(function):
    """What makes a constructed model that does this to its maps between its layers."""

    def make():
        model = OwnModel(function)
        model(keras.ops.zeros((1, 64, 64, 3)))
        return constructed(model, lambda x: x / 255)

    return make


def gated(x):
    """Each channel by how much there is of it, as squeeze and excitation has it."""
    return x * keras.ops.sigmoid(keras.ops.mean(x, axis=(1, 2), keepdims=True))


def attended(x):
    """With what every place finds in all others, which is added."""
    tokens = keras.ops.reshape(x, (-1, 256, 4))
    found = keras.ops.softmax(tokens @ keras.ops.transpose(tokens, (0, 2, 1))) @ tokens
    return x + keras.ops.reshape(found, (-1, 16, 16, 4))


def corner(x):
    return x[:, 8:, :8]


BY_OWN = {
    "a layer's own call": lambda f: doing_behind(lambda x: Own(f)(x)),
    "a model's own call": own_model,
}
EXPLAINED = (
    *(Explained(name=f"maps {name}", make=doing_behind(f)) for name, f in CUT_BEHIND.items()),
    *(
        Explained(name=f"maps {name}, by {whose}", make=make(f), share=0, caution=NOT_UNDERSTOOD)
        for name, f in (PLACES | BEHIND_ALONE).items()
        for whose, make in BY_OWN.items()
    ),
    Explained(name="maps cut, by a layer's own call", make=BY_OWN["a layer's own call"](corner)),
    Explained(
        name="maps cut, by a model's own call",
        make=own_model(corner),
        share=0,
        caution=NOT_UNDERSTOOD,
    ),
    *(
        Explained(name=f"maps {name}, by {whose}", make=make(f), share=0.6)
        for name, f in {"gated": gated, "attended": attended}.items()
        for whose, make in BY_OWN.items()
    ),
    *(Explained(name=name, make=behind(layer), share=0.7) for name, layer in BEHIND.items()),
    *(
        Explained(name=f"activation {name}", make=behind(lambda n=name: layers.Activation(n)))
        for name in ACTIVATIONS
    ),
    *(Explained(name=name, make=before(layer), share=0.7) for name, layer in BEFORE.items()),
    *(
        Explained(name=f"image {name}", make=doing(f), share=0, caution=NOT_UNDERSTOOD)
        for name, f in PLACES.items()
    ),
    *(
        Explained(name=f"maps {name}", make=doing_behind(f), share=0, caution=NOT_UNDERSTOOD)
        for name, f in (PLACES | BEHIND_ALONE).items()
    ),
    Explained(name="image cut by a slice", make=doing(lambda x: x[:, 16:, :48])),
    Explained(
        name="image padded by an operation",
        make=doing(lambda x: keras.ops.pad(x, ((0, 0), (16, 16), (8, 8), (0, 0)))),
    ),
    Explained(
        name="image resized by an operation",
        make=doing(lambda x: keras.ops.image.resize(x, (32, 32))),
    ),
    Explained(
        name="image cut by an operation",
        make=doing(lambda x: keras.ops.image.crop_images(x, 16, 0, 0, 16)),
    ),
    Explained(
        name="separable convolution first",
        make=first(lambda: layers.SeparableConv2D(4, 4, 4)),
    ),
    Explained(name="overlapping kernels", make=first(lambda: layers.Conv2D(4, 7, 4, "same"))),
    Explained(
        name="grouped",
        make=by(
            lambda x: head(
                layers.Conv2D(8, 1, groups=2)(layers.Conv2D(8, 4, 4, activation="relu")(x))
            )
        ),
    ),
    Explained(name="row of pixels", make=by(row_of_pixels)),
    Explained(name="space to depth", make=by(space_to_depth)),
    Explained(name="depth to space", make=by(pixel_shuffle)),
    Explained(name="lambda in memory", make=lambda_layer()),
)

REFUSED = (
    Refused(
        name="lambda in a file",
        make=lambda_layer(),
        saved=".keras",
        line=r"holds Python code \(a Lambda layer\), which loading never runs.*module:function",
    ),
    Refused(
        name="lambda in HDF5",
        make=lambda_layer(),
        saved=".h5",
        line=r"holds Python code \(a Lambda layer\), which loading never runs.*module:function",
    ),
)
