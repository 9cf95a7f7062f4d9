"""The way from an image to the input of a network: its size, its channels, its preprocessing."""

from collections.abc import Callable
from functools import cached_property

import numpy as np

from classifier.preprocessing import MODES, with_channels


class ImageInput:
    """What a classifier takes: arrays of a shape (H, W, C), or (T, H, W, C) of clips.

    `preprocess` is a function (N, H, W, C) RGB or grey in [0, 255] -> what the network was trained
    on; `name` is the classifier's, for errors.
    """

    def __init__(
        self,
        name: str,
        shape: tuple[int, ...],
        preprocess: Callable[[np.ndarray], np.ndarray],
        factor: float = 1.0,
    ):
        self.name = name
        self.shape = tuple(shape)
        self._preprocess = preprocess
        self._factor = factor

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the images, or frames."""
        return self.shape[-3:-1]

    @property
    def frames(self) -> int | None:
        """How many frames a clip has; None for images."""
        return self.shape[0] if len(self.shape) == 4 else None

    def scaled(self, factor: float) -> "ImageInput":
        """This input, once preprocessed, multiplied by `factor`."""
        return ImageInput(self.name, self.shape, self._preprocess, factor * self._factor)

    def preprocess(self, images: np.ndarray) -> np.ndarray:
        """(N, H, W, 3) images, or clips (N, T, H, W, 3) -> (N, ..., C), a new array.

        Raises ValueError for another size.
        """
        images = np.asarray(images, np.float32)
        if images.shape[1:] != (*self.shape[:-1], 3):
            sides = ", ".join(map(str, self.shape[:-1]))
            kind = "clips" if self.frames else "images"
            raise ValueError(f"{self.name} takes {kind} (N, {sides}, 3); got {images.shape}")
        inputs = np.asarray(self._preprocess(with_channels(images, self.shape[-1])), np.float32)
        return inputs if self._factor == 1 else np.float32(self._factor) * inputs

    def in_rgb(self, values: np.ndarray) -> np.ndarray:
        """(N, H, W, C) in the channels of the input -> (N, H, W, 3): red, green, blue."""
        return values[..., self._channels]

    @cached_property
    def _channels(self) -> np.ndarray:
        """(3,): the channel of the input that changes most with red, green and blue."""
        return np.abs(self._pure_colours()[0]).argmax(axis=1)

    def colour_transform(self) -> tuple[np.ndarray, np.ndarray]:
        """`matrix` (3, C) and `offset` (C,): preprocessing is images @ matrix + offset.

        So it can be done within a graph. Raises ValueError where preprocessing is another thing.
        """
        matrix, offset = self._pure_colours()
        noise = np.random.default_rng(0).uniform(0, 255, (1, *self.size, 3))
        expected = self.preprocess(noise)
        off = np.abs(noise @ matrix + offset - expected).max()
        if not off <= 1e-4 * max(np.abs(expected).max(), 1e-30):
            raise ValueError(
                f"{self.name}'s preprocessing is not of each pixel's colour alone, and affine: "
                f"off by {off:.2g}; this view needs one that is (one of: {', '.join(MODES)})"
            )
        return matrix, offset

    def _pure_colours(self) -> tuple[np.ndarray, np.ndarray]:
        """What red, green and blue by 1 add to the input (3, C); the input of black (C,)."""
        pure = np.zeros((4, *self.size, 3), np.float32)  # the fourth is black
        pure[range(3), ..., range(3)] = 255
        inputs = self.preprocess(pure)[:, 0, 0]  # (4, C)
        return (inputs[:3] - inputs[3]) / np.float32(255), inputs[3]
