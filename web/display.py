"""How a visitor wants maps to be drawn."""

import numpy as np

from pipeline.explaining.explanation import Explanation
from registry import suggest
from representations import REPRESENTATIONS


class DisplayOptions:
    """How maps are drawn."""

    def __init__(self, representation: str, colormap: str | None, alpha: float):
        if representation not in REPRESENTATIONS:
            near = suggest(representation, REPRESENTATIONS)
            raise ValueError(f"no representation '{representation}'{near}")
        self.representation = representation
        self.colormap = colormap or None
        self.alpha = float(alpha)

    def draw(self, explanation: Explanation) -> np.ndarray:
        """The map as RGB. Raises ValueError where its method has no such representation."""
        return explanation.represented(self.representation, self.colormap, self.alpha)
