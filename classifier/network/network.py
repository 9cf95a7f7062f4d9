"""A Keras model as the methods need it, run in the mode that pays.

A program (see `classifier.network.forward`) is compiled once for a layer and a mode, and kept. The
first few passes run eagerly (compiling costs about a second), later ones compiled; where hundreds
are coming, with batch norms folded (see `classifier.network.folding`).
"""

import sys
from collections.abc import Callable
from contextlib import ExitStack

import numpy as np

from classifier.network import forward as programs
from classifier.network.anatomy import Anatomy
from classifier.network.attention import heard_attention
from classifier.network.folding import Folded, folded, folded_model, in_bfloat16
from classifier.network.relu_rules import IN_GRAPH, PLAIN, ruled

EAGER_PASSES = 8  # up to so many, compiling does not pay
FOLDING_PASSES = 300  # from so many on, folding pays
RUN_MODES = ("eager", "compiled", "folded", "bfloat16")  # the last is the folded model's, too
INPUT_GRADIENTS = {PLAIN: programs.input_gradients} | IN_GRAPH  # rule of ReLUs -> program


class Network(Anatomy):
    """A Keras model, of which it knows the head, the layers and the way to run it fast.

    `inputs` are always preprocessed images (N, H, W, C), float32, at `input_shape`; answers are
    dictionaries of arrays.
    """

    def __init__(
        self,
        model,
        input_shape: tuple[int, int, int],
        preprocess: Callable[[np.ndarray], np.ndarray],
        link: str | None = None,
    ):
        super().__init__(model, input_shape, preprocess, link)
        self.mode: str | None = None  # one of RUN_MODES for good; None: as it pays
        self.folding_refused: str | None = None  # why the folded model is not used, where it is not
        self._contrasts: tuple[programs.Contrast, ...] = ()
        self._expected = 0
        self._done = 0
        self._programs: dict[tuple, Callable] = {}
        self._checked: set[str | None] = set()  # layers for which the folded model was compared
        self._folded: list[Folded] | None = None  # once they are needed
        self._kept: tuple[np.ndarray, str, dict] | None = None  # inputs, layer, what it gave
        self.batch = programs.BATCH  # images in one pass; halved where memory does not suffice

    @property
    def contrasts(self) -> tuple[programs.Contrast, ...]:
        """Classes K, K + 1, ... beside the K; programs that know of others are dropped."""
        return self._contrasts

    @contrasts.setter
    def contrasts(self, contrasts: tuple[programs.Contrast, ...]) -> None:
        self._contrasts = contrasts
        kept = {key: p for key, p in self._programs.items() if key[3] in ((), contrasts)}
        self._programs = kept

    def expect(self, count: int) -> None:
        """Says how many passes are coming, so that what pays is prepared."""
        self._expected = max(self._expected, count)

    def forget(self) -> None:
        """Drops the folded model: to be called after the model's weights were changed.

        It holds folded weights as they were; the other programs look them up.
        """
        kept = {key: p for key, p in self._programs.items() if key[2] in ("eager", "compiled")}
        self._programs = kept
        self._kept = self._folded = None
        self._checked.clear()
        self.folding_refused = None

    def scores(self, inputs: np.ndarray, keep: str | None = None) -> dict[str, np.ndarray]:
        """Scores and logits (N, K).

        The features of the layer `keep` are kept until the next such call: whoever asks for them,
        or for gradients at them, of these inputs pays for the head alone.
        """
        if keep is None or self._mode_for(self._coming(len(inputs))) == "eager":
            return self._in_batches(programs.scores, None, inputs)
        answer = self._in_batches(programs.features, keep, inputs)
        self._kept = inputs, keep, answer
        return answer

    def features(self, inputs: np.ndarray, layer: str) -> dict[str, np.ndarray]:
        """Features (N, h, w, C) of `layer`, scores and logits (N, K)."""
        rows = self._kept_rows(inputs, layer)
        if rows is None:
            return self._in_batches(programs.features, layer, inputs)
        return {name: array[rows] for name, array in self._kept[2].items()}

    def _kept_rows(self, inputs: np.ndarray, layer: str) -> list[int] | None:
        """Which of the kept inputs these are, in their order; None where one is not among them."""
        if self._kept is None or self._kept[1] != layer:
            return None
        kept, rows, row = self._kept[0], [], 0
        for image in inputs:
            while row < len(kept) and not np.array_equal(image, kept[row]):
                row += 1
            if row == len(kept):
                return None
            rows.append(row)
        return rows

    def gradients(
        self, inputs: np.ndarray, class_indices: np.ndarray, layer: str
    ) -> dict[str, np.ndarray]:
        """Features A of `layer`, and gradients dS_c/dA of the logit of each image's class.

        Neighbours that are the same image cost one pass, and the head alone for each class.
        """
        indices = np.asarray(class_indices, np.int32)
        if (rows := self._kept_rows(inputs, layer)) is not None:
            return self.head_gradients(inputs, indices, self._kept[2]["features"][rows], layer)
        starts = [i for i in range(len(inputs)) if i == 0 or (inputs[i] != inputs[i - 1]).any()]
        if len(starts) == len(inputs) or self._mode_for(self._coming(len(inputs))) == "eager":
            return self._in_batches(programs.gradients, layer, inputs, indices)
        counts = np.diff([*starts, len(inputs)])
        features = np.repeat(self.features(inputs[starts], layer)["features"], counts, axis=0)
        return self.head_gradients(inputs, indices, features, layer)

    def head_gradients(
        self, inputs: np.ndarray, class_indices: np.ndarray, features: np.ndarray, layer: str
    ) -> dict[str, np.ndarray]:
        """`features`, given in the place of what `layer` gives, and dS_c/dA: the head alone."""
        indices = np.asarray(class_indices, np.int32)
        return self._in_batches(programs.head_gradients, layer, inputs, indices, features)

    def input_gradients(
        self, inputs: np.ndarray, class_indices: np.ndarray, rule: str = PLAIN
    ) -> dict[str, np.ndarray]:
        """`gradients` (N, H, W, C): dS_c/dx of the logit of each image's class, by this rule of
        ReLUs; and `relus` (N,), how many ReLUs it was given to, unless it is the plain rule.

        Several classes of one image, which it is then given for each, take one forward pass.
        """
        program, indices = INPUT_GRADIENTS[rule], np.asarray(class_indices, np.int32)
        one_image = 1 < len(inputs) <= programs.CLASSES_AT_ONCE and (inputs == inputs[:1]).all()
        inputs, classes = (inputs[:1], indices[:, None]) if one_image else (inputs, [indices])
        answer = self._in_batches(program, None, inputs, *classes, batch=programs.GRADIENT_BATCH)
        gradients = answer["gradients"]  # (1, N, H, W, C) or (N, 1, H, W, C)
        return answer | {"gradients": gradients.reshape(-1, *gradients.shape[2:])}

    def forward(self, inputs, **asked) -> programs.Outputs:
        """A pass over preprocessed images, a tensor, as programs have it, and in their graph."""
        return self._forward(None, "compiled")(inputs, **asked)

    def run(
        self,
        program: Callable,
        arrays: tuple,
        count: int,
        layer: str | None = None,
        precision: str = "float32",
    ) -> dict[str, np.ndarray]:
        """The program's answer on these arrays, where `count` passes like this come in all.

        The arrays are the program's tensors; from call to call their shapes may differ, their
        kinds and numbers of axes may not. In `precision` bfloat16 it runs on the folded model. The
        mode follows from `count` and `expect`, not from what was run before: the same program
        gives the same, to the last bit.
        """
        mode = "bfloat16" if precision == "bfloat16" else self._mode_for(count)
        if mode in ("folded", "bfloat16") and not self._folded_agrees(layer):
            mode = mode.replace("folded", "compiled")
        if mode == "eager" and programs.is_in_graph(program):
            mode = "compiled"
        function = self._function(program, layer, mode, arrays)
        return {name: np.asarray(tensor) for name, tensor in function(*arrays).items()}  # no copy

    def _in_batches(
        self, program, layer, *arrays, batch: int = programs.BATCH
    ) -> dict[str, np.ndarray]:
        """The program's answers on the images, batch by batch, put together.

        Where memory does not suffice, batches become half as large, for good.
        """
        import tensorflow as tf

        count = len(arrays[0])
        if count == 0:
            raise ValueError("no images: expected (N, H, W, C) with N > 0")
        coming = self._coming(count)
        self._done = min(self._done + count, FOLDING_PASSES - 1)
        parts, start = [], 0
        while start < count:
            end = min(count, start + min(batch, self.batch))
            part = tuple(array[start:end] for array in arrays)
            try:
                parts.append(self.run(program, part, coming, layer))
                start = end
            except tf.errors.ResourceExhaustedError as error:
                if end - start == 1:
                    raise ValueError(
                        "there is not memory enough for a pass of one image"
                    ) from error
                self.batch = (end - start) // 2
                print(f"out of memory: now {self.batch} images in a pass", file=sys.stderr)
        if len(parts) == 1:
            return parts[0]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _coming(self, count: int) -> int:
        """As how many passes the next `count` count: many calls are worth compiling for, too."""
        return max(count, min(self._done + count, FOLDING_PASSES - 1))

    def _mode_for(self, count: int) -> str:
        count = max(self._expected, count)
        if self.mode:
            return self.mode
        if count >= FOLDING_PASSES and self.folds:
            return "folded"
        return "eager" if count <= EAGER_PASSES else "compiled"

    def _function(self, program: Callable, layer: str | None, mode: str, arrays) -> Callable:
        """The function of tensors that answers the program, made at its first call."""
        key = (program, len(arrays)), layer, mode, self.contrasts
        if key not in self._programs:
            forward = self._forward(layer, mode)

            def made(*tensors):
                return program(forward, *tensors)

            self._programs[key] = made if mode == "eager" else programs.compiled(made, arrays)
        return self._programs[key]

    def _forward(self, layer: str | None, mode: str) -> Callable:
        """A pass over inputs in this mode, which records the layer."""
        import tensorflow as tf

        source = self.trace.logits  # before any tracing: a trace needs numbers
        call = self.places.find_layer(layer) if layer else None
        contrasts = self.contrasts
        if mode in ("folded", "bfloat16") and self._folded is None:
            self._folded = [folded(fold) for fold in self.folds]

        def forward(inputs, tape=None, features=None, rule=PLAIN, attention=False):
            inputs = tf.ensure_shape(tf.convert_to_tensor(inputs), (None, *self.input_shape))
            with ExitStack() as stack:
                if mode == "folded" or (mode == "bfloat16" and not self.folding_refused):
                    stack.enter_context(folded_model(self._folded, call and call.layer))
                if mode == "bfloat16":
                    stack.enter_context(in_bfloat16(self.model, source.layer))
                if rule != PLAIN:
                    stack.enter_context(ruled(self.model, rule))
                heard = stack.enter_context(heard_attention(inputs)) if attention else []
                outputs = programs.forward_pass(self.model, inputs, source, call, tape, features)
            return programs.with_contrasts(outputs._replace(attention=heard), contrasts)

        return forward

    def _folded_agrees(self, layer: str | None) -> bool:
        """Whether the folded model computes what the model does; compared once for each layer."""
        if layer not in self._checked and not self.folding_refused:
            self._checked.add(layer)
            original, folded = (
                self._forward(layer, mode)(self.noise) for mode in ("eager", "folded")
            )
            self.folding_refused = programs.difference(original, folded)
        return not self.folding_refused
