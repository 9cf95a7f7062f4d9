"""A Keras model as the methods need it, asked in the way that pays.

A question (see `classifier.passes`) about a layer is made into a program once and kept. The first
few passes run eagerly (compiling costs about a second), later ones compiled; where hundreds are
coming, on the inference twin.
"""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property

import numpy as np

from classifier import passes
from classifier.relu_rules import IN_GRAPH, PLAIN, other_activations, ruled
from classifier.survey import LayerCall, Survey, survey
from classifier.target_layer import find_layer, target_layer
from classifier.twin import Folded, foldable, folded, in_bfloat16, twin_of

EAGER_PASSES = 8  # up to so many, compiling does not pay
TWIN_PASSES = 300  # from so many on, folding pays
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
        self._contrasts: tuple[passes.Contrast, ...] = ()
        self._expected = 0
        self._done = 0
        self._programs: dict[tuple, Callable] = {}
        self._checked: set[str | None] = set()  # layers for which the twin was compared
        self._folded: list[Folded] | None = None  # once they are needed
        self._kept: tuple[np.ndarray, str, dict] | None = None  # inputs, layer, what it gave
        self.batch = passes.BATCH  # pictures in one pass; halved where memory does not suffice

    @property
    def contrasts(self) -> tuple[passes.Contrast, ...]:
        """Classes K, K + 1, ... beside the K; programs that know of others are dropped."""
        return self._contrasts

    @contrasts.setter
    def contrasts(self, contrasts: tuple[passes.Contrast, ...]) -> None:
        self._contrasts = contrasts
        kept = {key: p for key, p in self._programs.items() if key[3] in ((), contrasts)}
        self._programs = kept

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
        """Drops the twin: to be called after the model's weights were changed.

        It holds folded weights as they were; the other programs look them up.
        """
        kept = {key: p for key, p in self._programs.items() if key[2] in ("eager", "compiled")}
        self._programs = kept
        self._kept = self._folded = None
        self._checked.clear()
        self.twin_refused = None

    def scores(self, inputs: np.ndarray, keep: str | None = None) -> dict[str, np.ndarray]:
        """Scores and logits (N, K).

        The features of the layer `keep` are kept until the next such call: whoever asks for them,
        or for gradients at them, of these inputs pays for the head alone.
        """
        if keep is None or self._gear_for(self._coming(len(inputs))) == "eager":
            return self._in_batches(passes.scores, None, inputs)
        answer = self._in_batches(passes.features, keep, inputs)
        self._kept = inputs, keep, answer
        return answer

    def features(self, inputs: np.ndarray, layer: str) -> dict[str, np.ndarray]:
        """Features (N, h, w, C) of `layer`, scores and logits (N, K)."""
        rows = self._kept_rows(inputs, layer)
        if rows is None:
            return self._in_batches(passes.features, layer, inputs)
        return {name: array[rows] for name, array in self._kept[2].items()}

    def _kept_rows(self, inputs: np.ndarray, layer: str) -> list[int] | None:
        """Which of the kept inputs these are, in their order; None where one is not among them."""
        if self._kept is None or self._kept[1] != layer:
            return None
        kept, rows, row = self._kept[0], [], 0
        for one in inputs:
            while row < len(kept) and not np.array_equal(one, kept[row]):
                row += 1
            if row == len(kept):
                return None
            rows.append(row)
        return rows

    def gradients(
        self, inputs: np.ndarray, class_indices: np.ndarray, layer: str
    ) -> dict[str, np.ndarray]:
        """Features A of `layer`, and gradients dS_c/dA of the logit of each picture's class.

        Neighbours that are the same picture cost one pass, and the head alone for each class.
        """
        indices = np.asarray(class_indices, np.int32)
        if (rows := self._kept_rows(inputs, layer)) is not None:
            return self.head_gradients(inputs, indices, self._kept[2]["features"][rows], layer)
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
        """The question's answers on the pictures, batch by batch, put together.

        Where memory does not suffice, batches become half as large, for good.
        """
        import tensorflow as tf

        count = len(arrays[0])
        if count == 0:
            raise ValueError("no pictures: expected (N, H, W, C) with N > 0")
        coming = self._coming(count)
        self._done = min(self._done + count, TWIN_PASSES - 1)
        parts, start = [], 0
        while start < count:
            end = min(count, start + min(batch, self.batch))
            part = tuple(array[start:end] for array in arrays)
            try:
                parts.append(self.ask(question, part, coming, layer))
                start = end
            except tf.errors.ResourceExhaustedError as error:
                if end - start == 1:
                    raise ValueError(
                        "there is not memory enough for a pass of one picture"
                    ) from error
                self.batch = (end - start) // 2
                print(f"out of memory: now {self.batch} pictures in a pass", file=sys.stderr)
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
        if count >= TWIN_PASSES and self._folds:
            return "twin"
        return "eager" if count <= EAGER_PASSES else "compiled"

    def _program(self, question: Callable, layer: str | None, gear: str, arrays) -> Callable:
        """The function of tensors that answers the question, made at its first call."""
        key = (question, len(arrays)), layer, gear, self.contrasts
        if key not in self._programs:
            see = self._see(layer, gear)

            def program(*tensors):
                return question(see, *tensors)

            if gear != "eager":
                program = passes.compiled(program, arrays)
            self._programs[key] = program
        return self._programs[key]

    def _see(self, layer: str | None, gear: str) -> Callable:
        """A pass over inputs in this gear, which hears the layer."""
        import tensorflow as tf

        source = self.survey.logits  # before any tracing: a survey needs numbers
        call = find_layer(self.survey.calls, layer) if layer else None
        contrasts = self.contrasts
        if gear in ("twin", "bfloat16") and self._folded is None:
            self._folded = [folded(fold) for fold in self._folds]

        def see(inputs, tape=None, features=None, rule=PLAIN):
            inputs = tf.ensure_shape(tf.convert_to_tensor(inputs), (None, *self.input_shape))
            with ExitStack() as stack:
                if gear == "twin" or (gear == "bfloat16" and not self.twin_refused):
                    stack.enter_context(twin_of(self._folded, call and call.layer))
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
