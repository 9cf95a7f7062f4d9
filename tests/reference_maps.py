"""Where reference maps are found; without Keras, since it is asked at the end of a run too."""

import os
from pathlib import Path

import numpy as np
import pytest

COMMITTED = Path(__file__).parent / "reference"
NO_REFERENCE = "no reference maps of this image"


def reference(name: str):
    """The reference maps of an image, from EXPLAINER_REFERENCE or else those that are committed.

    The test is skipped where there are neither.
    """
    folders = [Path(os.environ.get("EXPLAINER_REFERENCE", COMMITTED)), COMMITTED]
    for folder in folders:
        if (folder / f"{name}.npz").is_file():
            return np.load(folder / f"{name}.npz")
    pytest.skip(NO_REFERENCE)
