"""The columns of the store, and how maps are kept in them."""

from typing import Any

import numpy as np

from runtime import escaped, unescaped

EXPLANATION, CHANGE, VIEW = "explanation", "change", "view"  # kinds of rows
TEXT, WHOLE, REAL = "string", "int64", "float64"
UNIT = {
    "kind": TEXT,  # explanation; change, of an image that was changed; view
    "image": TEXT,  # path; "" of a view of a class, or of nothing
    "image_hash": TEXT,  # SHA-256 of the file; "" where it could not be read
    "classifier_hash": TEXT,  # weights, and how images get in
    "layer": TEXT,
    "method": TEXT,  # or view, as it was asked for
    "options": TEXT,  # all of them, as JSON
    "target": TEXT,  # as it was asked for
    "change": TEXT,  # how the image was changed; "" where it was not
    "precision": TEXT,
}
COLUMNS = UNIT | {
    "image_bytes": WHOLE,
    "image_time": WHOLE,  # of its last change, nanoseconds
    "class_index": WHOLE,
    "classifier": TEXT,
    "label": TEXT,
    "probability": REAL,
    "predicted_index": WHOLE,
    "predicted_label": TEXT,
    "predicted_probability": REAL,
    "true_class": TEXT,
    "true_index": WHOLE,
    "seconds": REAL,
    "passes": WHOLE,
    "diagnosis": TEXT,
    "error": TEXT,  # why there is no map
    "map": "binary",  # the raw map's bytes, of map_type, map_shape, divided by map_unit
    "map_shape": "list",
    "map_type": TEXT,
    "map_unit": REAL,
    "tied": REAL,  # share of the map's pixels, upsampled, that have another's value
    "metrics": "metrics",  # name -> value, NaN where undefined, null for want of ground truth
    "agreement": "metrics",  # method -> correlation of its map with this one
    "metric_notes": TEXT,  # JSON: curves and the like
    "notes": TEXT,  # JSON: what the method noted
    "top": TEXT,  # JSON: the best classes
    "experiment": TEXT,  # JSON: what the experiment's table says of a change
    "view": "binary",  # a view's image, PNG
    "view_frames": "binary",  # the frames of its way below each other, PNG
    "view_frame_count": WHOLE,
}
TRUTH = "ground truth "  # begins the name under which `metrics` tell which one they are against
NAMES = (  # columns of text that is not ours: files, classes, errors
    *("image", "classifier", "layer", "method", "target", "label", "predicted_label"),
    *("true_class", "diagnosis", "error"),
)
BINARY = ("map", "view", "view_frames")
HEAVY = (
    "view",
    "view_frames",
    "map",
    "map_shape",
    "map_type",
    "map_unit",
    "metric_notes",
    "notes",
    "top",
)


def storable(row: dict[str, Any]) -> dict[str, Any]:
    """The row with what people name things escaped: Parquet's text is UTF-8."""
    return row | {name: escaped(row[name]) for name in NAMES if row.get(name)}


def restored(row: dict[str, Any]) -> dict[str, Any]:
    """The row of which `storable` made this one."""
    return row | {name: unescaped(row[name]) for name in NAMES if row.get(name)}


def schema():
    """The schema of a part."""
    import pyarrow as pa

    kinds = {
        TEXT: pa.string(),
        WHOLE: pa.int64(),
        REAL: pa.float64(),
        "binary": pa.binary(),
        "list": pa.list_(pa.int32()),
        "metrics": pa.map_(pa.string(), pa.float64()),
    }
    return pa.schema([(name, kinds[kind]) for name, kind in COLUMNS.items()])


def map_columns(saliency_map: np.ndarray, map_type: str) -> dict[str, Any]:
    """The columns of a raw map. In float16, whose numbers end at 65504, the largest value is 1."""
    largest = float(np.abs(saliency_map).max())
    unit = largest if map_type == "float16" and 0 < largest < np.inf else 1.0
    stored = np.ascontiguousarray(saliency_map / unit, map_type)
    return {
        "map": stored.tobytes(),
        "map_shape": list(stored.shape),
        "map_type": map_type,
        "map_unit": unit,
    }


def map_of(row: dict[str, Any]) -> np.ndarray | None:
    """The raw map (h, w) float32 of a stored row; None where there is none."""
    if row["map"] is None:
        return None
    stored = np.frombuffer(row["map"], row["map_type"]).reshape(row["map_shape"])
    return stored.astype(np.float32) * np.float32(row["map_unit"])
