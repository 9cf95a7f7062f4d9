"""Images of fixations: black, with a bright spot at each."""

import numpy as np

BRIGHT = 0.5  # of the maximum; the dots that JPEG leaves around a spot are darker
LARGEST_SPOT, LARGEST_SHARE = 9, 0.01  # pixels that a spot has in the middle; of the image
SMALLEST_SIDE = 32  # an image below it has room for no spots that are no object


def are_spots(array: np.ndarray) -> bool:
    """Whether what is bright in an array (H, W) are a few pixels here and there: no object's."""
    if min(array.shape) < SMALLEST_SIDE or not array.any():
        return False
    bright = array > BRIGHT * array.max()
    if bright.mean() > LARGEST_SHARE:
        return False
    from skimage.measure import label

    sizes = np.bincount(label(bright, connectivity=2).ravel())[1:]
    return bool(np.median(sizes) <= LARGEST_SPOT)


def spots(array: np.ndarray) -> np.ndarray:
    """(n, 2) float64: x and y of the middle of each bright spot, in pixels."""
    from scipy.ndimage import center_of_mass
    from skimage.measure import label

    labels = label(array > BRIGHT * array.max(), connectivity=2)
    middles = center_of_mass(labels > 0, labels, range(1, labels.max() + 1))
    return np.array(middles, np.float64).reshape(-1, 2)[:, ::-1] + 0.5
