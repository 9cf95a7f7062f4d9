"""Rules by which raw maps are brought to colours, and what captions and colour bars say of them."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

PERCENTILE = 99.5  # a few pixels' gradients are far larger than all others


def clipped(values: np.ndarray) -> np.ndarray:
    """The values, none further from 0 than the percentile of their absolute values."""
    values = np.asarray(values, np.float32)
    limit = np.percentile(np.abs(values), PERCENTILE)
    return np.clip(values, -limit, limit) if limit > 0 else values


class DisplayRule(NamedTuple):
    """How maps are brought to a colour."""

    caption: str  # what a caption says of it
    ends: tuple[str, ...]  # what a colour bar says
    short: tuple[str, ...]  # the same where there is little room
    sign: str = ""  # what + and - mean, where maps have a sign
    shown: Callable[[np.ndarray], np.ndarray] = np.asarray  # raw map -> what is drawn of it
    sparse: bool = False  # almost all of a map is near 0

    @property
    def signed(self) -> bool:
        """Whether 0 is in the middle of the colours."""
        return bool(self.sign)


OF_THE_CLASS = "+ speaks for the class, \u2212 against it."
OF_NO_CLASS = "Of maps of any class + and \u2212 are of no class."
SIGNED = "Maps with a sign are divided by their largest absolute value."
DISPLAY_RULES = {
    "maximum": DisplayRule(
        "Maps are divided by their maximum.", ("0", "map's maximum"), ("0", "max.")
    ),
    "range": DisplayRule(
        "Maps that are nowhere near 0 are drawn from their minimum to their maximum.",
        ("map's minimum", "maximum"),
        ("min.", "max."),
        shown=lambda saliency_map: saliency_map - saliency_map.min(),
    ),
    "signed": DisplayRule(
        SIGNED,
        ("against", "0", "for the class"),
        ("\u2212", "0", "+"),
        OF_THE_CLASS,
    ),
    "signed, any class": DisplayRule(
        SIGNED,
        ("negative", "0", "positive"),
        ("\u2212", "0", "+"),
        OF_NO_CLASS,
    ),
    "percentile": DisplayRule(
        f"Maps of pixels' gradients are clipped at their {PERCENTILE}th percentile.",
        ("0", f"{PERCENTILE}th percentile"),
        ("0", f"{PERCENTILE} %"),
        shown=clipped,
        sparse=True,
    ),
    "signed percentile": DisplayRule(
        f"Signed maps of pixels are clipped at the {PERCENTILE}th percentile of their strength.",
        ("against", "0", "for the class"),
        ("\u2212", "0", "+"),
        OF_THE_CLASS,
        shown=clipped,
        sparse=True,
    ),
}
