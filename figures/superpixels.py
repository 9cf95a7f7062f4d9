"""Superpixels over an image, as LIME shows what speaks for a class and what against it."""

import cv2
import numpy as np

RED, BLUE, YELLOW = (202, 0, 32), (5, 113, 176), (255, 230, 0)  # for, against, boundaries


def represent_superpixels(
    saliency_map: np.ndarray,
    image: np.ndarray,
    shown: int = 10,
    positive_only: bool = False,
    hide_rest: bool = False,
) -> np.ndarray:
    """The `shown` strongest superpixels with their boundaries: red for the class, blue against.

    `saliency_map` has one value for each superpixel. With `hide_rest` what is not shown is black
    and what is shown is not tinted, unless it speaks against the class.
    """
    from skimage.segmentation import find_boundaries

    height, width = image.shape[:2]
    exact = np.asarray(saliency_map, np.float32)  # not interpolated: a value is a superpixel
    exact = cv2.resize(exact, (width, height), interpolation=cv2.INTER_NEAREST)
    values, segments = np.unique(exact, return_inverse=True)
    segments = segments.reshape(exact.shape)
    strength = values if positive_only else np.abs(values)
    chosen = np.argsort(-strength, kind="stable")[:shown]
    chosen = chosen[strength[chosen] > 0]
    inside = np.isin(segments, chosen)
    tint = np.where(exact[..., np.newaxis] > 0, RED, BLUE)
    tinted = inside & ((exact < 0) | (not hide_rest))
    image = np.asarray(image, np.float32)
    image = np.where(tinted[..., np.newaxis], 0.6 * image + 0.4 * tint, image)
    if hide_rest:
        image = image * inside[..., np.newaxis]
    lines = find_boundaries(np.where(inside, segments, -1)).astype(np.uint8)
    thickness = max(1, round(max(height, width) / 300))
    lines = cv2.dilate(lines, np.ones((thickness, thickness), np.uint8))
    return np.where(lines[..., np.newaxis] > 0, YELLOW, np.rint(image)).astype(np.uint8)
