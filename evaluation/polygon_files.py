"""Masks as JSON: LabelMe's, one file an image, and COCO's, one file for all."""

import json
from functools import lru_cache
from pathlib import Path

import numpy as np

from evaluation.mask_files import Truth
from evaluation.metric import MASK
from runtime import read_bytes


def coco_names(file: Path) -> dict[str, tuple[dict, ...]]:
    """The entries of COCO's images by the names of their files. Raises ValueError."""
    return _coco(file, file.stat().st_mtime_ns)[0]


def truth_of_json(file: Path, image: Path | None = None) -> Truth:
    """The mask of all objects that a file has of an image. Raises ValueError."""
    names, objects = _coco(file, file.stat().st_mtime_ns)
    if not names:
        return _of_labelme(_content(file))
    entries = names.get(image.name, ()) if image else ()
    if len(entries) > 1:  # of several folders
        entries = [e for e in entries if image.as_posix().endswith(e["file_name"])]
    if len(entries) != 1:
        raise ValueError(f"it has {len(entries)} images of the name '{image and image.name}'")
    own = objects.get(entries[0]["id"], [])
    size = entries[0]["height"], entries[0]["width"]
    mask = np.zeros(size, bool)
    for one in own:
        mask |= _of_segmentation(one.get("segmentation"), size)
    return Truth(MASK, mask, "an object mask of COCO's objects", f"{len(own)} objects")


def _content(file: Path) -> dict:
    try:
        content = json.loads(read_bytes(file))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"expected an object of JSON, got a {type(content).__name__}")
    return content


@lru_cache(maxsize=4)
def _coco(file: Path, time: int) -> tuple[dict[str, tuple[dict, ...]], dict[int, list[dict]]]:
    """COCO's images by the names of their files, and its objects by the images' numbers.

    `time` is that of the file's last change: a file for all images is read once.
    """
    content = _content(file)
    names: dict[str, tuple[dict, ...]] = {}
    objects: dict[int, list[dict]] = {}
    try:
        for entry in content.get("images", ()):
            name = entry["file_name"].replace("\\", "/").rpartition("/")[2]
            names[name] = (*names.get(name, ()), entry)
        for one in content.get("annotations", ()):
            objects.setdefault(one["image_id"], []).append(one)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"its images and annotations are not COCO's: {error!r}") from error
    return names, objects


def _of_labelme(content: dict) -> Truth:
    if "shapes" not in content:
        raise ValueError(
            f"expected LabelMe's shapes or COCO's images and annotations, got {list(content)[:5]}"
        )
    try:
        size = int(content["imageHeight"]), int(content["imageWidth"])
        mask = np.zeros(size, bool)
        for shape in content["shapes"]:
            mask |= _of_shape(shape, size)
    except (KeyError, TypeError) as error:
        raise ValueError(f"its shapes are not LabelMe's: {error!r}") from error
    return Truth(MASK, mask, "an object mask of LabelMe's shapes")


def _of_shape(shape: dict, size: tuple[int, int]) -> np.ndarray:
    points, kind = np.array(shape["points"], np.float64), shape.get("shape_type", "polygon")
    if kind == "polygon":
        return filled(points, size)
    if kind == "rectangle" and len(points) == 2:
        (left, top), (right, bottom) = points
        return filled(np.array([[left, top], [right, top], [right, bottom], [left, bottom]]), size)
    if kind == "circle" and len(points) == 2:
        rows, columns = np.mgrid[: size[0], : size[1]] + 0.5
        away = np.hypot(columns - points[0, 0], rows - points[0, 1])
        return away <= np.hypot(*(points[1] - points[0]))
    raise ValueError(f"a shape is a {kind}; expected polygons, rectangles and circles")


def _of_segmentation(found: list | dict | None, size: tuple[int, int]) -> np.ndarray:
    """The mask of polygons, each [x, y, x, y, ...], or of runs."""
    mask = np.zeros(size, bool)
    if isinstance(found, dict):
        return _of_runs(found, size)
    if not found:
        raise ValueError("an object has no segmentation; boxes alone are no masks")
    for polygon in found:
        mask |= filled(np.array(polygon, np.float64).reshape(-1, 2), size)
    return mask


def _of_runs(found: dict, size: tuple[int, int]) -> np.ndarray:
    """The mask whose columns' pixels are by turns outside and inside, so many at a time."""
    counts = found["counts"]
    counts = _decoded(counts) if isinstance(counts, str) else counts
    inside = np.arange(len(counts)) % 2 == 1
    pixels = np.repeat(inside, np.maximum(counts, 0))
    if pixels.size != size[0] * size[1]:
        raise ValueError(f"runs of {pixels.size} pixels; expected {size[0]} x {size[1]}")
    return pixels.reshape(size, order="F")


def _decoded(text: str) -> list[int]:
    """COCO's text as counts: six bits a letter, from the third on as differences to the last but
    one (`rleFrString` of pycocotools)."""
    counts: list[int] = []
    value = shift = 0
    for letter in text:
        bits = ord(letter) - 48
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits & 0x20:  # more of it follows
            continue
        if bits & 0x10:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    return counts


def filled(points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W) bool: pixels whose middle is inside of the corners (n, 2), x and y."""
    from skimage.draw import polygon

    mask = np.zeros(size, bool)
    mask[polygon(points[:, 1] - 0.5, points[:, 0] - 0.5, size)] = True
    return mask
