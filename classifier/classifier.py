"""Classifier: all that a method may ask of an image classifier, whatever is behind it."""

import copy
import hashlib
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import numpy as np

from classifier.labels import Labels
from classifier.passes import (
    BATCH,
    SMALLEST_PROBABILITY,
    Contrast,
    Pass,
    compiled,
)
from classifier.preprocessing import MODES, with_channels
from classifier.relu_rules import PLAIN, RULES
from classifier.target_layer import class_maps, find_layer, last_of_each_size
from classifier.words import nearest


class Classifier:
    """An image classifier: its network, its classes, and the way from a picture to its input.

    `images` are (N, H, W, 3) float32 RGB in [0, 255] at `input_size`; they are never written to.
    Where a network convolves over time too, they are clips (N, T, H, W, 3) of its `frames`, and
    features and gradients have time as their second axis.
    Made by `load_classifier`; `network` is a `Network` or a `BlackBox`.
    """

    def __init__(
        self,
        name: str,
        network: Any,
        labels: Labels,
        preprocess: Callable[[np.ndarray], np.ndarray],
        *,
        weights: str = "",
        source: dict[str, Any] | None = None,
    ):
        self.name = name
        self.network = network
        self.labels = labels
        self.weights = weights  # "imagenet", "random" or the file's name
        self.precision = "float32"  # or "bfloat16": of perturbation passes
        self.source = source or {}  # how it was asked for, for the record
        self._preprocess = preprocess
        self._layers: tuple[str, ...] = ()  # empty: the target layer, by the rule

    @property
    def model(self):
        """The Keras model. Raises ValueError where there is none behind the classifier."""
        self.need_layers()
        return self.network.model

    @property
    def input_size(self) -> tuple[int, int]:
        """(height, width) of the pictures, or frames, that it takes."""
        return tuple(self.network.input_shape[-3:-1])

    @property
    def frames(self) -> int | None:
        """How many frames a clip has that it takes; None where it takes pictures."""
        return self.network.input_shape[0] if len(self.network.input_shape) == 4 else None

    @property
    def has_layers(self) -> bool:
        """Whether one can look inside; a function or a SavedModel only gives scores."""
        return hasattr(self.network, "model")

    @property
    def layer(self) -> str:
        """Path of the target layer: the last with positions, if no other was set.

        It can be set to a path or a name, or several with commas, of which methods average the
        maps: "a,b". Raises ValueError for a layer that there is not.
        """
        return ",".join(self.layers)

    @layer.setter
    def layer(self, names: str) -> None:
        paths = [find_layer(self._calls(), name.strip()).path for name in names.split(",")]
        self._layers = tuple(dict.fromkeys(paths))

    @property
    def layers(self) -> tuple[str, ...]:
        """Paths of the target layers, one if no others were set."""
        self.need_layers()
        return self._layers or (self.network.target.path,)

    @property
    def multi_label(self) -> bool:
        """Whether each class has a probability by itself, so that any number of them may be there.

        The two classes of one sigmoid have not; of a function's scores it is not known.
        """
        if not self.has_layers:
            return False
        found = self.network.survey
        return found.logits.link == "sigmoid" and found.output.shape[-1] > 1

    @property
    def random_weights(self) -> bool:
        return self.weights == "random"

    @property
    def layers_of_all_sizes(self) -> tuple[str, ...]:
        """Paths of the last layer of each resolution up to the target layer, or of those set."""
        if len(self.layers) > 1:
            return self.layers
        return tuple(call.path for call in last_of_each_size(self._calls(), self.layer))

    @property
    def class_maps(self) -> str | None:
        """Path of the layer that gives a map for each class, where the head only pools these."""
        self.need_layers()
        found = class_maps(self.network.survey)
        return found and found.path

    def scaled(self, factor: float) -> "Classifier":
        """This classifier with its input, once preprocessed, multiplied by `factor`."""
        scaled = copy.copy(self)  # the same network
        scaled._preprocess = lambda images: factor * self._preprocess(images)
        return scaled

    def contrast(self, plus: int | None, minus: int) -> int:
        """The index, K or above, of S_plus - S_minus: why the one class and not the other.

        Without `plus` it is -S_minus: what speaks against the class. Methods and metrics take it
        for a class like others; `scores` and `logits` do not have it. Raises ValueError for a class
        that there is not.
        """
        sides = [side for side in (plus, minus) if side is not None]
        if not all(0 <= side < len(self.labels) for side in sides):
            raise ValueError(f"classes go from 0 to {len(self.labels) - 1}, got {sides}")
        contrast = Contrast(plus, minus)
        if contrast not in self.network.contrasts:
            self.network.contrasts = (*self.network.contrasts, contrast)
        return len(self.labels) + self.network.contrasts.index(contrast)

    def title(self, index: int) -> str:
        """The name of a class, of a contrast ("cat - dog", "-dog") or of a box ("cat (box)")."""
        if index < len(self.labels):
            return self.labels.title(index)
        return self.network.contrasts[index - len(self.labels)].title(self.labels)

    def score_of(self, scores: np.ndarray, index: int) -> float:
        """The score of a class or contrast among a picture's scores (K,)."""
        if index < len(self.labels):
            return float(scores[index])
        return float(self.network.contrasts[index - len(self.labels)].of(scores[np.newaxis])[0, 0])

    @property
    def detects(self) -> bool:
        """Whether it finds boxes, of which each can be explained."""
        return hasattr(self.network, "detections")

    @property
    def has_gradients(self) -> bool:
        """Whether one can ask how scores change with pixels; a detector says so when asked."""
        return hasattr(self.network, "input_gradients")

    def box(self, image: np.ndarray, wanted: int | tuple[float, ...]) -> int:
        """The index, K or above, of a box in a picture (H, W, 3): its n-th detection, the surest
        first, or the place x, y, w, h in pixels of the input.

        Methods and metrics take it for a class. Raises ValueError where there is no such detection.
        """
        (inputs,) = self.preprocess(image[np.newaxis])
        find = self.network.nth if isinstance(wanted, int) else self.network.at
        self.network.contrasts = (*self.network.contrasts, find(inputs, wanted))
        return len(self.labels) + len(self.network.contrasts) - 1

    def forget_boxes(self) -> None:
        """Drops all boxes: their indices stand for nothing from here on."""
        self.network.contrasts = ()

    def place(self, index: int) -> tuple[float, ...] | None:
        """(x, y, w, h) in pixels of the input where the index is that of a box."""
        if index < len(self.labels):
            return None
        return getattr(self.network.contrasts[index - len(self.labels)], "place", None)

    def expect(self, passes: int) -> None:
        """Says how many passes are coming, so that what pays for so many is prepared."""
        self.network.expect(passes)

    def forget(self) -> None:
        """To be called after the model's weights were changed: compiled programs may hold them."""
        self.network.forget()

    def preprocess(self, images: np.ndarray) -> np.ndarray:
        """(N, H, W, 3) pictures -> (N, H, W, C), what the network takes; a new array.

        Of clips (N, T, H, W, 3) the same.
        """
        images = np.asarray(images, np.float32)
        if images.shape[1:] != (*self.network.input_shape[:-1], 3):
            sides = ", ".join(map(str, self.network.input_shape[:-1]))
            kind = "clips" if self.frames else "pictures"
            raise ValueError(f"{self.name} takes {kind} (N, {sides}, 3); got {images.shape}")
        inputs = with_channels(images, self.network.input_shape[-1])
        return np.asarray(self._preprocess(inputs), np.float32)

    def scores(self, images: np.ndarray, keep_features: bool = False) -> np.ndarray:
        """(N, K) scores in [0, 1]: probabilities, each by itself for a multi-label classifier.

        With `keep_features`, methods that ask next for the target layer's features of the same
        pictures, or for gradients at them, pay for the head alone.
        """
        kept = {"keep": self.layers[0]} if keep_features else {}
        return self.network.scores(self.preprocess(images), **kept)["scores"][:, : len(self.labels)]

    def logits(self, images: np.ndarray) -> np.ndarray:
        """(N, K) logits, what the softmax or sigmoid is taken of."""
        return self.network.scores(self.preprocess(images))["logits"][:, : len(self.labels)]

    def features(self, images: np.ndarray, layer: str | None = None) -> np.ndarray:
        """(N, h, w, C) output of a layer, the target layer if none is named."""
        layer = self._path(layer)
        return self.network.features(self.preprocess(images), layer)["features"]

    def feature_gradients(
        self,
        images: np.ndarray,
        class_indices,
        layer: str | None = None,
        features: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Features A and gradients dS_c/dA of a layer, both (N, h, w, C).

        S_c is the logit of each picture's class, from `class_indices` (N,). Several classes of one
        picture, standing side by side, cost little more than one. Where `features` are given, A
        are these, as if the layer had given them.
        """
        layer = self._path(layer)
        indices = self.checked(class_indices, len(images))
        inputs = self.preprocess(images)
        if features is None:
            result = self.network.gradients(inputs, indices, layer)
        else:
            result = self.network.head_gradients(inputs, indices, features, layer)
        return result["features"], result["gradients"]

    def input_gradients(self, images: np.ndarray, class_indices, rule: str = PLAIN) -> np.ndarray:
        """(N, H, W, C): dS_c/dx, S_c the logit of each picture's class, from `class_indices` (N,).

        x is what the network takes: preprocessed, so of its range and its order of channels.
        `rule` is what ReLUs do to the gradient: plain (the derivative), guided or deconvnet.
        Raises ValueError for no such rule, and for one of ReLUs where the network has none.
        """
        if not self.has_gradients:
            self.need_layers()
        rules = (PLAIN, *RULES)
        if rule not in rules:
            raise ValueError(f"no rule '{rule}'{nearest(rule, rules)} (there are {rules})")
        indices = self.checked(class_indices, len(images))
        answer = self.network.input_gradients(self.preprocess(images), indices, rule)
        if rule != PLAIN and not answer["relus"].any():
            others = ", ".join(self.network.other_activations) or "none"
            raise ValueError(
                f"{self.name} has no ReLU to which the {rule} rule could be given (activations: "
                f"{others}); SALIENCY and INTEGRATED_GRADIENTS need none"
            )
        return answer["gradients"]

    def in_rgb(self, values: np.ndarray) -> np.ndarray:
        """(N, H, W, C) in the channels of the network's input -> (N, H, W, 3): red, green, blue."""
        return values[..., self._channels]

    @cached_property
    def _channels(self) -> np.ndarray:
        """(3,): the channel of the network's input that changes most with red, green and blue."""
        return np.abs(self._pure_colours()[0]).argmax(axis=1)

    def colour_transform(self) -> tuple[np.ndarray, np.ndarray]:
        """`matrix` (3, C) and `offset` (C,): preprocessing is images @ matrix + offset.

        So it can be done within a graph. Raises ValueError where preprocessing is another thing.
        """
        matrix, offset = self._pure_colours()
        noise = np.random.default_rng(0).uniform(0, 255, (1, *self.input_size, 3))
        expected = self.preprocess(noise)
        off = np.abs(noise @ matrix + offset - expected).max()
        if not off <= 1e-4 * max(np.abs(expected).max(), 1e-30):
            raise ValueError(
                f"{self.name}'s preprocessing is not of each pixel's colour alone, and affine: "
                f"off by {off:.2g}; this view needs one that is (one of: {', '.join(MODES)})"
            )
        return matrix, offset

    def _pure_colours(self) -> tuple[np.ndarray, np.ndarray]:
        """What red, green and blue by 1 add to the network's input (3, C); the input of black."""
        pure = np.zeros((4, *self.input_size, 3), np.float32)  # the fourth is black
        pure[range(3), ..., range(3)] = 255
        inputs = self.preprocess(pure)[:, 0, 0]  # (4, C)
        return (inputs[:3] - inputs[3]) / np.float32(255), inputs[3]

    def layer_model(self, layer: str | None = None) -> Callable:
        """A callable images -> (features of the layer, logits), as GradCAM's steps use it."""
        layer = self._path(layer)

        def layer_model(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            result = self.network.features(self.preprocess(images), layer)
            return result["features"], result["logits"][:, : len(self.labels)]

        layer_model.gradients = partial(self.feature_gradients, layer=layer)
        return layer_model

    def decode_predictions(self, scores: np.ndarray, top: int = 5) -> list[list[tuple]]:
        """(N, K) scores -> for each row its `top` best as (id, name, score)."""
        return self.labels.decode_predictions(scores, top)

    def weights_hash(self) -> str:
        """SHA-256 of all weights, in their order; "" where there are none to see."""
        digest = hashlib.sha256()
        for variable in self.network.model.weights if self.has_layers else ():
            digest.update(np.ascontiguousarray(variable))
        return digest.hexdigest() if self.has_layers else ""

    def _calls(self):
        self.need_layers()
        return self.network.survey.calls

    def _path(self, layer: str | None) -> str:
        self.need_layers()
        return self.layer if layer is None else layer

    def need_layers(self) -> None:
        """Raises ValueError where there is nothing behind the scores to look into."""
        if not self.has_layers:
            raise ValueError(
                f"{self.name} gives scores and has no layers to look into: "
                "this needs a Keras model (.keras or .h5)"
            )

    def checked(self, class_indices, pictures: int) -> np.ndarray:
        """(N,): indices of classes or contrasts, one for each picture; else raises ValueError."""
        indices = np.asarray(class_indices)
        if indices.shape != (pictures,):
            raise ValueError(f"class_indices: one for each of {pictures} pictures, got {indices}")
        count = len(self.labels) + len(self.network.contrasts)
        if indices.min() < 0 or indices.max() >= count:
            raise ValueError(f"class_indices go from 0 to {count - 1}, got {indices}")
        return indices


class BlackBox:
    """A function `pictures -> scores` in the place of a network; it has no layers.

    `function` takes preprocessed pictures (N, H, W, C) float32 and gives (N, K) scores in [0, 1]
    (a one-column output is the second of two classes).
    """

    logits_from = "log of the probability"

    def __init__(self, function: Callable, input_shape: tuple[int, int, int]):
        self.function = function
        self.input_shape = input_shape
        self.contrasts: tuple[Contrast, ...] = ()
        self._programs: dict[Callable, Callable] = {}

    def expect(self, passes: int) -> None:
        """Nothing to prepare."""

    def forget(self) -> None:
        """Nothing to forget."""

    def scores(self, inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Scores (N, K), and log p (or the logit of p where they do not sum to 1) as logits."""
        batches = [self._answer(inputs[i : i + BATCH]) for i in range(0, len(inputs), BATCH)]
        scores, logits = (np.concatenate(arrays) for arrays in zip(*batches, strict=True))
        return {"scores": scores, "logits": logits}

    def ask(self, question: Callable, arrays: tuple, count: int, precision: str = "float32"):
        """The answer to a question (see `classifier.passes`), made with TensorFlow around it."""
        import tensorflow as tf

        def see(inputs) -> Pass:
            scores, logits = tf.numpy_function(self._answer, [inputs], (tf.float32, tf.float32))
            return Pass(scores, logits, None)

        if question not in self._programs:
            self._programs[question] = compiled(partial(question, see), arrays)
        return {name: np.asarray(t) for name, t in self._programs[question](*arrays).items()}

    def _answer(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scores and logits (N, K), and the contrasts' beside them."""
        scores = self._scores(inputs)
        return tuple(
            np.concatenate([values, *(contrast.of(values) for contrast in self.contrasts)], axis=1)
            for values in (scores, logits_of(scores))
        )

    def _scores(self, inputs: np.ndarray) -> np.ndarray:
        scores = np.asarray(self.function(inputs), np.float32)
        if scores.ndim != 2 or len(scores) != len(inputs):
            raise ValueError(
                f"the classifier's function gave {scores.shape} for {len(inputs)} pictures; "
                f"expected ({len(inputs)}, classes)"
            )
        if not (scores.min() >= -1e-3 and scores.max() <= 1 + 1e-3):
            raise ValueError(
                f"the classifier's function gave scores from {scores.min():.3g} to "
                f"{scores.max():.3g}; expected probabilities in [0, 1]"
            )
        return np.concatenate([1 - scores, scores], axis=1) if scores.shape[1] == 1 else scores


def logits_of(scores: np.ndarray) -> np.ndarray:
    """log p of scores (N, K); where a row does not sum to 1, the logits of its p."""
    logs = np.log(np.maximum(scores, SMALLEST_PROBABILITY))
    if not np.allclose(scores.sum(axis=1), 1, atol=1e-3):
        logs = logs - np.log(np.maximum(1 - scores, SMALLEST_PROBABILITY))
    return logs.astype(np.float32)
