"""What hides: the one table of what stands where a part of an image is not to be seen.

    fill(images, colour) -> images

of images (N, H, W, 3), or clips (N, T, H, W, 3), RGB in [0, 255]; what comes back has their shape.
Since it is decided in RGB and then preprocessed like any image, the same hides whether a model
rescales its images itself or not. `colour` (3,) is the classifier's mean colour, which is 0 to it.
"""

from collections.abc import Callable

import numpy as np

from runtime import note

BLUR_TAPS, BLUR_SIGMA = 11, 5.0  # of the blur that RISE's authors insert pixels on (Petsiuk 2018)
WIDE_BLUR = 12.0  # standard deviation of the blur that hides, pixels where the shorter side has 224


def mean(images: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """The classifier's mean colour."""
    return np.broadcast_to(np.asarray(colour, np.float32), images.shape)


def black(images: np.ndarray, colour: np.ndarray | None = None) -> np.ndarray:
    """(0, 0, 0)."""
    return np.zeros(images.shape, np.float32)


def white(images: np.ndarray, colour: np.ndarray | None = None) -> np.ndarray:
    """(255, 255, 255)."""
    return np.full(images.shape, 255, np.float32)


def blur(images: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """The image, or each frame, behind an 11-tap Gaussian of sigma 5, the mean colour around it."""
    import cv2
    from scipy.ndimage import gaussian_filter1d

    impulse = np.eye(BLUR_TAPS)[BLUR_TAPS // 2]  # the kernel is its blur, mirrored at the ends
    kernel = gaussian_filter1d(impulse, BLUR_SIGMA).astype(np.float32)
    around = np.asarray(colour, np.float32)
    frames = (images - around).reshape(-1, *images.shape[-3:])
    blurred = [
        cv2.sepFilter2D(one, -1, kernel, kernel, borderType=cv2.BORDER_CONSTANT) for one in frames
    ]
    return np.stack(blurred).reshape(images.shape) + around


def wide_blur(images: np.ndarray, colour: np.ndarray | None = None) -> np.ndarray:
    """The image, or each frame, behind a Gaussian that leaves no shape of it to see."""
    import cv2

    frames = np.asarray(images, np.float32).reshape(-1, *images.shape[-3:])
    sigma = WIDE_BLUR * min(frames.shape[1:3]) / 224
    blurred = [cv2.GaussianBlur(frame, (0, 0), sigma) for frame in frames]
    return np.stack(blurred).reshape(images.shape)


FILLS: dict[str, Callable[..., np.ndarray]] = {
    fill.__name__: fill for fill in (mean, black, white, blur, wide_blur)
}
OF_ONE_COLOUR = ("mean", "black", "white")


def segment_means(image: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """(H, W, 3): at each pixel of an image the mean colour of its segment, (H, W) int from 0 on."""
    counts = np.bincount(segments.ravel())
    means = [
        np.bincount(segments.ravel(), channel.ravel()) / counts
        for channel in np.moveaxis(image, -1, 0)
    ]
    return np.stack(means, axis=-1)[segments].astype(np.float32)


def filled_inputs(classifier, images: np.ndarray, fill: str) -> np.ndarray:
    """(N, ..., C): the fill of that name for these images (N, ..., 3), preprocessed."""
    return classifier.preprocess(FILLS[fill](images, classifier.mean_colour))


def background(classifier, fill: str = "mean") -> np.ndarray:
    """(1, ..., C): a fill of one colour at the classifier's input size, preprocessed."""
    return filled_inputs(classifier, np.zeros((1, *classifier.input_shape[:-1], 3)), fill)


def note_fill(classifier, fill: str = "mean", more: str = "") -> None:
    """Notes a fill of one colour, in RGB, for the record and, with `more`, for the caption."""
    rgb = colour_of(classifier, fill)
    note(fill_rgb=rgb, caption=f"hidden by {colour_words(rgb)}{more}.")


def note_fill_of_maps(classifier, count: int, fill: str = "mean", more: str = "") -> None:
    """As `note_fill`, for each of `count` maps that a metric judges."""
    rgb = colour_of(classifier, fill)
    note(fill_rgb=[rgb] * count, caption=[f"hidden by {colour_words(rgb)}{more}."] * count)


def colour_of(classifier, fill: str) -> list[float]:
    """RGB, in [0, 255], of a fill of one colour: for notes."""
    pixel = np.zeros((1, 1, 3), np.float32)
    return [round(float(value), 1) for value in FILLS[fill](pixel, classifier.mean_colour).ravel()]


def colour_words(rgb: list[float]) -> str:
    """ "RGB (127, 127, 127)", for captions."""
    return f"RGB ({', '.join(f'{value:.0f}' for value in rgb)})"
