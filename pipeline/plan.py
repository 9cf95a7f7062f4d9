"""What is to be done, in full, before anything is: it can be pickled and sent to a worker."""

from dataclasses import dataclass, field
from pathlib import Path

from classifier import DEFAULT_MODEL, Classifier, load_classifier
from classifier.labels import best_indices
from evaluation import MetricCall
from evaluation.ground_truth import Viewing
from methods import MethodCall

PREDICTED = "predicted"


@dataclass(frozen=True)
class ClassifierChoice:
    """How to load one classifier; see `load_classifier` for the fields."""

    model_name: str = DEFAULT_MODEL
    model_path: str | None = None
    class_names: str | None = None
    preprocessing: str | None = None
    weights: str | None = None
    layer: str | None = None
    precision: str = "float32"

    def load(self) -> Classifier:
        return load_classifier(**vars(self))


@dataclass(frozen=True)
class Targets:
    """The classes to explain: `--target`'s text, or `--test_image_index`'s position."""

    text: str = PREDICTED
    position: int | None = None

    def asked(self, classifier: Classifier) -> list[int | str]:
        """Indices, and `predicted` or `top3` where the picture decides.

        Raises ValueError for a class that the classifier does not have.
        """
        if self.position is not None:
            return [classifier.labels.lab_index(self.position)]
        parts = [part.strip() for part in self.text.split(",") if part.strip()]
        if not parts:
            raise ValueError(f"target '{self.text}': expected a class, 'predicted' or 'top3'")
        for part in parts:
            if (top := _top(part)) is not None and not 1 <= top <= len(classifier.labels):
                raise ValueError(f"target '{part}': top1 to top{len(classifier.labels)} will do")
        return [part if _top(part) else classifier.labels.index(part) for part in parts]

    def indices(self, classifier: Classifier, scores) -> list[int]:
        """The classes for one picture with these scores (K,), each once."""
        found = []
        for part in self.asked(classifier):
            found += best_indices(scores, _top(part)) if isinstance(part, str) else [part]
        return list(dict.fromkeys(found))


def _top(part: str) -> int | None:
    """How many classes `predicted` or `top3` stands for; None for anything else."""
    if part.lower() == PREDICTED:
        return 1
    digits = part.lower().removeprefix("top")
    return int(digits) if digits != part.lower() and digits.isdigit() else None


@dataclass(frozen=True)
class Display:
    """How explanations are shown."""

    representations: tuple[str, ...] | None = None  # None: as it suits; (): no figures
    kind: str = "grid"  # or "singles"
    colormap: str | None = None  # None: as it suits, a diverging one for signed maps
    alpha: float = 0.5
    format: str = "png"
    output_dir: Path = Path("results")
    show: bool = False

    @property
    def draws(self) -> bool:
        """Whether there are figures."""
        return self.representations != ()


@dataclass(frozen=True)
class Evaluation:
    """By what explanations are judged, and against what."""

    metrics: tuple[MetricCall, ...] = ()
    ground_truth: tuple[str, ...] = ()  # folders and patterns
    viewing: Viewing = field(default_factory=Viewing)
    per_class: int | None = None  # so many pictures of each class; None: all
    seed: int = 0  # by which they are drawn


@dataclass(frozen=True)
class Plan:
    """Pictures, classifiers, methods and classes, each with each, and how they are shown."""

    pictures: tuple[Path, ...]
    classifiers: tuple[ClassifierChoice, ...] = (ClassifierChoice(),)
    methods: tuple[MethodCall, ...] = (MethodCall("GRADCAM"),)
    targets: Targets = Targets()
    display: Display = field(default_factory=Display)
    evaluation: Evaluation = Evaluation()
