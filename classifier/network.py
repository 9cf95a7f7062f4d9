"""A Keras model as the methods need it: scores, logits, features and their gradients.

Each purpose is a program, one for each layer that it looks at, made once and kept. The first few
passes run eagerly (compiling costs about a second), later ones compiled; where hundreds are
coming, on the inference twin.
"""

from collections.abc import Callable
from contextlib import nullcontext
from functools import cached_property
from itertools import pairwise

import numpy as np

from classifier.passes import one_pass
from classifier.survey import LayerCall, Survey, survey
from classifier.target_layer import find_layer, target_layer
from classifier.twin import foldable, twin_of

BATCH = 32  # pictures in one pass: where a CPU is at its best and memory stays small
EAGER_PASSES = 8  # up to so many, compiling does not pay
TWIN_PASSES = 300  # from so many on, folding and freezing pays
TWIN_TOLERANCE = 1e-5  # of the twin's logits and features, relative to the largest


class Network:
    """A Keras model, of which it knows the head, the layers and the way to run it fast.

    `inputs` are always preprocessed pictures (N, H, W, C), float32, at `input_shape`; results are
    dictionaries of arrays: "scores" and "logits" (N, K), "features" and "gradients" (N, h, w, C).
    """

    def __init__(self, model, input_shape: tuple[int, int, int], multi_label: bool = False):
        self.model = model
        self.input_shape = input_shape
        self.multi_label = multi_label
        self.gear: str | None = None  # "eager", "compiled" or "twin" for good; None: as it pays
        self.twin_refused: str | None = None  # why the twin is not used, where it is not
        self._expected = 0
        self._done = 0
        self._programs: dict[tuple, Callable] = {}

    @cached_property
    def survey(self) -> Survey:
        """What happens inside the model, seen on one picture of noise."""
        noise = np.random.default_rng(0).uniform(-1, 1, (1, *self.input_shape))
        return survey(self.model, noise.astype(np.float32), self.multi_label)

    @cached_property
    def target(self) -> LayerCall:
        """The layer that class activation maps look at, by the rule."""
        return target_layer(self.survey)

    @cached_property
    def _folds(self):
        return foldable(self.survey.calls)

    def expect(self, passes: int) -> None:
        """Says how many passes are coming, so that what pays is prepared."""
        self._expected = max(self._expected, self._done + passes)

    def scores(self, inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Scores and logits."""
        return self._run("scores", None, inputs)

    def features(self, inputs: np.ndarray, layer: str) -> dict[str, np.ndarray]:
        """Output of `layer`, and logits."""
        return self._run("features", layer, inputs)

    def gradients(
        self, inputs: np.ndarray, class_indices: np.ndarray, layer: str
    ) -> dict[str, np.ndarray]:
        """Output A of `layer`, and gradients dS_c/dA of the logit of each picture's class."""
        return self._run("gradients", layer, inputs, np.asarray(class_indices, np.int32))

    def _run(self, purpose: str, layer: str | None, *arrays) -> dict[str, np.ndarray]:
        """The program's results on the pictures, batch by batch, put together."""
        count = len(arrays[0])
        program = self._program(purpose, layer, self._gear_for(count), arrays)
        self._done += count
        bounds = pairwise([*range(0, count, BATCH), count])
        parts = [program(*(array[start:end] for array in arrays)) for start, end in bounds]
        if len(parts) == 1:
            return {name: np.asarray(tensor) for name, tensor in parts[0].items()}  # no copy
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _gear_for(self, pictures: int) -> str:
        passes = max(self._expected, self._done + pictures)
        if self.gear:
            return self.gear
        if passes >= TWIN_PASSES and not self.twin_refused:
            return "twin"
        return "eager" if passes <= EAGER_PASSES else "compiled"

    def _program(self, purpose: str, layer: str | None, gear: str, arrays) -> Callable:
        """The function that does this, made at its first call."""
        key = purpose, layer, gear
        if key not in self._programs:
            function = self._function(purpose, layer, twin=gear == "twin")
            self._programs[key] = function if gear == "eager" else self._compiled(function, purpose)
            if gear == "twin":
                self.twin_refused = self._disagreement(purpose, layer, [a[:1] for a in arrays])
        if gear == "twin" and self.twin_refused:
            return self._program(purpose, layer, "compiled", arrays)
        return self._programs[key]

    def _function(self, purpose: str, layer: str | None, twin: bool) -> Callable:
        """The function of tensors for one purpose, to be run eagerly or compiled."""
        import tensorflow as tf

        source = self.survey.logits  # before any tracing: a survey needs numbers
        watched = find_layer(self.survey.calls, layer).layer if layer else None

        def run(inputs, tape=None):
            with twin_of(self.model, self._folds, watched) if twin else nullcontext():
                return one_pass(self.model, inputs, source, watched, tape)

        def scores(inputs):
            seen = run(inputs)
            return {"scores": seen.scores, "logits": seen.logits}

        def features(inputs):
            seen = run(inputs)
            return {"features": seen.features, "logits": seen.logits}

        def gradients(inputs, class_indices):
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                seen = run(inputs, tape)
                chosen = tf.one_hot(class_indices, seen.logits.shape[-1])
                class_logits = tf.reduce_sum(seen.logits * chosen, axis=-1)  # S_c, (N,)
            slopes = tape.gradient(class_logits, seen.features, unconnected_gradients="zero")
            return {"features": seen.features, "gradients": slopes}  # the logits are not needed

        return {"scores": scores, "features": features, "gradients": gradients}[purpose]

    def _compiled(self, function: Callable, purpose: str) -> Callable:
        import tensorflow as tf

        signature = [tf.TensorSpec((None, *self.input_shape), tf.float32)]
        if purpose == "gradients":
            signature.append(tf.TensorSpec((None,), tf.int32))
        return tf.function(function, input_signature=signature)

    def _disagreement(self, purpose: str, layer: str | None, arrays) -> str | None:
        """How the twin's results differ from the model's own; None where they agree."""
        own = self._function(purpose, layer, twin=False)(*arrays)
        twin = self._programs[purpose, layer, "twin"](*arrays)
        for name in own.keys() - {"gradients"}:  # they jump at ReLU's kink, unlike the others
            expected, given = np.asarray(own[name]), np.asarray(twin[name])
            off = np.abs(given - expected).max() / max(np.abs(expected).max(), 1e-30)
            if not off <= TWIN_TOLERANCE:
                return f"{name} off by {off:.1e} of the largest"
        return None
