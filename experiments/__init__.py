"""Experiments: does an explanation hold when the image is changed, or what it shows is hidden?"""

from experiments.augmentations import AUGMENTATIONS, Augmented, agreement
from experiments.masking import Masked, hide, masked, moved_region, salient_region

__all__ = [
    "AUGMENTATIONS",
    "Augmented",
    "Masked",
    "agreement",
    "hide",
    "masked",
    "moved_region",
    "salient_region",
]
