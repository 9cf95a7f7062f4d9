"""The contract of a metric.

    metric(maps, evidence, ..., *, option=default, ...) -> values

`maps` are (N, H, W) float32 raw maps, of clips (N, T, H, W), upsampled to the size of the evidence;
`values` (N,) float64, NaN where a map has none. A metric's further positional parameters are the
evidence that it needs:

    classifier, images (N, H, W, 3) or clips (N, T, H, W, 3), class_indices (N,)
    explain             (images, class_indices) -> maps by the method in program
    densities           (N, H, W), where people looked
    fixations           N arrays (n, 2), columns x and y in pixels
    other_fixations     N arrays (n, 2): where people looked in other images
    masks               (N, H, W) bool, where the object is

What it notes as arrays or lists with N rows (curves, say) belongs to the maps one by one.
"""

import inspect
from dataclasses import dataclass

import numpy as np

from registry import Entry

GAZE, FIXATIONS, OTHERS, MASK = "densities", "fixations", "other_fixations", "masks"
TRUTHS = {  # kinds of ground truth, in words
    GAZE: "a gaze map",
    FIXATIONS: "fixations",
    OTHERS: "fixations on other images",
    MASK: "an object mask",
}


@dataclass(frozen=True)
class Metric(Entry):
    """A row of the table: called like its function."""

    better: str = "higher"  # or "lower", or "" where neither is
    draws: tuple[str, ...] = ()  # representations that need it
    passes: int = 0  # about how many it takes for a map, so that many are prepared for
    clip_metrics: tuple[str, ...] = ()  # the table's metrics of clips, to be named where it is none

    def __call__(self, maps, *evidence, **options) -> np.ndarray:
        return self.function(maps, *evidence, **self.with_preset(options))

    @property
    def of_clips(self) -> bool:
        """Whether it evaluates maps of clips: all do that need no gaze and no mask."""
        return not self.truths

    def check(self, classifier) -> None:
        """Raises ValueError, in one line, where it cannot evaluate this classifier's maps."""
        if classifier.frames and not self.of_clips:
            needed = " and ".join(TRUTHS[truth] for truth in self.truths)
            raise ValueError(
                f"{self.name} needs {needed} of an image, and {classifier.name} takes clips of "
                f"{classifier.frames} frames; maps of clips are evaluated by "
                f"{', '.join(self.clip_metrics)}"
            )

    @property
    def needs(self) -> tuple[str, ...]:
        """The evidence that it takes, in its order."""
        parameters = inspect.signature(self.function).parameters.values()
        return tuple(p.name for p in parameters if p.kind is not p.KEYWORD_ONLY)[1:]

    @property
    def truths(self) -> tuple[str, ...]:
        """The kinds of ground truth among what it needs."""
        return tuple(need for need in self.needs if need in TRUTHS)


def positions(maps: np.ndarray) -> tuple[int, ...]:
    """The axes H and W of maps (N, H, W); T too of (N, T, H, W)."""
    return tuple(range(1, maps.ndim))


def unit(maps: np.ndarray) -> np.ndarray:
    """(N, H, W) in [0, 1], each map by itself: negatives at 0, then minimum to maximum.

    NaN for a map that is then the same everywhere.
    """
    maps = np.maximum(maps, 0).astype(np.float64)
    lowest, highest = (f(maps, axis=positions(maps), keepdims=True) for f in (np.min, np.max))
    with np.errstate(invalid="ignore", divide="ignore"):
        return (maps - lowest) / (highest - lowest)
