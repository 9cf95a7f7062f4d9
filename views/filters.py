"""What filters look for: first-layer kernels as images, deeper ones by ascent (Erhan 2009)."""

from typing import Annotated

import numpy as np

from registry import COUNT, NOT_NEGATIVE, SEED
from runtime import note
from views.activations import strongest_channels
from views.ascent import Climb, ascents
from views.mosaic import enlarged, mosaic

TILE = 24  # height of a kernel's tile, pixels, at least
NAMED = 16  # filters in a title, at most


def filters(
    classifier,
    images: np.ndarray | None,
    class_indices: np.ndarray | None,
    *,
    layer: Annotated[str, "whose filters; empty: the weights of the first convolution"] = "",
    top: Annotated[int, "how many filters of a deeper layer", COUNT] = 9,
    steps: Annotated[int, "of each filter's ascent", COUNT] = 128,
    seed: Annotated[int, "of the noise that it starts from, and of the transforms", SEED] = 0,
    smoothness: Annotated[
        float, "weight of the total variation, relative to the mean", NOT_NEGATIVE
    ] = 1.0,
) -> list[np.ndarray]:
    """Filters: a mosaic of kernels, or of the inputs that excite a deeper layer's filters most.

    Kernels (h, w, 3) in their order, grey where 0, each divided by its largest absolute value.
    Deeper, the ascent of the channel's mean, in the Fourier form (Olah 2017); of the filters that
    respond most to the images, or the first where no images are given. Notes the channels,
    their layer and, deeper, their means at the end. Ends early on Ctrl-C, with the filters so far.
    Raises ValueError for no such layer, and where no kernels take the image.
    """
    if not layer:
        kernels = first_kernels(classifier)
        note(channels=list(range(len(kernels))))
        return [mosaic([enlarged(_as_image(kernel), TILE) for kernel in kernels])]
    call = classifier.find_layer(layer)
    chosen = np.arange(min(top, call.shape[-1]))
    if images is not None:
        responses = classifier.features(images, call.path).mean(axis=0)
        chosen = strongest_channels(responses, len(chosen))
    climb = Climb(
        channel_mean, steps, seed, "fourier", "sgd", smoothness, robust=True, layer=call.path
    )
    tiles = [way[-1] for way in ascents(classifier, climb, chosen.astype(np.int32))]
    features = classifier.features(np.stack(tiles).astype(np.float32), call.path)
    responses = [float(maps[..., k].mean()) for maps, k in zip(features, chosen, strict=False)]
    note(channels=chosen[: len(tiles)].tolist(), layer=call.path, responses=responses)
    return [mosaic(tiles)]


def describe(classifier, class_index: int | None, notes: dict) -> str:
    """The layer, and its filters where these are few; those that nothing excites are silent."""
    channels = notes["channels"]
    silent = [response == 0 for response in notes.get("responses", [1] * len(channels))]
    text = ", ".join(
        f"{channel} (silent)" if is_silent else str(channel)
        for channel, is_silent in zip(channels, silent, strict=True)
    )
    text = f"filters {text}" if len(channels) <= NAMED else f"{len(channels)} filters"
    return f"layer {notes['layer']}, {text}"


def first_kernels(classifier) -> np.ndarray:
    """(K, h, w, 3) RGB: the kernels of the first layer that has some for the input's channels."""
    for call in classifier.layer_calls:
        kernel = getattr(call.layer, "kernel", None)
        if call.is_weighted and len(getattr(kernel, "shape", ())) == 4:
            break
    else:
        raise ValueError(f"{classifier.name} has no convolution whose kernels could be shown")
    if kernel.shape[2] != classifier.input_shape[2]:
        raise ValueError(f"'{call.path}', the first convolution, does not take the image")
    note(layer=call.path)
    return classifier.in_rgb(np.moveaxis(np.asarray(kernel, np.float32), -1, 0))


def channel_mean(outputs, channel):
    """(B,): the mean of a channel of the features over positions."""
    import tensorflow as tf

    return tf.reduce_mean(tf.gather(outputs.features, channel, axis=-1), axis=(1, 2))


def _as_image(kernel: np.ndarray) -> np.ndarray:
    return np.rint(127.5 + 127.5 * kernel / (np.abs(kernel).max() or 1)).astype(np.uint8)
