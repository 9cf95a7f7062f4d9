"""A function of images in the place of a network: scores, and nothing to look into."""

from collections.abc import Callable
from functools import partial

import numpy as np

from classifier.network.forward import (
    BATCH,
    SMALLEST_PROBABILITY,
    Contrast,
    Outputs,
    compiled,
)


class BlackBox:
    """A function `images -> scores` in the place of a network; it has no layers.

    `function` takes preprocessed images (N, H, W, C) float32 and gives (N, K) scores in [0, 1]
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

    def run(self, program: Callable, arrays: tuple, count: int, precision: str = "float32"):
        """What a program gives (see `classifier.network.forward`), with TensorFlow around it."""
        import tensorflow as tf

        def forward(inputs) -> Outputs:
            scores, logits = tf.numpy_function(self._answer, [inputs], (tf.float32, tf.float32))
            return Outputs(scores, logits, None)

        if program not in self._programs:
            self._programs[program] = compiled(partial(program, forward), arrays)
        return {name: np.asarray(t) for name, t in self._programs[program](*arrays).items()}

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
                f"the classifier's function gave {scores.shape} for {len(inputs)} images; "
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
