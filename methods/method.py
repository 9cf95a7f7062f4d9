"""The contract of a method.

    method(classifier, images, class_indices, *, option=default, ...) -> maps

`images` are (N, H, W, 3) float32 RGB in [0, 255] at the classifier's input size, `class_indices`
(N,) int, `maps` (N, h, w) float32, raw, at the method's own resolution.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from registry import Entry
from runtime import note

SPREAD = (
    "layer {} holds tokens, and attention has spread over all of them what a channel's one weight "
    "looks for in their places: the map may lie elsewhere (HIRESCAM, CHEFER and RFEM_CLASS weigh "
    "each place)"
)


@dataclass(frozen=True)
class Method(Entry):
    """A row of the table: called like its function."""

    class_agnostic: bool = False
    is_baseline: bool = False  # knows nothing of the classifier: what others must do better than
    needs_layers: bool = False  # looks inside, so that a function of images will not do
    one_weight: bool = False  # of a channel for all its positions, as if it meant the same in each
    by_pixels: bool = False  # looks at no one layer, but at the gradient by the image's pixels
    of_clips: bool = False  # explains clips (N, T, H, W, 3) too, by maps (N, t, h, w)
    clip_methods: tuple[str, ...] = ()  # the table's methods that do, to be named where this cannot
    own_layer: bool = False  # looks at layers that only some networks have, whatever the target
    by_attention: bool = False  # which are those of attention, followed from block to block
    of_boxes: bool = False  # explains a detector's boxes by its gradient; black boxes do anyway
    many_passes: bool = False  # for one image: hundreds, through the perturbation engine
    display: str = "maximum"  # how its maps are drawn, one of DISPLAY_RULES
    draws: tuple[str, ...] = ()  # representations that only such a method has
    shown: tuple[str, ...] = ()  # its representations where none are asked for; (): as it suits

    @property
    def shares_features(self) -> bool:
        """Whether it starts from the target layer's features, as others do of the same image."""
        return self.needs_layers and not self.by_pixels and not self.own_layer

    def check(self, classifier, given: Mapping[str, Any] | None = None) -> None:
        """Raises ValueError, in one line, where the method cannot look into this classifier."""
        if classifier.frames and not self.of_clips:
            raise ValueError(
                f"{self.name} explains images, and {classifier.name} takes clips of "
                f"{classifier.frames} frames; clips are explained by {', '.join(self.clip_methods)}"
            )
        enough = classifier.has_layers or (self.of_boxes and classifier.has_gradients)
        if self.needs_layers and not enough:
            raise ValueError(
                f"{self.name} looks into a classifier's layers, and {classifier.name} only gives "
                "scores; it needs a Keras model (.keras or .h5)"
            )
        try:
            if self.shares_features:
                _ = classifier.map_layers
            if self.by_attention:
                _ = classifier.attention
        except ValueError as error:
            raise ValueError(f"{self.name} cannot explain {classifier.name}: {error}") from None

    def __call__(self, classifier, images, class_indices, **options) -> np.ndarray:
        if self.one_weight and (layer := classifier.mixed_tokens):
            note(caution=SPREAD.format(layer))
        return self.function(classifier, images, class_indices, **self.with_preset(options))
