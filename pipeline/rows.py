"""An explanation as a row of the store."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from classifier import Classifier
from methods import METHODS, MethodCall
from pipeline.explanation import Explanation
from pipeline.record import classifier_record, finite


def stored_row(explanation: Explanation, classifier: Classifier) -> dict[str, Any]:
    """The row, with a value for each of `store.COLUMNS`."""
    best = explanation.top[0]
    saliency_map = np.ascontiguousarray(explanation.map)
    return key(classifier, explanation.method) | {
        "picture": str(explanation.path),
        "picture_hash": picture_hash(explanation.path),
        "class_index": explanation.class_index,
        "classifier": explanation.classifier,
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
        "map": saliency_map.tobytes(),
        "map_shape": list(saliency_map.shape),
        "map_type": str(saliency_map.dtype),
        "tied": explanation.verdict.tied,
        "metrics": list(explanation.verdict.values.items()),
        "agreement": list(explanation.agreement.items()),
        "metric_notes": json.dumps(finite(explanation.verdict.notes)),
        "notes": json.dumps(finite(explanation.notes), default=str),
    }


def key(classifier: Classifier, method: MethodCall) -> dict[str, Any]:
    """What tells the rows of this classifier and method from all others."""
    row = METHODS[method.name]
    return {
        "classifier_hash": classifier_hash(classifier),
        "layer": classifier.layer if row.needs_layers else "",
        "method": str(method),
        "options": json.dumps(row.all_options(method.given), sort_keys=True, default=str),
        "precision": classifier.precision,
    }


@lru_cache(maxsize=64)
def picture_hash(path: Path) -> str:
    """SHA-256 of the file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@lru_cache(maxsize=16)
def classifier_hash(classifier: Classifier) -> str:
    """SHA-256 of the classifier's weights, and of how pictures get in and scores out."""
    record = classifier_record(classifier)
    told = {name: record.get(name) for name in ("name", "weights_sha256", "input_size", "logit")}
    told |= classifier.source
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()
