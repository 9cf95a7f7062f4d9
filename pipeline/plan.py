"""What is to be done, in full, before anything is: it can be pickled and sent to a worker."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from classifier import DEFAULT_MODEL, Classifier, load_classifier
from classifier.labels import best_indices
from classifier.network.forward import BATCH
from evaluation import METRICS, MetricCall
from evaluation.ground_truth import Viewing
from figures import ANIMATION
from methods import METHODS, MethodCall
from views import ViewCall

PREDICTED = "predicted"
LABELS = 5  # of a multi-label classifier, where no class is asked for
ENGINES = ("local", "ray")
MAP_TYPES = ("float32", "float16")


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


Side = int | str  # a class's index, or `predicted` or `top3`, where the image decides


class Asked(NamedTuple):
    """One part of `--target`: a class, or one against another ("A:B"), or against it ("-B")."""

    plus: Side | None
    minus: Side | None = None

    def indices(self, classifier: Classifier, scores) -> list[int]:
        """The classes and contrasts that it stands for, for an image with these scores (K,)."""
        if self.minus is None:
            return _classes(self.plus, scores)
        lost = _classes(self.minus, scores)[0]
        plus = None if self.plus is None else _classes(self.plus, scores)[0]
        return [] if plus == lost else [classifier.contrast(plus, lost)]

    @property
    def needs_image(self) -> bool:
        """Whether an image decides which class it is."""
        return isinstance(self.plus, str) or isinstance(self.minus, str)


@dataclass(frozen=True)
class Targets:
    """What to explain: `--target`'s text, `--test_image_index`'s position or `--target_box`.

    With `of_labels`, of a multi-label classifier, its five best labels in the place of the text.
    """

    text: str = PREDICTED
    position: int | None = None
    box: int | tuple[float, ...] | None = None  # a detection's number, or x, y, w, h of an image
    of_labels: bool = False

    def told(self, classifier: Classifier) -> str:
        """What is asked of this classifier, in words that the store tells apart."""
        of_text = self.position is None and self.box is None
        return self._text(classifier) if of_text else self.words

    def _text(self, classifier: Classifier) -> str:
        if self.of_labels and classifier.multi_label:
            return f"top{min(LABELS, len(classifier.labels))}"
        return self.text

    def asked(self, classifier: Classifier) -> list[Asked]:
        """What the text asks for. Raises ValueError for a class that the classifier has not."""
        if self.box is not None and not classifier.detects:
            raise ValueError(
                f"--target_box is for detectors, and {classifier.name} finds no boxes; give "
                "--model_path module:function, a function images -> boxes, scores"
            )
        if self.position is not None:
            return [Asked(classifier.labels.lab_index(self.position))]
        parts = classifier.labels.split(self._text(classifier))
        if not parts:
            raise ValueError(f"target '{self.text}': expected a class, 'predicted' or 'top3'")
        return [_asked(part, classifier) for part in parts]

    @property
    def words(self) -> str:
        """What is asked for, as the store keeps it."""
        if self.box is not None:
            return f"box {self.box if isinstance(self.box, int) else list(self.box)}"
        return self.text if self.position is None else f"test_image_index {self.position}"

    def indices(self, classifier: Classifier, scores) -> list[int]:
        """The classes for one image with these scores (K,), each once.

        An image whose predicted class is the one that it is held against has none; see `asked`.
        """
        found = [asked.indices(classifier, scores) for asked in self.asked(classifier)]
        return list(dict.fromkeys(index for some in found for index in some))

    def fixed(self, classifier: Classifier) -> list[int]:
        """The classes that no image decides, each once."""
        asked = [one for one in self.asked(classifier) if not one.needs_image]
        return list(dict.fromkeys(i for one in asked for i in one.indices(classifier, None)))


def _asked(part: str, classifier: Classifier) -> Asked:
    try:
        return Asked(_side(part, classifier))
    except ValueError:
        if part.startswith("-"):
            return Asked(None, _one(part[1:], classifier))
        plus, colon, minus = part.removeprefix("index:").partition(":")
        if not colon:
            raise
        plus = part.removesuffix(f":{minus}")  # with its own "index:"
        sides = Asked(_one(plus, classifier), _one(minus, classifier))
        if sides.plus == sides.minus:
            raise ValueError(f"target '{part}': a class against itself") from None
        return sides


def _side(text: str, classifier: Classifier) -> Side:
    top = _top(text)
    if top is None:
        return classifier.labels.index(text)
    if not 1 <= top <= len(classifier.labels):
        raise ValueError(f"target '{text}': top1 to top{len(classifier.labels)} will do")
    return text


def _one(text: str, classifier: Classifier) -> Side:
    """One class: of several, as `top3`, none is the one that is meant."""
    if (_top(text) or 1) > 1:
        raise ValueError(f"target '{text}': expected one class on each side")
    return _side(text, classifier)


def _classes(side: Side, scores) -> list[int]:
    return best_indices(scores, _top(side)) if isinstance(side, str) else [side]


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
    report: bool = False  # whether there is an HTML page of the run

    @property
    def draws(self) -> bool:
        """Whether there are figures, or a page of them."""
        return self.representations != () or self.report

    @property
    def figure_format(self) -> str:
        """The format of figures, also beside animations."""
        return "png" if self.format == ANIMATION else self.format


@dataclass(frozen=True)
class Evaluation:
    """By what explanations are evaluated, and against what."""

    metrics: tuple[MetricCall, ...] = ()
    ground_truth: tuple[str, ...] = ()  # folders and patterns
    viewing: Viewing = field(default_factory=Viewing)
    per_class: int | None = None  # so many images of each class; None: all
    seed: int = 0  # by which they are drawn


@dataclass(frozen=True)
class Experiments:
    """What is done to images, to see whether their explanations hold."""

    augmentations: tuple[str, ...] = ()
    mask: tuple[float, ...] = ()  # shares of the image, the most salient, that are hidden
    keep: tuple[float, ...] = ()  # or kept, and all else hidden
    fill: str = "black"
    shape: str = "rectangles"
    seed: int = 0

    @property
    def passes(self) -> int:
        """About how many an explanation takes."""
        return len(self.augmentations) + 9 * len(self.mask + self.keep)  # eight in random regions


@dataclass(frozen=True)
class Plan:
    """Images, classifiers, methods and classes, each with each, and how they are shown."""

    images: tuple[Path, ...]
    classifiers: tuple[ClassifierChoice, ...] = (ClassifierChoice(),)
    methods: tuple[MethodCall, ...] = (MethodCall("GRADCAM"),)
    views: tuple[ViewCall, ...] = ()
    targets: Targets = Targets()
    display: Display = field(default_factory=Display)
    evaluation: Evaluation = Evaluation()
    experiments: Experiments = Experiments()
    batch_size: int | None = None  # images in one pass; None: what fits
    fresh: bool = False  # whether what the store holds is set aside
    map_type: str = MAP_TYPES[0]  # of maps in the store
    engine: str = ENGINES[0]
    workers: int = 2  # of the engine ray
    ray_address: str | None = None  # of a cluster; None: one on this machine
    paths: tuple[Path | str, ...] = ()  # as they were given: clips are found where images are not

    @property
    def uses_stored(self) -> bool:
        """Whether explanations are needed that the store has: to be drawn, or experimented with."""
        return self.display.draws or self.experiments.passes > 0

    @property
    def images_at_once(self) -> int:
        """So many are explained before they are stored: one where each takes many passes."""
        rows = [METHODS[call.name] for call in self.methods]
        measuring = sum(METRICS[call.name].passes for call in self.evaluation.metrics)
        if measuring > 10 or any(row.many_passes for row in rows):
            return 1
        return min(self.batch_size or BATCH, max(1, len(self.images)))
