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
    (a one-column output is the second of two classes). With a `link` it gives logits, of which
    the scores are the softmax or the sigmoid; with the link "identity" it is a regression, whose
    scores are its outputs.
    """

    def __init__(
        self, function: Callable, input_shape: tuple[int, int, int], link: str | None = None
    ):
        self.function = function
        self.input_shape = input_shape
        self.link_to_scores = link
        self.outputs = 0  # values for an image, once it was called
        self.contrasts: tuple[Contrast, ...] = ()
        self._programs: dict[Callable, Callable] = {}

    @property
    def logits_from(self) -> str:
        """Where the logits are, in words."""
        return "the function's own output" if self.link_to_scores else "log of the probability"

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
        return tuple(
            np.concatenate([values, *(contrast.of(values) for contrast in self.contrasts)], axis=1)
            for values in self._scores_and_logits(self.output(inputs))
        )

    def output(self, inputs: np.ndarray) -> np.ndarray:
        """(N, K) float32: what the function gives. Raises ValueError for another shape."""
        output = np.asarray(self.function(inputs), np.float32)
        if output.ndim != 2 or len(output) != len(inputs):
            raise ValueError(
                f"the classifier's function gave {output.shape} for {len(inputs)} images; "
                f"expected ({len(inputs)}, classes)"
            )
        self.outputs = output.shape[1]
        return output

    def _scores_and_logits(self, output: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if self.link_to_scores == "identity":
            return output, output
        if self.link_to_scores:
            two = np.concatenate([-output, output], axis=1) if output.shape[1] == 1 else output
            from scipy.special import expit, softmax

            link = partial(softmax, axis=-1) if self.link_to_scores == "softmax" else expit
            return link(two), two
        if not are_probabilities(output):
            raise ValueError(
                f"the classifier's function gave scores from {output.min():.3g} to "
                f"{output.max():.3g}; expected probabilities in [0, 1] as before, or say that they "
                "are logits: multi_label false takes their softmax, true their sigmoid"
            )
        two = np.concatenate([1 - output, output], axis=1) if output.shape[1] == 1 else output
        return two, logits_of(two)


def are_probabilities(output: np.ndarray) -> bool:
    """Whether all values that are numbers are in [0, 1], but for rounding."""
    numbers = output[~np.isnan(output)]
    return bool(((numbers >= -1e-3) & (numbers <= 1 + 1e-3)).all())


def logits_of(scores: np.ndarray) -> np.ndarray:
    """log p of scores (N, K); where a row does not sum to 1, the logits of its p."""
    logs = np.log(np.maximum(scores, SMALLEST_PROBABILITY))
    if not np.allclose(scores.sum(axis=1), 1, atol=1e-3):
        logs = logs - np.log(np.maximum(1 - scores, SMALLEST_PROBABILITY))
    return logs.astype(np.float32)
