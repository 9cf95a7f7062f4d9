"""What a run's files are called: after what they explain, how and by whom."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from pipeline.explaining.explanation import Explanation
from pipeline.explaining.view_image import ViewImage
from pipeline.plan import Plan
from pipeline.targets import PREDICTED

LONGEST_PART, LONGEST_NAME = 40, 150  # letters of a part, bytes of a name


class FileNames:
    """Paths in one folder; no two of one run are the same."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._given: set[Path] = set()

    def path(self, name: str, suffix: str) -> Path:
        """Where the file of that name goes."""
        safe = re.sub(r"[^\w.=+-]+", "_", name)
        if len(safe.encode()) > LONGEST_NAME:
            start = safe.encode()[:LONGEST_NAME].decode(errors="ignore")
            safe = (
                f"{start}_{hashlib.sha256(name.encode(errors='backslashreplace')).hexdigest()[:8]}"
            )
        path = self.folder / f"{safe}.{suffix}"
        number = 1
        while path in self._given:
            number += 1
            path = self.folder / f"{safe}_{number}.{suffix}"
        self._given.add(path)
        return path


def run_name(plan: Plan, classifiers: Sequence[str]) -> str:
    """The name of a run's record and figures."""
    images = plan.images
    parts = [images[0].stem if len(images) == 1 else f"{len(images)}_images"]
    parts += ["-".join(map(str, (*plan.methods, *plan.views))), "-".join(classifiers)]
    choice = plan.classifiers[0]  # weights and layer go with one classifier only
    layers = "-".join(_short(layer) for layer in (choice.layer or "").split(","))
    parts += [_short(part) for part in (choice.weights, layers) if part]
    if choice.precision != "float32":
        parts.append(choice.precision)
    if plan.targets.position is not None:
        parts.append(f"image_index_{plan.targets.position}")
    elif plan.targets.box is not None or plan.targets.text != PREDICTED:
        parts.append(plan.targets.description)
    return "_".join([_short(parts[0]), *parts[1:]])


def view_name(view: ViewImage, path: Path | None = None, label: str | None = None) -> str:
    """The name of a view's figure, of its image and class where it has any, or of several."""
    path, label = path or view.path, label or view.label
    parts = [_short(path.stem)] if path else []
    parts += [str(view.call), view.classifier, *(["random"] if view.random_weights else [])]
    return "_".join([*parts, *([label] if label else [])])


def single_name(explanation: Explanation) -> str:
    """The name of one explanation's figures."""
    parts = [_short(explanation.path.stem), str(explanation.method), explanation.classifier]
    if explanation.random_weights:
        parts.append("random")
    if not explanation.class_agnostic:
        parts.append(explanation.label)
    return "_".join(parts)


def _short(part: str) -> str:
    return Path(part).name[:LONGEST_PART]
