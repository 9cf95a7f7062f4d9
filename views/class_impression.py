"""Class impressions (Addepalli 2020, https://arxiv.org/abs/1912.12192v1; Simonyan 2013,
https://arxiv.org/abs/1312.6034, section 2), and their Fourier form (Olah 2017,
https://doi.org/10.23915/distill.00007).
"""

from typing import Annotated, Literal

import numpy as np

from registry import COUNT, NOT_NEGATIVE, SEED
from runtime import note
from views.ascent import Climb, ascend


def class_impression(
    classifier,
    images: np.ndarray | None,
    class_indices: np.ndarray,
    *,
    steps: Annotated[int, "of the ascent, each a pass forward and back", COUNT] = 256,
    seed: Annotated[int, "of the noise that it starts from, and of the transforms", SEED] = 0,
    parametrisation: Annotated[
        Literal["pixels", "fourier"], "what is moved: pixels, or frequencies scaled by 1/f"
    ] = "fourier",
    optimizer: Annotated[Literal["adam", "sgd"], "how it is moved; sgd is with momentum"] = "sgd",
    smoothness: Annotated[float, "weight of the total variation, in logits", NOT_NEGATIVE] = 1000.0,
    robust: Annotated[
        bool, "whether each step sees the image turned, scaled, shifted and tinted"
    ] = True,
) -> list[np.ndarray]:
    """Class impression: an image for each class, from noise towards the largest logit S_c.

    The ascent of S_c less the total variation. Notes the logits and scores of the class at its
    start and end, where that is the prediction, and the frames of the way (N, F, H, W, 3).
    """
    class_indices = classifier.checked(class_indices, len(class_indices))
    frames = []
    for index in class_indices:
        climb = Climb(class_logit, steps, seed, parametrisation, optimizer, smoothness, robust)
        frames.append(ascend(classifier, climb, np.int32(index)))
    ends = np.stack([[way[0], way[-1]] for way in frames]).astype(np.float32)  # (N, 2, H, W, 3)
    answer = classifier.scores_of_inputs(classifier.preprocess(ends.reshape(-1, *ends.shape[2:])))
    for name, values in answer.items():  # scores and logits
        of_class = values.reshape(*ends.shape[:2], -1)[range(len(frames)), :, class_indices]
        note(**{name: of_class.tolist()})
    predicted = answer["scores"][1::2, : len(classifier.labels)].argmax(axis=1)
    note(predicted=predicted.tolist(), frames=np.stack(frames))
    return [way[-1] for way in frames]


def describe(classifier, class_index: int | None, notes: dict) -> str:
    """The class's logit at the start and end of one ascent, and what is predicted of its end."""
    ((before, after),), (predicted,) = notes["logits"], notes["predicted"]
    prediction = "the prediction"
    if predicted != class_index:
        prediction = f"predicted: {classifier.title(predicted).replace('_', ' ')}"
    return f"logit {before:.1f} \u2192 {after:.1f}\n{prediction}"


def class_logit(outputs, index):
    """S_c (B,)."""
    import tensorflow as tf

    return tf.gather(outputs.logits, index, axis=1)
