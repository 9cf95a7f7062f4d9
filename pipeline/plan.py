"""What is to be done, in full, before anything is: it can be pickled and sent to a worker."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from classifier import DEFAULT_MODEL, Classifier, load_classifier
from classifier.beforehand import labels_beforehand
from classifier.labels import Labels
from classifier.loading import PRECISIONS
from classifier.names import check_weights
from classifier.network.forward import BATCH
from classifier.preprocessing import check_preprocessing
from evaluation.ground_truth import Viewing
from figures import ANIMATION, FORMATS, WIDTHS
from methods import METHODS
from pipeline.targets import Targets
from registry import Call
from representations import ALPHA, UPSAMPLINGS

DEFAULT_METHOD = "GRADCAM"
DISPLAY_TYPES = ("grid", "singles", "bare")
UPSAMPLED = tuple(UPSAMPLINGS)
CAPTIONS = ("figure", "file")  # where captions stand: under figures, or in figures.tex alone
ENGINES = ("local", "ray")
MAP_TYPES = ("float32", "float16")
SEED = 0  # of all that is drawn at random


@dataclass(frozen=True, kw_only=True)
class ClassifierChoice:
    """How to load one classifier; see `load_classifier` for the fields."""

    model_name: str = DEFAULT_MODEL
    model_path: str | None = None
    class_names: str | None = None
    preprocessing: str | None = None
    task: str | None = None
    trust: bool = False
    weights: str | None = None
    layer: str | None = None
    precision: str = PRECISIONS[0]

    def check(self) -> Labels | None:
        """Its classes, where they can be told before it is loaded.

        Raises ValueError or FileNotFoundError for names that are none, and for missing files.
        """
        check_weights(self.weights)
        if self.preprocessing is not None:
            check_preprocessing(self.preprocessing)
        return labels_beforehand(self.model_name, self.model_path, self.class_names)

    def load(self) -> Classifier:
        return load_classifier(**vars(self))


@dataclass(frozen=True, kw_only=True)
class Display:
    """How explanations are shown."""

    representations: tuple[str, ...] | None = None  # None: as it suits; (): no figures
    kind: str = DISPLAY_TYPES[0]
    colormap: str | None = None  # None: as it suits, a diverging one for signed maps
    alpha: float = ALPHA
    format: str = FORMATS[0]  # or ANIMATION
    output_dir: Path = Path("results")
    upsampling: str = UPSAMPLED[0]  # of maps to their image, as they are drawn
    figure_width: str = "page"  # one of WIDTHS
    caption: str = CAPTIONS[0]
    show_metrics: bool = False  # under the maps
    show: bool = False
    report: bool = False  # whether there is an HTML page of the run

    @property
    def draws(self) -> bool:
        """Whether there are figures, or a page of them."""
        return self.representations != () or self.report

    @property
    def drawing(self) -> dict[str, Any]:
        """How maps are drawn, as `Explanation.represented` takes it."""
        drawn = {"colormap": self.colormap, "alpha": self.alpha}
        return drawn | {"upsampling": self.upsampling}

    @property
    def width(self) -> float:
        """Of a figure, inches, at most."""
        return WIDTHS[self.figure_width]

    @property
    def figure_format(self) -> str:
        """The format of figures, also beside animations."""
        return FORMATS[0] if self.format == ANIMATION else self.format


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """By what explanations are evaluated, and against what."""

    metrics: tuple[Call, ...] = ()
    ground_truth: tuple[str, ...] = ()  # folders and patterns
    viewing: Viewing = field(default_factory=Viewing)
    per_class: int | None = None  # so many images of each class; None: all
    seed: int = SEED  # by which they are drawn


@dataclass(frozen=True, kw_only=True)
class Experiments:
    """What is done to images, to see whether their explanations hold."""

    augmentations: tuple[str, ...] = ()
    mask: tuple[float, ...] = ()  # shares of the image, the most salient, that are hidden
    keep: tuple[float, ...] = ()  # or kept, and all else hidden
    fill: str = "black"
    shape: str = "rectangles"
    seed: int = SEED

    @property
    def passes(self) -> int:
        """About how many an explanation takes."""
        return len(self.augmentations) + 9 * len(self.mask + self.keep)  # eight in random regions


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Images, classifiers, methods and classes, each with each, and how they are shown."""

    images: tuple[Path, ...]
    classifiers: tuple[ClassifierChoice, ...] = (ClassifierChoice(),)
    methods: tuple[Call, ...] = (METHODS[DEFAULT_METHOD].call(),)
    views: tuple[Call, ...] = ()
    targets: Targets = field(default_factory=Targets)
    display: Display = field(default_factory=Display)
    evaluation: Evaluation = field(default_factory=Evaluation)
    experiments: Experiments = field(default_factory=Experiments)
    batch_size: int | None = None  # images in one pass; None: what fits
    fresh: bool = False  # whether what the store holds is set aside
    map_type: str = MAP_TYPES[0]  # of maps in the store
    engine: str = ENGINES[0]
    workers: int = 2  # of the engine ray
    ray_address: str | None = None  # of a cluster; None: one on this machine
    paths: tuple[Path | str, ...] = ()  # as they were given: clips are found where images are not
    command: tuple[str, ...] = field(default=(), compare=False)  # of which it was made, if of one

    @property
    def images_at_once(self) -> int:
        """So many are explained before they are stored: one where each takes many passes."""
        evaluating = sum(call.entry.passes for call in self.evaluation.metrics)
        if evaluating > 10 or any(call.entry.many_passes for call in self.methods):
            return 1
        return min(self.batch_size or BATCH, max(1, len(self.images)))
