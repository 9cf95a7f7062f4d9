"""Two small vision transformers that were trained on discs, read by a token and by the mean."""

from functools import partial

from small_vit import trained
from zoo.rows import Explained

BY_ATTENTION = ("RFEM", "RFEM_CLASS")  # what finds the disc of both, whatever the seed

EXPLAINED = (
    Explained(
        name="trained transformer with a class token",
        make=partial(trained, True),
        methods=(*BY_ATTENTION, "CHEFER", "HIRESCAM"),
        share=0.5,
    ),
    Explained(
        name="trained transformer read by its mean",
        make=partial(trained, False),
        methods=BY_ATTENTION,
        share=0.5,
    ),
    Explained(
        name="trained transformer from a file",
        make=partial(trained, True),
        saved=".keras",
        methods=BY_ATTENTION,
        share=0.5,
    ),
)

REFUSED = ()
