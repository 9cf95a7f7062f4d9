"""Every way to put networks into networks: nested, shared, written as a class, branched, joined."""

import keras
from keras import layers
from zoo.rows import Explained, Refused, features, head
from zoo.weights import constructed

SIZE = (64, 64, 3)


def scaled(images):
    return images / 255


def backbone(name: str = "backbone", size=SIZE) -> keras.Model:
    inputs = keras.Input(size)
    return keras.Model(inputs, features(inputs), name=name)


def rescaling():
    return layers.Rescaling(1 / 255)


def by(function):
    """A model of a function from preprocessed images to scores."""

    def make() -> keras.Model:
        inputs = keras.Input(SIZE)
        return constructed(keras.Model(inputs, function(rescaling()(inputs)), name="mine"), scaled)

    return make


def sequential() -> keras.Model:
    convolution = layers.Conv2D(4, 4, 4, activation="relu")
    parts = [keras.Input(SIZE), rescaling(), convolution, layers.GlobalAveragePooling2D()]
    return constructed(keras.Sequential([*parts, layers.Dense(2, "softmax")]), scaled)


def nested_in_sequential(*inside) -> keras.Model:
    parts = [keras.Input(SIZE), rescaling(), *inside, layers.GlobalAveragePooling2D()]
    return constructed(keras.Sequential([*parts, layers.Dense(2, "softmax")]), scaled)


def three_deep() -> keras.Model:
    outer = keras.Sequential([keras.Input(SIZE), backbone("inner")], name="middle")
    return nested_in_sequential(keras.Sequential([keras.Input(SIZE), outer], name="outer"))


def sequential_in_functional(x):
    body = keras.Sequential([keras.Input(SIZE), layers.Conv2D(4, 4, 4, activation="relu")])
    end = keras.Sequential([layers.GlobalAveragePooling2D(), layers.Dense(2, "softmax")])
    return end(body(x))


def of_another_models_tensors() -> keras.Model:
    """The graph of a backbone goes on, which is not nested."""
    inside = backbone()
    return constructed(keras.Model(inside.input, head(inside.output)), "none")


def with_its_own_head_inside(x):
    inputs = keras.Input(SIZE)
    return keras.Model(inputs, head(features(inputs)), name="all")(x)


def twice(x):
    shared = backbone()
    ends = [shared(x), shared(layers.RandomFlip()(x))]
    return head(layers.Average()(ends))


def twice_by_brightness(x):
    shared = backbone()
    means = [layers.GlobalAveragePooling2D()(shared(one)) for one in (x, 0.5 * x)]
    return layers.Dense(2, "softmax")(layers.Add()(means))


def shared_layer(x):
    convolution = layers.Conv2D(4, 3, padding="same", activation="relu")
    return head(convolution(convolution(features(x))))


def two_of_one_output(x):
    inputs = keras.Input(SIZE)
    maps = features(inputs)
    outputs = [maps, layers.GlobalAveragePooling2D()(maps)]
    return head(keras.Model(inputs, outputs, name="pyramid")(x)[0])


@keras.saving.register_keras_serializable("zoo")
class Subclassed(keras.Model):
    """Layers as attributes, a nested network, and softmax as a plain function."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.rescaling, self.backbone = rescaling(), backbone()
        self.blocks = [layers.Conv2D(4, 3, padding="same") for _ in range(2)]
        self.scores = layers.Dense(2)

    def call(self, inputs, training=False):
        x = self.backbone(self.rescaling(inputs))
        for block in self.blocks:
            x = keras.ops.relu(block(x))
        return keras.ops.softmax(self.scores(keras.ops.mean(x, axis=(1, 2))))


@keras.saving.register_keras_serializable("zoo")
class Block(layers.Layer):
    """A residual block as one layer."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first = layers.Conv2D(4, 3, padding="same", activation="relu")
        self.second = layers.Conv2D(4, 3, padding="same")

    def build(self, shape):
        self.first.build(shape)
        self.second.build(shape)

    def call(self, inputs):
        return keras.ops.relu(inputs + self.second(self.first(inputs)))


@keras.saving.register_keras_serializable("zoo")
class Opaque(layers.Layer):
    """A convolution by weights of its own, through a plain operation."""

    def build(self, shape):
        self.kernel = self.add_weight((1, 1, shape[-1], 4), name="kernel")

    def call(self, inputs):
        return keras.ops.relu(keras.ops.conv(inputs, self.kernel, padding="same"))


def subclassed() -> keras.Model:
    model = Subclassed(name="mine")
    model(keras.ops.zeros((1, *SIZE)))
    return constructed(model, scaled)


def inception(x):
    parts = [features(x, 4, padding="same")]
    parts.append(layers.Conv2D(4, 8, 4, padding="same", activation="relu")(x))
    parts.append(features(layers.MaxPooling2D(2)(x), 2))
    return head(layers.Concatenate()(parts))


def dense_net(x):
    x = features(x)
    for _ in range(2):
        x = layers.Concatenate()([x, layers.Conv2D(4, 3, padding="same", activation="relu")(x)])
    return head(x)


def squeezed(x):
    x = features(x)
    gate = layers.Dense(4, "sigmoid")(layers.GlobalAveragePooling2D()(x))
    return head(layers.Multiply()([x, layers.Reshape((1, 1, 4))(gate)]))


def gated(x):
    x = features(x)
    return head(layers.Multiply()([x, layers.Conv2D(4, 1, activation="sigmoid")(x)]))


def u_shaped(x):
    fine = features(x, 2)
    coarse = layers.Conv2D(4, 2, 2, activation="relu")(fine)
    return head(layers.Add()([fine, layers.UpSampling2D(2)(coarse)]))


def pyramid(x):
    fine = features(x, 4)
    coarse = layers.Conv2D(4, 2, 2, activation="relu")(fine)
    means = [layers.GlobalAveragePooling2D()(one) for one in (fine, coarse)]
    return layers.Dense(2, "softmax")(layers.Concatenate()(means))


def ensemble(join):
    def scores(x):
        members = []
        for name in ("one", "two", "three"):
            inputs = keras.Input(SIZE)
            members.append(keras.Model(inputs, head(features(inputs)), name=name)(x))
        return join(members)

    return by(scores)


def halves(x):
    """Branches of the image's left and right half."""
    means = []
    for crop in ((0, 32), (32, 0)):
        half = layers.Cropping2D(((0, 0), crop))(x)
        means.append(layers.GlobalAveragePooling2D()(features(half)))
    return layers.Dense(2, "softmax")(layers.Concatenate()(means))


def two_scales(x):
    """One branch sees the whole in coarse, the other its middle in fine."""
    views = [layers.Resizing(32, 32)(x), layers.CenterCrop(48, 48)(x)]
    means = [layers.GlobalAveragePooling2D()(features(view, 2)) for view in views]
    return layers.Dense(2, "softmax")(layers.Concatenate()(means))


def beside_statistics(x):
    """A branch of the image's own mean colours has no maps."""
    means = layers.GlobalAveragePooling2D()(layers.Rescaling(0.001)(x))
    return layers.Dense(2, "softmax")(
        layers.Concatenate()([layers.GlobalAveragePooling2D()(features(x)), features_of(means)])
    )


def features_of(means):
    return layers.Dense(4, "relu", name="eye")(means)


def early_exit(x):
    fine = features(x)
    coarse = layers.Conv2D(4, 2, 2, activation="relu")(fine)
    return layers.Average()([head(fine), head(coarse)])


EXPLAINED = (
    Explained(name="sequential", make=sequential, methods=("GRADCAM", "FEM")),
    Explained(
        name="functional in sequential",
        make=lambda: nested_in_sequential(backbone()),
        methods=("GRADCAM", "OCCLUSION", "INTEGRATED_GRADIENTS"),
        share=0.6,
    ),
    Explained(name="sequential in functional", make=by(sequential_in_functional)),
    Explained(name="three deep", make=three_deep),
    Explained(
        name="another model's tensors",
        make=of_another_models_tensors,
        options={"preprocessing": "none"},
    ),
    Explained(name="head and all inside", make=by(with_its_own_head_inside)),
    Explained(name="backbone twice", make=by(twice)),
    Explained(name="backbone twice, by brightness", make=by(twice_by_brightness)),
    Explained(name="shared layer", make=by(shared_layer)),
    Explained(name="one of a backbone's two outputs", make=by(two_of_one_output)),
    Explained(name="subclassed", make=subclassed, methods=("GRADCAM", "OCCLUSION")),
    Explained(name="a block as a layer", make=by(lambda x: head(Block()(features(x))))),
    Explained(name="a convolution of one's own", make=by(lambda x: head(Opaque()(features(x))))),
    Explained(name="inception", make=by(inception)),
    Explained(name="densely joined", make=by(dense_net)),
    Explained(name="squeeze and excitation", make=by(squeezed)),
    Explained(name="gated maps", make=by(gated)),
    Explained(name="u-shaped", make=by(u_shaped)),
    Explained(name="pyramid", make=by(pyramid)),
    Explained(name="ensemble by the mean", make=ensemble(layers.Average())),
    Explained(name="ensemble by the product", make=ensemble(layers.Multiply())),
    Explained(name="ensemble by plain sums", make=ensemble(lambda all_: sum(all_) / 3)),
    Explained(name="halves", make=by(halves), methods=("GRADCAM", "LAYERCAM")),
    Explained(name="two scales", make=by(two_scales)),
    Explained(name="beside statistics", make=by(beside_statistics)),
    Explained(name="early exit", make=by(early_exit)),
)

REFUSED: tuple[Refused, ...] = ()
