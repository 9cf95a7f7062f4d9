"""A Keras model as the methods need it, asked in the way that pays.

A question (see `classifier.passes`) about a layer is made into a program once and kept. The first
few passes run eagerly (compiling costs about a second), later ones compiled; where hundreds are
coming, on the inference twin.
"""

from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from itertools import pairwise

import numpy as np

from classifier import passes
from classifier.relu_rules import IN_GRAPH, PLAIN, other_activations, ruled
from classifier.survey import LayerCall, Survey, survey
from classifier.target_layer import find_layer, target_layer
from classifier.twin import foldable, in_bfloat16, twin_of

EAGER_PASSES = 8  # up to so many, compiling does not pay
TWIN_PASSES = 300  # from so many on, folding and freezing pays
TWIN_TOLERANCE = 1e-5  # of the twin's logits and features, relative to the largest
GEARS = ("eager", "compiled", "twin", "bfloat16")  # the last is the twin in that precision
INPUT_GRADIENTS = {PLAIN: passes.input_gradients} | IN_GRAPH  # rule of ReLUs -> question


class Network:
    """A Keras model, of which it knows the head, the layers and the way to run it fast.

    `inputs` are always preprocessed pictures (N, H, W, C), float32, at `input_shape`; answers are
    dictionaries of arrays.
    """

    def __init__(
        self,
        model,
        input_shape: tuple[int, int, int],
        preprocess: Callable[[np.ndarray], np.ndarray],
        multi_label: bool = False,
    ):
        self.model = model
        self.input_shape = input_shape
        self.multi_label = multi_label
        self._preprocess = preprocess
        self.gear: str | None = None  # one of GEARS for good; None: as it pays
        self.twin_refused: str | None = None  # why the twin is not used, where it is not
        self.contrasts: tuple[passes.Contrast, ...] = ()  # classes K, K + 1, ... beside the K
        self._expected = 0
        self._done = 0
        self._programs: dict[tuple, Callable] = {}
        self._checked: set[str | None] = set()  # layers for which the twin was compared

    @cached_property
    def survey(self) -> Survey:
        """What happens inside the model, seen on one picture of noise."""
        return survey(self.model, self._noise, self.multi_label)

    @cached_property
    def _noise(self) -> np.ndarray:
        """(1, H, W, C): noise in [0, 255], preprocessed, as a picture would be."""
        noise = np.random.default_rng(0).uniform(0, 255, (1, *self.input_shape))
        return np.asarray(self._preprocess(noise.astype(np.float32)), np.float32)

    @cached_property
    def target(self) -> LayerCall:
        """The layer that class activation maps look at, by the rule."""
        return target_layer(self.survey)

    @cached_property
    def other_activations(self) -> list[str]:
        """Names of the activations that are no ReLU."""
        return other_activations(self.survey)

    @cached_property
    def _folds(self):
        return foldable(self.survey.calls)

    def expect(self, count: int) -> None:
        """Says how many passes are coming, so that what pays is prepared."""
        self._expected = max(self._expected, count)

    def forget(self) -> None:
        """Drops the twin's programs: to be called after the model's weights were changed.

        They hold the weights as they were; the others look them up.
        """
        kept = {key: p for key, p in self._programs.items() if key[2] in ("eager", "compiled")}
        self._programs = kept
        self._checked.clear()
        self.twin_refused = None

    def scores(self, inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Scores and logits (N, K)."""
        return self._in_batches(passes.scores, None, inputs)

    def features(self, inputs: np.ndarray, layer: str) -> dict[str, np.ndarray]:
        """Features (N, h, w, C) of `layer`, and logits (N, K)."""
        return self._in_batches(passes.features, layer, inputs)

    def gradients(
        self, inputs: np.ndarray, class_indices: np.ndarray, layer: str
    ) -> dict[str, np.ndarray]:
        """Features A of `layer`, and gradients dS_c/dA of the logit of each picture's class.

        Neighbours that are the same picture cost one pass, and the head alone for each class.
        """
        indices = np.asarray(class_indices, np.int32)
        starts = [i for i in range(len(inputs)) if i == 0 or (inputs[i] != inputs[i - 1]).any()]
        if len(starts) == len(inputs) or self._gear_for(self._coming(len(inputs))) == "eager":
            return self._in_batches(passes.gradients, layer, inputs, indices)
        counts = np.diff([*starts, len(inputs)])
        features = np.repeat(self.features(inputs[starts], layer)["features"], counts, axis=0)
        return self.head_gradients(inputs, indices, features, layer)

    def head_gradients(
        self, inputs: np.ndarray, class_indices: np.ndarray, features: np.ndarray, layer: str
    ) -> dict[str, np.ndarray]:
        """The same where `layer` gives these features (N, h, w, C): the head alone, if compiled."""
        indices = np.asarray(class_indices, np.int32)
        return self._in_batches(passes.head_gradients, layer, inputs, indices, features)

    def input_gradients(
        self, inputs: np.ndarray, class_indices: np.ndarray, rule: str = PLAIN
    ) -> dict[str, np.ndarray]:
        """`gradients` (N, H, W, C): dS_c/dx of the logit of each picture's class, by this rule of
        ReLUs; and `relus` (N,), how many ReLUs it was given to, unless it is the plain rule.

        Several classes of one picture, which it is then given for each, take one forward pass.
        """
        question, indices = INPUT_GRADIENTS[rule], np.asarray(class_indices, np.int32)
        one_picture = 1 < len(inputs) <= passes.CLASSES_AT_ONCE and (inputs == inputs[:1]).all()
        inputs, classes = (inputs[:1], indices[:, None]) if one_picture else (inputs, [indices])
        answer = self._in_batches(question, None, inputs, *classes, batch=passes.GRADIENT_BATCH)
        gradients = answer["gradients"]  # (1, N, H, W, C) or (N, 1, H, W, C)
        return answer | {"gradients": gradients.reshape(-1, *gradients.shape[2:])}

    def ask(
        self,
        question: Callable,
        arrays: tuple,
        count: int,
        layer: str | None = None,
        precision: str = "float32",
    ) -> dict[str, np.ndarray]:
        """The question's answer on these arrays, where `count` passes like this come in all.

        The arrays are the question's tensors; from call to call their shapes may differ, their
        kinds and numbers of axes may not. In `precision` bfloat16 it runs on the twin. How it runs
        follows from `count` and `expect`, not from what was asked before: the same question gets
        the same answer, to the last bit.
        """
        gear = "bfloat16" if precision == "bfloat16" else self._gear_for(count)
        if gear in ("twin", "bfloat16") and not self._twin_agrees(layer):
            gear = gear.replace("twin", "compiled")
        if gear == "eager" and question in IN_GRAPH.values():
            gear = "compiled"
        program = self._program(question, layer, gear, arrays)
        return {name: np.asarray(tensor) for name, tensor in program(*arrays).items()}  # no copy

    def _in_batches(
        self, question, layer, *arrays, batch: int = passes.BATCH
    ) -> dict[str, np.ndarray]:
        """The question's answers on the pictures, batch by batch, put together."""
        count = len(arrays[0])
        if count == 0:
            raise ValueError("no pictures: expected (N, H, W, C) with N > 0")
        coming = self._coming(count)
        self._done = min(self._done + count, TWIN_PASSES - 1)
        parts = [
            self.ask(question, tuple(array[start:end] for array in arrays), coming, layer)
            for start, end in pairwise([*range(0, count, batch), count])
        ]
        if len(parts) == 1:
            return parts[0]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _coming(self, count: int) -> int:
        """As how many passes the next `count` count: many calls are worth compiling for, too."""
        return max(count, min(self._done + count, TWIN_PASSES - 1))

    def _gear_for(self, count: int) -> str:
        count = max(self._expected, count)
        if self.gear:
            return self.gear
        if count >= TWIN_PASSES:
            return "twin"
        return "eager" if count <= EAGER_PASSES else "compiled"

    def _program(self, question: Callable, layer: str | None, gear: str, arrays) -> Callable:
        """The function of tensors that answers the question, made at its first call."""
        import tensorflow as tf

        key = (question, len(arrays)), layer, gear, self.contrasts
        if key not in self._programs:
            see = self._see(layer, gear)

            def program(*tensors):
                return question(see, *tensors)

            if gear != "eager":
                program = tf.function(program, input_signature=passes.signature(arrays))
            self._programs[key] = program
        return self._programs[key]

    def _see(self, layer: str | None, gear: str) -> Callable:
        """A pass over inputs in this gear, which hears the layer."""
        import tensorflow as tf

        source = self.survey.logits  # before any tracing: a survey needs numbers
        call = find_layer(self.survey.calls, layer) if layer else None
        contrasts = self.contrasts

        def see(inputs, tape=None, features=None, rule=PLAIN):
            inputs = tf.ensure_shape(tf.convert_to_tensor(inputs), (None, *self.input_shape))
            with ExitStack() as stack:
                if gear == "twin" or (gear == "bfloat16" and not self.twin_refused):
                    stack.enter_context(twin_of(self.model, self._folds, call and call.layer))
                if gear == "bfloat16":
                    stack.enter_context(in_bfloat16(self.model, source.layer))
                if rule != PLAIN:
                    stack.enter_context(ruled(self.model, rule))
                seen = passes.one_pass(self.model, inputs, source, call, tape, features)
                return passes.with_contrasts(seen, contrasts)

        return see

    def _twin_agrees(self, layer: str | None) -> bool:
        """Whether the twin computes what the model does; compared once for each layer."""
        if layer not in self._checked and not self.twin_refused:
            self._checked.add(layer)
            own, twin = (self._see(layer, gear)(self._noise) for gear in ("eager", "twin"))
            self.twin_refused = _difference(own, twin)
        return not self.twin_refused


def _difference(own: passes.Pass, twin: passes.Pass) -> str | None:
    """How the twin's logits or features are off; None where they agree."""
    for name in ("logits", "features"):
        expected, given = getattr(own, name), getattr(twin, name)
        if expected is None:
            continue
        expected, given = np.asarray(expected), np.asarray(given)
        off = np.abs(given - expected).max() / max(np.abs(expected).max(), 1e-30)
        if not off <= TWIN_TOLERANCE:
            return f"{name} off by {off:.1e} of the largest"
    return None
