"""Explanations as rows of the store, and back."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from classifier import Classifier
from evaluation.measure import MetricResults
from pipeline.dataset.store import COLUMNS, map_columns, map_of
from pipeline.explaining.explanation import Explanation
from pipeline.explaining.record import classifier_record, finite
from pipeline.targets import Targets
from registry import Call
from runtime import as_path


class Source(NamedTuple):
    """An image's file as it was read."""

    path: Path
    hash: str  # SHA-256; "" where it could not be read
    size: int
    time: int  # of its last change, nanoseconds

    def columns(self) -> dict[str, Any]:
        return {
            "image": str(self.path),
            "image_hash": self.hash,
            "image_bytes": self.size,
            "image_time": self.time,
        }


def unit_key(classifier: Classifier, method: Call, targets: Targets) -> dict[str, str]:
    """What tells the units of this classifier, method and target from all others."""
    row = method.entry
    layers = row.needs_layers and classifier.has_layers
    return {
        "classifier_hash": classifier_hash(classifier),
        "layer": classifier.layer if layers else "",
        "method": str(method),
        "options": json.dumps(method.options, sort_keys=True, default=str),
        "target": targets.description_for(classifier),
        "precision": classifier.precision,
    }


def stored_row(
    explanation: Explanation, source: Source, unit: dict[str, str], map_type: str = "float32"
) -> dict[str, Any]:
    """The row, with a value for each of `store.COLUMNS`."""
    best = explanation.top[0]
    results = explanation.results
    metrics = [*results.values.items(), *((name, None) for name in results.impossible)]
    return (
        dict.fromkeys(COLUMNS)
        | source.columns()
        | unit
        | {
            "class_index": explanation.class_index,
            "classifier": explanation.classifier_title,
            "label": explanation.label,
            "probability": explanation.probability,
            "predicted_index": explanation.predicted_index,
            "predicted_label": best[1],
            "predicted_probability": float(best[2]),
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
            "top": json.dumps(
                [[code, name, float(score)] for code, name, score in explanation.top]
            ),
        }
    )


def failed_row(source: Source, unit: dict[str, str], classifier: str, error: str):
    """The row of an image that could not be explained."""
    told = {"classifier": classifier, "error": error}
    return dict.fromkeys(COLUMNS) | source.columns() | unit | told


def restored(
    row: dict[str, Any], image: np.ndarray, method: Call, classifier: Classifier
) -> Explanation:
    """The explanation that a row was made of, of this image."""
    metrics = dict(row["metrics"] or ())
    results = MetricResults(
        {name: value for name, value in metrics.items() if value is not None},
        json.loads(row["metric_notes"]),
        impossible=[name for name, value in metrics.items() if value is None],
    )
    return Explanation(
        image,
        map_of(row),
        row["class_index"],
        row["label"],
        row["probability"],
        classifier.name,
        method,
        as_path(row["image"]),
        classifier.random_weights,
        row["diagnosis"],
        [tuple(best) for best in json.loads(row["top"])],
        row["seconds"],
        json.loads(row["notes"]),
        predicted_index=row["predicted_index"],
        results=results,
        agreement=dict(row["agreement"] or ()),
        true_class=row["true_class"],
        true_index=row["true_index"],
    )


def content_hash(content: bytes) -> str:
    """SHA-256 of a file's content."""
    return hashlib.sha256(content).hexdigest()


@lru_cache(maxsize=16)
def classifier_hash(classifier: Classifier) -> str:
    """SHA-256 of the classifier's weights, and of how images get in and scores out."""
    record = classifier_record(classifier)
    told = {name: record.get(name) for name in ("name", "weights_sha256", "input_size", "logit")}
    told |= classifier.source
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()
