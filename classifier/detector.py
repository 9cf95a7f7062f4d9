"""A detector as a classifier: of its classes, anywhere in the image, or of one box.

    s(t, d_j) = IoU(L_t, L_j) cos(P_t, P_j)          (Petsiuk 2021, https://arxiv.org/abs/2006.03204)

How much an image still holds of a target t (a box L and its scores P) is the largest s of all
detections d_j (eq. 4 and 5). So a target is a class, and whatever explains classes explains boxes.
"""

from typing import Any, NamedTuple

import numpy as np

from classifier.black_box import BlackBox
from classifier.network.forward import GRADIENT_BATCH
from classifier.network.relu_rules import PLAIN

NO_GRADIENT = (
    "the detector's function has no gradient: this needs one made of TensorFlow's operations from "
    "images to boxes and scores (methods that hide parts need none)"
)


class TargetBox(NamedTuple):
    """A box to explain: where it is, the scores, and what figures call it."""

    box: tuple[float, ...]  # x, y, w, h in pixels of the input
    scores: tuple[float, ...]  # (K,)

    def of(self, values: np.ndarray) -> np.ndarray:
        """(N, 1): how sure the detector is of the box, whatever the values (N, K)."""
        return np.full((len(values), 1), max(self.scores), np.float32)

    def title(self, labels) -> str:
        """The name of its best class."""
        return f"{labels.title(int(np.argmax(self.scores)))} (box)"


class Detections(NamedTuple):
    """What a detector finds in N images, arrays or tensors."""

    boxes: Any  # (N, D, 4): x, y, w, h in pixels of the input
    scores: Any  # (N, D, K) in [0, 1]


class Detector(BlackBox):
    """A function `images -> boxes, scores` in the place of a network.

    `function` takes preprocessed images (N, H, W, C) float32 and gives boxes (N, D, 4), as x, y,
    w, h in pixels of the input, and scores (N, D, K) in [0, 1]; rows of zeros where an image has
    fewer than D. A class's score is that of the best detection; that of a `TargetBox`, which stands
    among the `contrasts`, is the similarity. Logits are these scores themselves.
    """

    logits_from = "the score itself"

    def detections(self, inputs: np.ndarray) -> Detections:
        """What is found in preprocessed images. Raises ValueError where it is of other shapes."""
        boxes, scores = (np.asarray(part, np.float32) for part in self.function(inputs))
        shapes = boxes.shape, scores.shape
        if not (boxes.ndim == scores.ndim == 3 and boxes.shape == (*scores.shape[:2], 4)):
            raise ValueError(f"the detector gave {shapes}; expected (N, D, 4) and (N, D, classes)")
        if len(boxes) != len(inputs):
            raise ValueError(f"the detector gave {shapes} for {len(inputs)} images")
        if scores.size and not (scores.min() >= -1e-3 and scores.max() <= 1 + 1e-3):
            raise ValueError(
                f"the detector gave scores from {scores.min():.3g} to {scores.max():.3g}; expected "
                "probabilities in [0, 1]"
            )
        self.outputs = scores.shape[-1]
        return Detections(boxes, scores)

    def best_first(self, inputs: np.ndarray) -> list[TargetBox]:
        """The detections in a preprocessed image (H, W, C), the surest first."""
        boxes, scores = (found[0] for found in self.detections(inputs[np.newaxis]))
        best = scores.max(axis=-1)
        order = [i for i in np.argsort(-best, kind="stable") if best[i] > 0 < boxes[i, 2:].min()]
        return [TargetBox(tuple(boxes[i].tolist()), tuple(scores[i].tolist())) for i in order]

    def nth(self, inputs: np.ndarray, number: int) -> TargetBox:
        """The detection of that number, the surest first, in a preprocessed image (H, W, C).

        Raises ValueError where there are not so many.
        """
        found = self.best_first(inputs)
        if not 0 <= number < len(found):
            raise ValueError(f"it has {len(found)} detections, numbered from 0; got {number}")
        return found[number]

    def at(self, inputs: np.ndarray, box: tuple[float, ...]) -> TargetBox:
        """That box, with the scores of the detection that overlaps it most.

        Raises ValueError where none does.
        """
        detections = self.detections(inputs[np.newaxis])
        is_detected = detections.scores[0].max(axis=-1) > 0
        overlaps = np.asarray(overlap(detections.boxes[0], box)) * is_detected
        if not overlaps.any():
            raise ValueError("it has no detection that overlaps the box")
        return TargetBox(tuple(box), tuple(detections.scores[0, overlaps.argmax()].tolist()))

    def input_gradients(self, inputs: np.ndarray, class_indices, rule: str) -> dict:
        """`gradients` (N, H, W, C): how the score of each image's class, or box, changes.

        Raises ValueError where the function is not made of TensorFlow's operations, and for other
        rules of ReLUs than the plain one.
        """
        import tensorflow as tf

        if rule != PLAIN:
            raise ValueError(f"the {rule} rule of ReLUs is for a Keras model; a detector has none")
        parts = []
        for start in range(0, len(inputs), GRADIENT_BATCH):
            rows = slice(start, start + GRADIENT_BATCH)
            images = tf.convert_to_tensor(inputs[rows])
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(images)
                columns = self._columns(self._differentiable(images))
                chosen = tf.gather(columns, class_indices[rows], axis=1, batch_dims=1)
            slopes = tape.gradient(chosen, images)
            if slopes is None:
                raise ValueError(NO_GRADIENT)
            parts.append(np.asarray(slopes))
        return {"gradients": np.concatenate(parts)}

    def _differentiable(self, images) -> Detections:
        """What is found, as tensors that know where they come from."""
        import tensorflow as tf

        try:
            parts = self.function(images)
        except (TypeError, ValueError, AttributeError, NotImplementedError) as error:
            raise ValueError(NO_GRADIENT) from error
        if not all(map(tf.is_tensor, parts)):
            raise ValueError(NO_GRADIENT)
        return Detections(*(tf.cast(part, tf.float32) for part in parts))

    def _columns(self, detections: Detections):
        """(N, K + contrasts): each class's best score, and each box's similarity."""
        import tensorflow as tf

        classes = tf.reduce_max(tf.pad(detections.scores, ((0, 0), (0, 1), (0, 0))), axis=1)
        columns = [
            similarity(detections, contrast)
            if isinstance(contrast, TargetBox)
            else contrast.of(classes)
            for contrast in self.contrasts
        ]
        return tf.concat([classes, *columns], axis=1)

    def _answer(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        columns = np.asarray(self._columns(self.detections(inputs)))
        return columns, columns


def similarity(detections: Detections, target: TargetBox):
    """(N, 1): the largest IoU times cosine of scores (eq. 4 and 5); 0 where nothing is found.

    Of a single class, whose cosine is always 1, its score is the paper's third factor, objectness.
    """
    import tensorflow as tf

    scores = tf.math.l2_normalize(tf.constant(target.scores, tf.float32))
    lengths = tf.norm(detections.scores, axis=-1)
    cosines = tf.math.divide_no_nan(tf.linalg.matvec(detections.scores, scores), lengths)  # (N, D)
    if len(target.scores) == 1:
        cosines = detections.scores[..., 0]
    alike = overlap(detections.boxes, target.box) * cosines
    return tf.reduce_max(tf.pad(alike, ((0, 0), (0, 1))), axis=1, keepdims=True)


def overlap(boxes, box: tuple[float, ...]):
    """(...,): intersection over union of boxes (..., 4) and one box, all x, y, w, h."""
    import tensorflow as tf

    boxes = tf.convert_to_tensor(boxes)
    box = tf.constant(box, boxes.dtype)
    starts = tf.maximum(boxes[..., :2], box[:2])
    ends = tf.minimum(boxes[..., :2] + boxes[..., 2:], box[:2] + box[2:])
    common = tf.reduce_prod(tf.maximum(ends - starts, 0), axis=-1)
    areas = tf.reduce_prod(boxes[..., 2:], axis=-1) + tf.reduce_prod(box[2:])
    return tf.math.divide_no_nan(common, areas - common)
