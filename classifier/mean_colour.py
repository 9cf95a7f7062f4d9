"""The colour that says nothing: where a network's first layer with weights sees zeros.

An image of one colour goes through the preprocessing and on through what the model itself does to
colours, such as rescaling, until a layer that has learnt something is called. What arrives there is
affine in the colour, M c + o, so five colours find M and o, and the colour is where it is 0. So it
is the same whether a model rescales its images itself or its classifier does it before.
"""

import numpy as np

from classifier.network.hooks import as_operations, replaced
from classifier.network.trace import layers_within

COLOURS = 255 * np.array(
    [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]], np.float32
)  # the last is a test
MID_GREY = np.full(3, 127.5, np.float32)
TOLERANCE = 1e-3  # of what arrives, relative to its range over the colours
DECIMALS = 3  # of a colour: finer ones are rounding


def mean_colour(classifier) -> np.ndarray:
    """(3,) float32 RGB in [0, 255]: the colour that is 0 once it is preprocessed.

    Where the model's own beginning is not affine in the colour, only the classifier's preprocessing
    counts; where that is not either (each image by its own mean, say), it is mid-grey.
    """
    shape = (len(COLOURS), *classifier.input_shape[:-1], 3)
    colours = COLOURS.reshape(-1, *[1] * (len(shape) - 2), 3)
    inputs = classifier.preprocess(np.broadcast_to(colours, shape))
    arrived = [_middles(inputs)]
    if classifier.has_layers and (learnt := _first_learnt_input(classifier.model, inputs)):
        arrived.insert(0, _middles(learnt[0]))
    candidates = (_zero(values) for values in arrived if values is not None)
    colour = next((colour for colour in candidates if colour is not None), MID_GREY)
    return np.round(np.clip(colour, 0, 255), DECIMALS).astype(np.float32)


class _ReachedError(BaseException):
    """Ends a pass on purpose; no `Exception`, which Keras would catch and replace by another."""


def _first_learnt_input(model, inputs: np.ndarray) -> list[np.ndarray]:
    """The input of the first layer with weights, as a list of one; empty where there is none.

    A Normalization's weights are statistics of images, not learnt. The layers' `call`s are replaced
    by ones that end the pass, and are put back when it ends.
    """
    import keras

    arrived = []

    def stopping(first, *args, **kwargs):
        arrived.append(np.asarray(first, np.float32))
        raise _ReachedError

    learnt = (
        (layer, "call", stopping)
        for _, layer in layers_within(model)
        if next(layers_within(layer), None) is None
        and getattr(layer, "weights", ())
        and not isinstance(layer, keras.layers.Normalization)
    )
    try:
        with replaced(learnt), as_operations(model):
            model(inputs, training=False)
    except _ReachedError:
        pass
    return arrived


def _middles(values: np.ndarray) -> np.ndarray | None:
    """(5, K): what stands in the middle, away from padding, for each colour; None for no rows."""
    if len(values) % len(COLOURS):
        return None
    values = values.reshape(len(COLOURS), -1, *values.shape[1:])  # patches stand in the batch
    middle = tuple(side // 2 for side in values.shape[1:-1])
    return values[(slice(None), *middle)].astype(np.float64)


def _zero(values: np.ndarray) -> np.ndarray | None:
    """(3,): the colour at which these (5, K), affine in it, are 0; None where they are not so."""
    offset, matrix = values[0], (values[1:4] - values[0]) / 255  # (K,), (3, K)
    spread = np.ptp(values)
    if not 0 < spread < np.inf or np.abs(COLOURS[4] @ matrix + offset - values[4]).max() > (
        TOLERANCE * spread
    ):
        return None
    grey = matrix.sum(axis=0, keepdims=True)  # all that there is of a network that sees no colours
    full = np.linalg.matrix_rank(matrix, tol=TOLERANCE * np.abs(matrix).max()) == 3
    directions = matrix if full else grey
    of_mid_grey = offset + MID_GREY @ matrix  # of several colours that are 0, the nearest to it
    away = np.linalg.lstsq(directions.T, -of_mid_grey, rcond=None)[0]
    if np.abs(of_mid_grey + away @ directions).max() > TOLERANCE * spread:
        return None
    return MID_GREY + away
