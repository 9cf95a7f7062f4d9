"""Explanations, changed explanations and views as rows of the store, and back."""

import hashlib
import io
import json
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from classifier import Classifier
from evaluation.measure import MetricResults
from images import Clip
from pipeline.dataset.columns import (
    CHANGE,
    COLUMNS,
    EXPLANATION,
    TRUTH,
    VIEW,
    map_columns,
    map_of,
)
from pipeline.explaining.changes import Change, ChangedExplanation, in_shape
from pipeline.explaining.explanation import Explanation
from pipeline.explaining.record import classifier_record, finite
from pipeline.explaining.view_image import ViewImage
from pipeline.targets import Targets
from registry import Call
from runtime import as_path


class Source(NamedTuple):
    """An image's file, or a clip's, as it was read; of no image everything is empty."""

    path: Path | None = None
    hash: str = ""  # SHA-256; "" where it could not be read
    size: int = 0
    time: int = 0  # of its last change, nanoseconds

    def columns(self) -> dict[str, Any]:
        return {
            "image": "" if self.path is None else str(self.path),
            "image_hash": self.hash,
            "image_bytes": self.size,
            "image_time": self.time,
        }


def method_key(classifier: Classifier, method: Call, targets: Targets) -> dict[str, str]:
    """What tells the units of this classifier, method and target from all others."""
    looks_inside = method.entry.needs_layers and classifier.has_layers
    return _key(EXPLANATION, classifier, method, targets.description_for(classifier), looks_inside)


def change_key(key: dict[str, str], change: Change) -> dict[str, str]:
    """What tells the units of a method after a change from those without, and after others."""
    return key | {"kind": CHANGE, "change": change.key}


def view_key(classifier: Classifier, call: Call, class_index: int | None = None) -> dict[str, str]:
    """What tells the units of a view, of a class if it takes one, from all others."""
    target = "" if class_index is None else f"index:{class_index}"
    return _key(VIEW, classifier, call, target, call.entry.takes == "image")


def _key(
    kind: str, classifier: Classifier, call: Call, target: str, looks_at_layer: bool
) -> dict[str, str]:
    return {
        "kind": kind,
        "classifier_hash": classifier_hash(classifier),
        "layer": classifier.layer if looks_at_layer else "",
        "method": str(call),
        "options": json.dumps(call.options, sort_keys=True, default=str),
        "target": target,
        "change": "",
        "precision": classifier.precision,
    }


def explanation_row(
    explanation: Explanation, source: Source, key: dict[str, str], map_type: str = "float32"
) -> dict[str, Any]:
    """The row, with a value for each of COLUMNS."""
    results = explanation.results
    metrics = [*results.values.items(), *((name, None) for name in results.impossible)]
    metrics += [(TRUTH + results.against, None)] if results.against else []
    _, label, probability = explanation.top[0]
    columns = {
        "class_index": explanation.class_index,
        "classifier": explanation.classifier_title,
        "label": explanation.label,
        "probability": explanation.probability,
        "predicted_index": explanation.predicted_index,
        "predicted_label": label,
        "predicted_probability": float(probability),
        "true_class": explanation.true_class,
        "true_index": explanation.true_index,
        "seconds": explanation.seconds,
        "passes": explanation.notes.get("passes"),
        "diagnosis": explanation.diagnosis,
        **map_columns(explanation.map, map_type),
        "tied": results.tied,
        "metrics": metrics,
        "agreement": list(explanation.agreement.items()),
        "metric_notes": json.dumps(finite(results.notes)),
        "notes": json.dumps(finite(explanation.notes), default=str),
        "top": json.dumps([[code, name, float(score)] for code, name, score in explanation.top]),
    }
    return dict.fromkeys(COLUMNS) | source.columns() | key | columns


def change_row(
    changed: ChangedExplanation, source: Source, key: dict[str, str], map_type: str
) -> dict[str, Any]:
    """The row of a changed explanation: that of the explanation after, and the table's values."""
    row = explanation_row(changed.after, source, key, map_type)
    before = {"class_index": changed.before.class_index, "label": changed.before.label}
    return row | before | {"experiment": json.dumps(finite(changed.values))}


def unchanged_row(before: Explanation, source: Source, key: dict[str, str]) -> dict[str, Any]:
    """The row of an explanation whose map means nothing, so that no change could follow it."""
    columns = {
        "class_index": before.class_index,
        "classifier": before.classifier_title,
        "label": before.label,
        "diagnosis": before.diagnosis,
        "metrics": [],
    }
    return dict.fromkeys(COLUMNS) | source.columns() | key | columns


def view_row(made: ViewImage, source: Source, key: dict[str, str], frames: bool) -> dict[str, Any]:
    """The row of a view's image, with the frames of its way where they are wanted."""
    way = made.frames if frames else None
    columns = {
        "class_index": made.class_index,
        "classifier": made.classifier_title,
        "label": made.label,
        "seconds": made.seconds,
        "diagnosis": made.description,
        "notes": json.dumps(finite(made.notes), default=str),
        "view": packed(made.image),
        "view_frames": None if way is None else packed(np.concatenate(list(way))),
        "view_frame_count": None if way is None else len(way),
        "metrics": [],
    }
    return dict.fromkeys(COLUMNS) | source.columns() | key | columns


def failed_row(
    source: Source, key: dict[str, str], classifier: Classifier, reason: str
) -> dict[str, Any]:
    """The row of what could not be done."""
    columns = {"classifier": classifier.name, "error": reason}
    return dict.fromkeys(COLUMNS) | source.columns() | key | columns


def stored_explanation(
    row: dict[str, Any],
    image: np.ndarray,
    method: Call,
    classifier: Classifier,
    clip: Clip | None = None,
) -> Explanation:
    """The explanation that a row was made of, of this image."""
    metrics, notes = dict(row["metrics"] or ()), json.loads(row["notes"])
    against = [name for name in metrics if name.startswith(TRUTH)]
    return Explanation(
        image=image,
        clip=clip,
        path=as_path(row["image"]),
        map=map_of(row),
        method=method,
        classifier=classifier.name,
        random_weights=classifier.random_weights,
        class_index=row["class_index"],
        label=row["label"],
        probability=row["probability"],
        predicted_index=row["predicted_index"],
        top=[tuple(best) for best in json.loads(row["top"])],
        diagnosis=row["diagnosis"],
        seconds=row["seconds"],
        notes=notes,
        results=MetricResults(
            {name: value for name, value in metrics.items() if value is not None},
            json.loads(row["metric_notes"]),
            impossible=[n for n, value in metrics.items() if value is None and n not in against],
            against="".join(against).removeprefix(TRUTH),
        ),
        agreement=dict(row["agreement"] or ()),
        true_class=row["true_class"],
        true_index=row["true_index"],
        is_contrast=row["class_index"] >= len(classifier.labels) and "box" not in notes,
        task=classifier.task,
    )


def stored_change(
    row: dict[str, Any], before: Explanation, change: Change, classifier: Classifier
) -> ChangedExplanation:
    """The changed explanation that a row was made of; the image is changed anew for it."""
    image = in_shape(change.made(before, classifier.input_size).image, before.image)
    after = stored_explanation(row, image, before.method, classifier)
    return ChangedExplanation(before, after, change, json.loads(row["experiment"]))


def stored_view(
    row: dict[str, Any], call: Call, classifier: Classifier, image: np.ndarray | None = None
) -> ViewImage:
    """The view that a row was made of; `image` is what it was made of, if anything."""
    count = row["view_frame_count"]
    frames = None if count is None else np.stack(np.split(unpacked(row["view_frames"]), count))
    return ViewImage(
        call=call,
        image=unpacked(row["view"]),
        classifier=classifier.name,
        layer=classifier.layer,
        random_weights=classifier.random_weights,
        path=as_path(row["image"]) if row["image"] else None,
        source=image,
        class_index=row["class_index"],
        label=row["label"],
        description=row["diagnosis"],
        notes=json.loads(row["notes"]),
        frames=frames,
        seconds=row["seconds"],
    )


def packed(image: np.ndarray) -> bytes:
    """An image (H, W, 3) uint8 as PNG."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "png", compress_level=3)
    return file.getvalue()


def unpacked(content: bytes) -> np.ndarray:
    """The image (H, W, 3) uint8 of a PNG."""
    return np.array(Image.open(io.BytesIO(content), formats=["PNG"]))


def content_hash(content: bytes) -> str:
    """SHA-256 of a file's content."""
    return hashlib.sha256(content).hexdigest()


@lru_cache(maxsize=16)
def classifier_hash(classifier: Classifier) -> str:
    """SHA-256 of the classifier's weights, and of how images get in and scores out."""
    record = classifier_record(classifier)
    names = ("name", "weights_sha256", "input_size", "logit")
    identity = {name: record.get(name) for name in names} | classifier.source
    return hashlib.sha256(json.dumps(identity, sort_keys=True, default=str).encode()).hexdigest()
