"""Where a row of tokens holds the places of an image."""

from typing import NamedTuple


class Grid(NamedTuple):
    """Tokens `start` to `start + height width` of a row are the image's places, row by row."""

    start: int
    height: int
    width: int

    @property
    def end(self) -> int:
        return self.start + self.height * self.width

    def maps(self, tokens):
        """(N, T, C) -> (N, h, w, C), tensors."""
        import tensorflow as tf

        grid = tokens[:, self.start : self.end]
        return tf.reshape(grid, (-1, self.height, self.width, tokens.shape[-1]))

    def tokens(self, maps, others):
        """(N, h, w, C) -> (N, T, C), what is of no place being that of `others` (N, T, C)."""
        import tensorflow as tf

        grid = tf.reshape(maps, (-1, self.height * self.width, others.shape[-1]))
        if self.start == 0 and self.end == others.shape[1]:
            return grid
        return tf.concat([others[:, : self.start], grid, others[:, self.end :]], axis=1)
