"""Cuts the reference maps that are committed out of the whole: python tests/reference/shrink.py.

`EXPLAINER_REFERENCE` names the folder of the whole. What is not small is rounded: to float16, and
to 2^-9 of the largest value where a test asks for 5e-2, to 2^-15 where it asks for 1e-4.
"""

import os
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
NAMES = ("dog_cat", "polar_bear")
HALF = ("saliency_absmax", "guided_absmax")
COARSE = ("saliency_signed", "guided_signed", "ig_sum", "ig_signed", "ig_trapezoid")
FINE = ("rise_0", "rise_1", "occlusion")
UNUSED = (
    "x_nhwc",  # (image_u8 - 127) / 128
    "preprocessing",
    "grad_features",
    "guided_own",
    "scorecam_scores",
    "scorecam_check",
    "fem_gradcam",
    "fem_margin",
    "lime_distances",
    "rise_probs",
    "insdel_map",
    "insdel_ties",
)


def shrunk(key: str, array: np.ndarray) -> np.ndarray:
    if key.startswith(HALF):
        return array.astype(np.float16)
    if key.startswith(COARSE):
        return rounded(array, 2**-9).astype(np.float16)
    return rounded(array, 2**-15) if key.startswith(FINE) else array


def rounded(array: np.ndarray, part: float) -> np.ndarray:
    """Off by at most this part of the largest value; the file does not keep zeros at the end."""
    step = 2 * part * 2.0 ** np.floor(np.log2(np.abs(array).max()))
    return (np.round(array / step) * step).astype(np.float32)


def main() -> None:
    whole = Path(os.environ["EXPLAINER_REFERENCE"])
    for name in NAMES:
        maps = np.load(whole / f"{name}.npz")
        kept = {key: shrunk(key, maps[key]) for key in maps.files if not key.startswith(UNUSED)}
        np.savez_compressed(HERE / f"{name}.npz", **kept)
    middle = np.load(whole / "mid_layer.npz")
    kept = {key: middle[key] for key in middle.files if key.startswith(NAMES)}
    np.savez_compressed(HERE / "mid_layer.npz", **kept)
    masks = np.load(whole / "rise_masks.npz")
    np.savez_compressed(HERE / "rise_masks.npz", grid=masks["grid"], shift=masks["shift"])


if __name__ == "__main__":
    main()
