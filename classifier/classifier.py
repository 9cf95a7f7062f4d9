"""Classifier: all that a method may ask of an image classifier, whatever is behind it."""

import copy
import hashlib
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import numpy as np

from classifier.explained_classes import ExplainedClasses
from classifier.image_input import ImageInput
from classifier.labels import Labels
from classifier.mean_colour import mean_colour
from classifier.network.attention import Attention
from classifier.network.relu_rules import PLAIN, RULES
from classifier.network.trace import LayerCall
from classifier.target_layers import TargetLayers
from registry import suggest


class Classifier(ExplainedClasses, TargetLayers):
    """An image classifier: its network, its classes, and the way from an image to its input.

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
        cautions: tuple[str, ...] = (),
    ):
        self.name = name
        self.network = network
        self.labels = labels
        self.weights = weights  # "imagenet", "random" or the file's name
        self.precision = "float32"  # or "bfloat16": of perturbation passes
        self.source = source or {}  # how it was asked for, for the record
        self.input = ImageInput(name, network.input_shape, preprocess)
        self.cautions = cautions  # what the reader of an explanation should know of it
        self._layers: tuple[str, ...] = ()  # empty: the target layers, by the rule

    @property
    def model(self):
        """The Keras model. Raises ValueError where there is none behind the classifier."""
        self.need_layers()
        return self.network.model

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(H, W, C) of the network's input; (T, H, W, C) where it takes clips."""
        return self.input.shape

    @property
    def input_size(self) -> tuple[int, int]:
        """(height, width) of the images, or frames, that it takes."""
        return self.input.size

    @property
    def frames(self) -> int | None:
        """How many frames a clip has that it takes; None where it takes images."""
        return self.input.frames

    @cached_property
    def mean_colour(self) -> np.ndarray:
        """(3,) RGB in [0, 255]: what is 0 to the network, wherever images are preprocessed."""
        return mean_colour(self)

    @property
    def has_layers(self) -> bool:
        """Whether one can look inside; a function or a SavedModel only gives scores."""
        return hasattr(self.network, "model")

    @property
    def layer_calls(self) -> list[LayerCall]:
        """What runs inside, in its order. Raises ValueError where one cannot look inside."""
        self.need_layers()
        return self.network.trace.calls

    @property
    def logit_source(self) -> str:
        """Where the logits come from, in words."""
        return self.network.logits_from

    @property
    def activations_without_rule(self) -> list[str]:
        """Names of the activations that are no ReLU, and keep their derivative by any rule."""
        return self.network.other_activations

    @property
    def folding_refused(self) -> str | None:
        """Why many passes are not run with batch norms folded, where they are not."""
        return getattr(self.network, "folding_refused", None)

    def limit_batch(self, images: int) -> None:
        """So many images are in one pass at most."""
        if self.has_layers:
            self.network.batch = images

    @property
    def multi_label(self) -> bool:
        """Whether each class has a probability by itself, so that any number of them may be there.

        The two classes of one sigmoid have not; of a function's scores it is not known.
        """
        return self.network.link_to_scores == "sigmoid" and self.network.outputs > 1

    @property
    def task(self) -> str:
        """`classification`, or `regression`: then scores are the raw outputs, and no parts of 1."""
        return "regression" if self.network.link_to_scores == "identity" else "classification"

    @property
    def random_weights(self) -> bool:
        return self.weights == "random"

    def scaled(self, factor: float) -> "Classifier":
        """This classifier with its input, once preprocessed, multiplied by `factor`."""
        scaled = copy.copy(self)  # the same network
        scaled.input = self.input.scaled(factor)
        return scaled

    @property
    def has_gradients(self) -> bool:
        """Whether one can ask how scores change with pixels; a detector says so when asked."""
        return hasattr(self.network, "input_gradients")

    def expect(self, passes: int) -> None:
        """Says how many passes are coming, so that what pays for so many is prepared."""
        self.network.expect(passes)

    def forget(self) -> None:
        """To be called after the model's weights were changed: compiled programs may hold them."""
        self.network.forget()

    def preprocess(self, images: np.ndarray) -> np.ndarray:
        """(N, H, W, 3) images, or clips (N, T, H, W, 3) -> (N, ..., C), what the network takes."""
        return self.input.preprocess(images)

    def run(
        self,
        program: Callable,
        arrays: tuple,
        count: int,
        *,
        layer: str | None = None,
        precision: str = "float32",
    ) -> dict[str, np.ndarray]:
        """What a program (see `classifier.network.forward`) gives for these arrays.

        `count` passes like this come in all; the features that it records are those of `layer`.
        """
        within = {} if layer is None else {"layer": layer}
        return self.network.run(program, arrays, count, precision=precision, **within)

    @property
    def attention(self) -> Attention:
        """What its layers of attention are between: heads, tokens, their grid, what is read.

        Raises ValueError where it has none, or none that can be followed through its layers.
        """
        self.need_layers()
        return self.network.attention

    def scores_of_inputs(self, inputs: np.ndarray) -> dict[str, np.ndarray]:
        """`scores` and `logits` (N, K and contrasts) of preprocessed images (N, H, W, C)."""
        return self.network.scores(inputs)

    def features_of_inputs(self, inputs: np.ndarray, layer: str) -> np.ndarray:
        """(N, h, w, C) output of a layer for preprocessed images (N, H, W, C)."""
        self.need_layers()
        return self.network.features(inputs, layer)["features"]

    def scores(self, images: np.ndarray, keep_features: bool = False) -> np.ndarray:
        """(N, K) scores in [0, 1]: probabilities, each by itself for a multi-label classifier.

        Of a regression they are its raw outputs, in its own unit.
        With `keep_features`, methods that ask next for the target layer's features of the same
        images, or for gradients at them, pay for the head alone.
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

        S_c is the logit of each image's class, from `class_indices` (N,). Several classes of one
        image, standing side by side, cost little more than one. Where `features` are given, A
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
        """(N, H, W, C): dS_c/dx, S_c the logit of each image's class, from `class_indices` (N,).

        x is what the network takes: preprocessed, so of its range and its order of channels.
        `rule` is what ReLUs do to the gradient: plain (the derivative), guided or deconvnet.
        Raises ValueError for no such rule, and for one of ReLUs where the network has none.
        """
        if not self.has_gradients:
            self.need_layers()
        rules = (PLAIN, *RULES)
        if rule not in rules:
            raise ValueError(f"no rule '{rule}'{suggest(rule, rules)} (there are {rules})")
        indices = self.checked(class_indices, len(images))
        answer = self.network.input_gradients(self.preprocess(images), indices, rule)
        if rule != PLAIN and not answer["relus"].any():
            others = ", ".join(self.activations_without_rule) or "none"
            raise ValueError(
                f"{self.name} has no ReLU to which the {rule} rule could be given (activations: "
                f"{others}); methods of the plain gradient need none"
            )
        return answer["gradients"]

    def in_rgb(self, values: np.ndarray) -> np.ndarray:
        """(N, H, W, C) in the channels of the network's input -> (N, H, W, 3): red, green, blue."""
        return self.input.in_rgb(values)

    def colour_transform(self) -> tuple[np.ndarray, np.ndarray]:
        """`matrix` (3, C) and `offset` (C,): preprocessing is images @ matrix + offset.

        So it can be done within a graph. Raises ValueError where preprocessing is another thing.
        """
        return self.input.colour_transform()

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

    def need_layers(self) -> None:
        """Raises ValueError where there is nothing behind the scores to look into."""
        if not self.has_layers:
            raise ValueError(
                f"{self.name} gives scores and has no layers to look into: "
                "this needs a Keras model (.keras or .h5)"
            )
