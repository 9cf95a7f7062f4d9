"""A new head on a pretrained classifier, and its training. Nothing heavy is imported at once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from labelled_folder import Sample

from classifier import Classifier
from classifier.network.trace import layers_within
from images import ImageError, read_image, resized

DROPOUT = 0.2
PATIENCE = 10  # epochs without a lower validation loss
SMALLEST_FALL = 1e-3  # of the validation loss that counts
UNREADABLE = -1  # the label of what is no image


def make_model(classifier: Classifier, classes: int):
    """(model, head): the classifier's layers up to the target layer, nested, under a new head.

    The model takes preprocessed images; the head, its last part, pooled features (N, K).
    """
    import keras
    from keras import layers

    backbone = trained_backbone(classifier)
    inputs = keras.Input(classifier.input_shape)
    pooled = layers.GlobalAveragePooling2D(name="avg_pool")(backbone(inputs))
    scores = layers.Dense(classes, "softmax", name="predictions")
    outputs = scores(layers.Dropout(DROPOUT, name="dropout")(pooled))
    return keras.Model(inputs, outputs), keras.Model(pooled, outputs)


def trained_backbone(classifier: Classifier):
    """The classifier's layers up to the target layer; its batch norms are frozen."""
    import keras

    target = classifier.find_layer(classifier.target_layer)
    path = target.path.removesuffix(f"#{target.number + 1}")
    backbone = layers_up_to(classifier.model, path, target.number, classifier.name)
    for _, layer in layers_within(backbone):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False  # keeps its statistics, also while all others are trained
    return backbone


def layers_up_to(model, path: str, number: int, name: str):
    """A model `name` of the layers up to call `number` of the one at `path`; nested ones stay so.

    Raises ValueError where a model on that path is neither Functional nor Sequential.
    """
    import keras

    if getattr(model, "inputs", None) is None:
        raise ValueError(
            f"'{path}' cannot be cut out of {model.name}, a {type(model).__name__}: "
            "expected a Functional or Sequential model"
        )
    child, _, inner = path.partition("/")
    outputs = []

    def called(layer, *given, **options):
        output = layer(*given, **options)
        if layer.name == child:
            inside = layers_up_to(layer, inner, number, child)(given[0]) if inner else output
            outputs.append(inside)
        return output

    graph = keras.Model(model.inputs[0], model.outputs)
    inputs = keras.Input(graph.input.shape[1:], dtype=graph.input.dtype)
    keras.models.clone_model(graph, inputs, lambda layer: layer, called)  # the very same layers
    # Where a nested model is called again, so is what it holds.
    return keras.Model(inputs, outputs[number % len(outputs)], name=name)


def image_batches(
    classifier: Classifier,
    samples: dict[str, list[Sample]],
    size: int,
    unreadable: dict[Path, str],
) -> dict:
    """For each split that has samples, a dataset of preprocessed images (B, H, W, C) and labels.

    They are read from disk as they are used. Those for training are shuffled, and half of a batch
    are the mirror images of the other half. What cannot be read is black, its label UNREADABLE,
    and the reason is put into `unreadable`.
    """
    return {
        split: _from_disk(classifier, of_split, size, split == "training", unreadable)
        for split, of_split in samples.items()
        if of_split
    }


def _from_disk(classifier, samples: list[Sample], size: int, training: bool, unreadable):
    import tensorflow as tf

    def read(index: int) -> tuple[np.ndarray, int]:
        file, label = samples[index]
        try:
            image = resized(read_image(file), classifier.input_size)
            return classifier.preprocess(image[np.newaxis])[0], label
        except ImageError as error:
            unreadable[file] = str(error)
            return np.zeros(classifier.input_shape, np.float32), UNREADABLE

    def tensors(index):
        image, label = tf.numpy_function(read, [index], (tf.float32, tf.int64))
        return tf.ensure_shape(image, classifier.input_shape), tf.ensure_shape(label, ())

    def with_mirror_images(images, labels):
        return tf.concat([images, images[:, :, ::-1]], 0), tf.concat([labels, labels], 0)

    indices = tf.data.Dataset.range(len(samples))
    if not training:
        return indices.map(tensors, tf.data.AUTOTUNE).batch(size).prefetch(1)
    batches = indices.shuffle(len(samples)).map(tensors, tf.data.AUTOTUNE)
    return batches.batch(max(1, size // 2)).map(with_mirror_images).prefetch(1)


def pooled_features(classifier: Classifier, batches) -> tuple[np.ndarray, np.ndarray]:
    """Features (N, K) of the target layer, averaged over positions, and labels (N,)."""

    def pooled(maps: np.ndarray) -> np.ndarray:
        return maps.mean(axis=(1, 2))

    return layer_features(classifier, batches, classifier.target_layer, pooled)


def layer_features(
    classifier: Classifier, batches, layer: str, pool: Callable = np.asarray
) -> tuple[np.ndarray, np.ndarray]:
    """Features (N, h, w, K), or what `pool` makes of them, and labels (N,) of what is readable."""
    from tqdm import tqdm

    features, labels = [], [np.zeros(0, np.int64)]
    for images, given in tqdm(batches, "features", unit="batch", disable=None, leave=False):
        known = given.numpy() != UNREADABLE
        if known.any():
            maps = classifier.features_of_inputs(images.numpy()[known], layer)
            features.append(pool(maps))
            labels.append(given.numpy()[known])
    joined = np.concatenate(features) if features else np.zeros((0, 1), np.float32)
    return joined, np.concatenate(labels)


def feature_batches(features: dict[str, tuple], size: int) -> dict:
    """Datasets of features (B, K) and labels (B,), those for training shuffled."""
    import tensorflow as tf

    batches = {split: tf.data.Dataset.from_tensor_slices(pair) for split, pair in features.items()}
    batches["training"] = batches["training"].shuffle(len(batches["training"]))
    return {split: those.batch(size) for split, those in batches.items() if len(those)}


def fit(
    model, batches: dict, epochs: int, learning_rate: float, stage: str, patience: int = PATIENCE
) -> bool:
    """Trains until the validation loss falls no more, and leaves the best weights that there were.

    Whether Ctrl-C let it; KeyboardInterrupt is raised where it comes before an epoch is done.
    """
    import keras
    from tqdm.keras import TqdmCallback

    training, validation = batches["training"], batches["validation"]
    adam = keras.optimizers.Adam(learning_rate)
    model.compile(adam, "sparse_categorical_crossentropy", jit_compile=False)
    best, loss = model.get_weights(), model.evaluate(validation, verbose=0)
    stopping = keras.callbacks.EarlyStopping(
        patience=patience, min_delta=SMALLEST_FALL, restore_best_weights=True
    )
    watching = [stopping, TqdmCallback(desc=stage, leave=False, disable=None)]
    stopped = ""
    try:
        model.fit(
            training,
            validation_data=validation,
            epochs=epochs,
            callbacks=watching,
            shuffle=False,  # the dataset is
            verbose=0,
        )
    except KeyboardInterrupt:
        if stopping.best_weights is None:
            raise
        stopped = ", stopped"
    finally:
        if stopping.best_weights is not None and stopping.best < loss:
            best, loss = stopping.best_weights, stopping.best
        model.set_weights(best)
    print(f"{stage}: validation loss {loss:.3f}, {len(model.history.epoch)} epochs{stopped}")
    return not stopped
