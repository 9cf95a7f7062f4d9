"""Detections of an image, drawn with the numbers by which they are chosen."""

from collections.abc import Sequence

import cv2
import numpy as np

from images import resized
from pipeline.explaining.explanation import percent
from representations import with_box
from web.answers import Detection

SIDE = 640  # pixels of the longer side of the image that they are drawn on
FONT, SIZE, MARGIN = cv2.FONT_HERSHEY_SIMPLEX, 0.6, 4


def numbered_boxes(image: np.ndarray, detections: Sequence[Detection]) -> np.ndarray:
    """(h, w, 3) uint8: the image with the detections' boxes, the surest on top."""
    scale = SIDE / max(image.shape[:2])
    size = tuple(max(1, round(scale * side)) for side in image.shape[:2])
    drawn = np.rint(resized(image, size)).astype(np.uint8)
    for detection in reversed(detections):
        box = tuple(scale * side for side in detection.box)
        drawn = _with_number(with_box(drawn, box), box, str(detection.number))
    return drawn


def detection_title(detection: Detection) -> str:
    """What a visitor chooses a detection by."""
    return f"{detection.number} · {detection.title}  {percent(detection.score)}"


def _with_number(image: np.ndarray, box: tuple[float, ...], text: str) -> np.ndarray:
    """The image with a number in white on black in the box's upper left corner."""
    (width, height), _ = cv2.getTextSize(text, FONT, SIZE, 2)
    left = min(max(0, round(box[0])), image.shape[1] - width - 2 * MARGIN)
    top = min(max(0, round(box[1])), image.shape[0] - height - 2 * MARGIN)
    corner = (left + width + 2 * MARGIN, top + height + 2 * MARGIN)
    drawn = cv2.rectangle(image.copy(), (left, top), corner, (0, 0, 0), cv2.FILLED)
    place = (left + MARGIN, top + MARGIN + height)
    return cv2.putText(drawn, text, place, FONT, SIZE, (255, 255, 255), 2, cv2.LINE_AA)
