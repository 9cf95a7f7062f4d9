"""Small random turns, scalings, shifts and tints, so that an ascent finds what survives them."""

import numpy as np

TURN = 10.0  # degrees, at most, to either side
SCALES = (0.9, 1.25)  # beyond 1 the image is cropped, below it mirrored at its border
SHIFT = 0.07  # of the side, at most, in every direction
TINT = 0.1  # of each of red, green and blue: times 1 +- it, plus +- it times 255
UNCHANGED = np.array([[1, 0, 0, 0, 1, 0]], np.float32), np.array([[[1] * 3, [0] * 3]], np.float32)


def random_transforms(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(1, 6): where each pixel is taken from, and (1, 2, 3): factors and additions of colours.

    The six are (a, b, c, d, e, f): the pixel at (y, x), counted from the middle in parts of the
    sides, is taken from (a y + b x + c, d y + e x + f).
    """
    angle = np.radians(rng.uniform(-TURN, TURN))
    zoom = 1 / rng.uniform(*SCALES)
    down, right = rng.uniform(-SHIFT, SHIFT, 2)
    sine, cosine = zoom * np.sin(angle), zoom * np.cos(angle)
    tints = rng.uniform(-TINT, TINT, (2, 3)) * [[1], [255]] + [[1], [0]]
    places = [[cosine, -sine, down, sine, cosine, right]]
    return np.array(places, np.float32), tints[np.newaxis].astype(np.float32)


def transformed(image, places, tints):
    """The tensor (H, W, 3), moved and tinted: (B, H, W, 3). Bilinear, mirrored at the borders."""
    import tensorflow as tf

    height, width = image.shape[:2]
    y = (tf.range(height, dtype=tf.float32)[:, tf.newaxis] + 0.5) / height - 0.5
    x = (tf.range(width, dtype=tf.float32) + 0.5) / width - 0.5
    a, b, c, d, e, f = (places[:, i, tf.newaxis, tf.newaxis] for i in range(6))
    rows = (a * y + b * x + c + 0.5) * height - 0.5  # (B, H, W), in pixels
    columns = (d * y + e * x + f + 0.5) * width - 0.5
    top, left = tf.floor(rows), tf.floor(columns)
    total = 0.0
    for row, row_part in ((top, top + 1 - rows), (top + 1, rows - top)):
        for column, column_part in ((left, left + 1 - columns), (left + 1, columns - left)):
            corners = tf.stack([_mirrored(row, height), _mirrored(column, width)], axis=-1)
            total += (row_part * column_part)[..., tf.newaxis] * tf.gather_nd(image, corners)
    return total * tints[:, 0, tf.newaxis, tf.newaxis] + tints[:, 1, tf.newaxis, tf.newaxis]


def _mirrored(places, side: int):
    """Whole-numbered places, those outside of [0, side) brought inside as a mirror would."""
    import tensorflow as tf

    places = tf.math.floormod(tf.cast(places, tf.int32), 2 * side)
    return tf.minimum(places, 2 * side - 1 - places)
