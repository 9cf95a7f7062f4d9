"""The command line's flags, and the plan that they make. Nothing heavy is imported here."""

import argparse
import os
import re
from pathlib import Path
from typing import NoReturn

from classifier import DEFAULT_MODEL
from classifier.applications import applications, canonical
from classifier.loading import PRECISIONS
from evaluation import METRICS
from evaluation.fixations import DEGREES, PIXELS_PER_DEGREE
from evaluation.ground_truth import Viewing
from experiments import AUGMENTATIONS
from experiments.masking import FILLS, GRIDS
from figures import ANIMATION, FORMATS
from images import find_images
from methods import METHODS
from pipeline.plan import (
    ENGINES,
    MAP_TYPES,
    ClassifierChoice,
    Display,
    Evaluation,
    Experiments,
    Plan,
    Targets,
)
from registry import Call, parse_call, suggest
from runtime import as_path
from views import VIEWS

DEFAULT_IMAGE = Path(os.path.relpath(Path(__file__).parent.parent)) / "data/african_elephant.jpg"
OF_MAPS = (
    "metrics",
    "representation",
    "fresh",
    "report",
    "augment",
    "mask_salient",
    "keep_salient",
)
OF_PAGE = (  # the others are chosen on it
    "web",
    "web_address",
    "model_name",
    "model_path",
    "class_names",
    "preprocessing",
    "weights",
    "layer",
    "precision",
    "debug",
)


class Parser(argparse.ArgumentParser):
    """Errors are one line, with the nearest flag for a mistyped one."""

    def error(self, message: str) -> NoReturn:
        unknown = re.search(r"unrecognized arguments: (--[^\s=]*)", message)
        if unknown:
            flags = [flag for action in self._actions for flag in action.option_strings]
            message = f"no flag '{unknown[1]}'{suggest(unknown[1], flags)}"
        self.exit(2, f"{self.prog}: {message}\n")


def make_parser() -> Parser:
    """The parser of all flags."""
    from representations import ALPHA, REPRESENTATIONS

    parser = Parser(
        prog="main.py",
        description="Explains what an image classifier looked at.",
        allow_abbrev=False,
        add_help=False,
    )
    add = parser.add_argument_group("what is explained").add_argument
    add(
        "--test_image_path",
        nargs="+",
        action="extend",
        metavar="PATH",
        help="images, folders of them, or .txt lists of them (default: an African elephant); "
        "for a classifier of clips: videos, GIFs and folders of frames",
    )
    add(
        "--target",
        metavar="CLASS[,CLASS]",
        help="name, WordNet id, index, index:386, predicted or top3; A:B for why A and not B, "
        "--target=-A for what speaks against A (default: predicted)",
    )
    add(
        "--test_image_index",
        type=int,
        metavar="N",
        help="0 African elephant, 1 American black bear; for other classifiers than ImageNet's "
        "the position in the class names",
    )
    add(
        "--target_box",
        metavar="BOX",
        help="of a detector: x,y,w,h in pixels of the image, or n for its n-th detection, from 0",
    )
    add(
        "--explanation_method",
        default="GRADCAM",
        metavar="NAME[,NAME]",
        help=f"{', '.join(METHODS)}; or what is inside the classifier: {', '.join(VIEWS)}; "
        "options go with the name: GRADCAM:relu=channels "
        "(default: %(default)s)",
    )
    add = parser.add_argument_group("by which classifier").add_argument
    add(
        "--model_name",
        metavar="NAME[,NAME]",
        help=f"an embedded classifier or a model of keras.applications (default: {DEFAULT_MODEL})",
    )
    add(
        "--model_path",
        metavar="FILE",
        help=".keras, .h5, a SavedModel folder, or module:function, which runs your own code",
    )
    add(
        "--class_names",
        metavar="FILE",
        help="names of the classes of --model_path: a file, imagenet or coco",
    )
    add(
        "--preprocessing",
        metavar="NAME",
        help="of --model_path: none, tf, caffe, torch or the name of an application",
    )
    add("--weights", metavar="FILE", help="of --model_name: a Keras weights file, or random")
    add(
        "--layer",
        metavar="NAME[,NAME]",
        help="the target layer, for one classifier; of several the maps are averaged",
    )
    add(
        "--precision",
        choices=PRECISIONS,
        default=PRECISIONS[0],
        help="of the many passes of methods that hide parts (default: %(default)s)",
    )
    add("--list_layers", action="store_true", help="print the classifier's layers and stop")
    add = parser.add_argument_group("how it is shown").add_argument
    add(
        "--display_type",
        choices=("grid", "singles", "bare"),
        default="grid",
        help="one figure for all, one for each, or bare PNGs of the image's size "
        "(default: %(default)s)",
    )
    add(
        "--representation",
        metavar="NAME[,NAME]",
        help=f"{', '.join(REPRESENTATIONS)}, or none (default: heatmap,overlay, or overlay where "
        "methods or classifiers are compared)",
    )
    add(
        "--colormap",
        metavar="NAME",
        help="of matplotlib (default: turbo, for maps with a sign RdBu_r)",
    )
    add(
        "--alpha",
        type=float,
        default=ALPHA,
        metavar="X",
        help="weight of the heatmap in the overlay, 0 to 1 (default: %(default)s)",
    )
    add(
        "--format",
        choices=(*FORMATS, ANIMATION),
        default=FORMATS[0],
        help=f"of figures; {ANIMATION}: also the ascent of a view (default: %(default)s)",
    )
    add(
        "--output_dir",
        default="results",
        metavar="FOLDER",
        help="where figures and records go (default: %(default)s)",
    )
    add("--show", action="store_true", help="also open a window")
    add("--report", action="store_true", help="also write report.html, a page of the whole run")
    add = parser.add_argument_group("many images").add_argument
    add(
        "--batch_size",
        default="auto",
        metavar="N",
        help="images in one pass; auto: 32, fewer where memory does not suffice",
    )
    add(
        "--engine",
        choices=ENGINES,
        default=ENGINES[0],
        help="this process, or workers on Ray (default: %(default)s)",
    )
    add("--workers", type=int, default=2, metavar="N", help="of Ray (default: %(default)s)")
    add(
        "--ray_address",
        metavar="ADDRESS",
        help="of a Ray cluster, ray://host:10001 or auto (default: Ray on this machine)",
    )
    add(
        "--map_type",
        choices=MAP_TYPES,
        default=MAP_TYPES[0],
        help="of maps in the store; float16 takes half the room and is within 0.001 of the map's "
        "largest value (default: %(default)s)",
    )
    add(
        "--fresh",
        action="store_true",
        help="set what the output folder's store holds aside, instead of going on with it",
    )
    _add_evaluation(parser.add_argument_group("how well it explains").add_argument)
    _add_experiments(parser.add_argument_group("whether it holds").add_argument)
    add = parser.add_argument_group("as a page").add_argument
    add("--web", action="store_true", help="serve a page for a browser (requirements-web.txt)")
    add(
        "--web_address",
        metavar="HOST[:PORT]",
        help="where; others than this machine need a password, in the environment variable "
        "EXPLAINER_PASSWORD (default: 127.0.0.1:7860)",
    )
    add = parser.add_argument_group("help").add_argument
    add(
        "-h",
        "--help",
        nargs="?",
        const="",
        metavar="NAME",
        help="this, or the options of a method, view or metric",
    )
    add("--debug", action="store_true", help="show where an error came from")
    return parser


def _add_evaluation(add) -> None:
    """The flags of metrics and of what they compare with."""
    add(
        "--metrics",
        metavar="NAME[,NAME]",
        help=f"{', '.join(METRICS)}; options go with the name: DELETION:step=448",
    )
    add(
        "--ground_truth",
        nargs="+",
        action="extend",
        metavar="PLACE",
        help="folders with a gaze map, fixation list or object mask for each image, by the same "
        "name; or patterns like maps/{stem}_gaze.png",
    )
    add(
        "--degrees",
        type=float,
        default=DEGREES,
        metavar="X",
        help="of visual angle: sigma of the Gaussian at each fixation (default: %(default)s)",
    )
    add(
        "--pixels_per_degree",
        type=float,
        default=PIXELS_PER_DEGREE,
        metavar="X",
        help="of the images when people looked at them (default: %(default)s)",
    )
    add(
        "--per_class",
        type=int,
        metavar="N",
        help="only so many images of each class, drawn by --seed; a class is a folder",
    )
    add(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="of --per_class, --augment and random masks (default: %(default)s)",
    )


def _add_experiments(add) -> None:
    """The flags of what is done to images to see whether their explanations hold."""
    add(
        "--augment",
        metavar="NAME[,NAME]",
        help=f"explain changed images beside the original: {', '.join(AUGMENTATIONS)}, or all",
    )
    add(
        "--mask_salient",
        metavar="X[,X]",
        help="hide that share of each image, the most salient, and ask again: 0.1,0.2,0.5",
    )
    add(
        "--keep_salient",
        metavar="X[,X]",
        help="hide all but that share of each image, the most salient, and ask again",
    )
    add("--fill", choices=tuple(FILLS), help=f"what hides (default: {Experiments.fill})")
    add(
        "--shape",
        choices=tuple(GRIDS),
        help=f"of what is hidden: cells of a grid, or single pixels (default: {Experiments.shape})",
    )


def entry_help(name: str) -> str:
    """What a method, view or metric does, and its options with their defaults.

    Raises ValueError for none of them.
    """
    table = METRICS if name.split(":")[0].upper() in METRICS else METHODS | VIEWS
    entry = parse_call(name, table).entry
    lines = [f"{entry.name}  {entry.summary}"]
    for option in entry.options.values():
        lines.append(f"  {option.name}={option.default}  {option.help}{option.choices}")
    lines += [f"  preset={name}  {settings}" for name, settings in entry.presets.items()]
    return "\n".join(lines)


def make_plan(arguments: argparse.Namespace) -> Plan:
    """The plan that the flags make. Raises ValueError or FileNotFoundError, in one line."""
    if arguments.web_address is not None:
        raise ValueError("--web_address goes with --web")
    if arguments.target is not None and arguments.test_image_index is not None:
        raise ValueError("--target and --test_image_index both name the class; give one")
    others = arguments.target is not None or arguments.test_image_index is not None
    if arguments.target_box is not None and others:
        raise ValueError("--target_box says what is explained; a class goes without it")
    methods, views = _explanations(arguments.explanation_method)
    evaluation, experiments = _evaluation(arguments), _experiments(arguments)
    if arguments.target_box is not None and experiments.passes:
        raise ValueError("--augment and the like are for classes, not for --target_box")
    _check_views(arguments, methods, views)
    return Plan(
        images=tuple(find_images(arguments.test_image_path or [DEFAULT_IMAGE])),
        classifiers=_classifiers(arguments),
        methods=methods,
        views=views,
        targets=Targets(
            text=Targets.text if arguments.target is None else arguments.target,
            position=arguments.test_image_index,
            box=_box(arguments.target_box),
            of_labels=arguments.target is None and not evaluation.metrics,
        ),
        display=_display(arguments, methods, evaluation.metrics),
        evaluation=evaluation,
        experiments=experiments,
        batch_size=_batch_size(arguments.batch_size),
        fresh=arguments.fresh,
        map_type=arguments.map_type,
        engine=arguments.engine,
        workers=_workers(arguments.workers),
        ray_address=arguments.ray_address,
        paths=tuple(arguments.test_image_path or [DEFAULT_IMAGE]),
    )


def _explanations(text: str) -> tuple[tuple[Call, ...], tuple[Call, ...]]:
    """The methods and the views that are asked for, each once."""
    parsed = [parse_call(part, METHODS | VIEWS) for part in _parts(text)]
    if not parsed:
        raise ValueError(f"--explanation_method: expected some of {', '.join(METHODS | VIEWS)}")
    calls = {str(call): call for call in parsed}.values()
    methods = tuple(call for call in calls if call.name in METHODS)
    return methods, tuple(call for call in calls if call.name in VIEWS)


def _check_views(arguments, methods, views) -> None:
    """Views are images: what is done with maps cannot be done with them alone."""
    if arguments.format == ANIMATION:
        ascending = [name for name, view in VIEWS.items() if view.ascends]
        still = [call.name for call in (*methods, *views) if call.name not in ascending]
        if still:
            raise ValueError(
                f"--format {ANIMATION} goes with {', '.join(ascending)}, not with {still[0]}"
            )
    for flag in (*OF_MAPS, "engine") if not methods else ():
        if getattr(arguments, flag) not in (None, False, ENGINES[0]):
            raise ValueError(
                f"--{flag} goes with methods, and {views[0].name} gives no map but an image; add "
                "a method, such as GRADCAM, to --explanation_method"
            )


def _experiments(arguments) -> Experiments:
    names = tuple(dict.fromkeys(_parts((arguments.augment or "").lower())))
    if "all" in names:
        names = tuple(AUGMENTATIONS)
    for name in names:
        if name not in AUGMENTATIONS:
            known = ", ".join(AUGMENTATIONS)
            raise ValueError(
                f"no augmentation '{name}'{suggest(name, AUGMENTATIONS)} (there are {known}, or "
                "all)"
            )
    if arguments.augment is not None and not names:
        raise ValueError(f"--augment: expected some of {', '.join(AUGMENTATIONS)}, or all")
    mask, keep = (_fractions(arguments, f"{way}_salient") for way in ("mask", "keep"))
    for flag in ("fill", "shape"):
        if getattr(arguments, flag) is not None and not mask + keep:
            raise ValueError(f"--{flag} goes with --mask_salient or --keep_salient")
    return Experiments(
        augmentations=names,
        mask=mask,
        keep=keep,
        fill=arguments.fill or Experiments.fill,
        shape=arguments.shape or Experiments.shape,
        seed=arguments.seed,
    )


def _fractions(arguments, flag: str) -> tuple[float, ...]:
    """The shares of an image that a flag asks for, each once."""
    text = getattr(arguments, flag)
    try:
        fractions = tuple(dict.fromkeys(float(part) for part in _parts(text or "")))
        if text is None or (fractions and all(0 < one < 1 for one in fractions)):
            return fractions
    except ValueError:
        pass
    raise ValueError(f"--{flag} is a share between 0 and 1, or several with commas, got '{text}'")


def _box(text: str | None) -> int | tuple[float, ...] | None:
    """A detection's number, or x, y, w, h."""
    if text is None:
        return None
    if text.strip().isdigit():
        return int(text)
    try:
        box = tuple(float(part) for part in text.split(","))
    except ValueError:
        box = ()
    if len(box) != 4 or not all(0 <= side < float("inf") for side in box) or 0 in box[2:]:
        raise ValueError(f"--target_box: expected x,y,w,h in pixels or a number, got '{text}'")
    return box


def _workers(count: int) -> int:
    if count < 1:
        raise ValueError(f"--workers is at least 1, got {count}")
    return count


def _batch_size(text: str) -> int | None:
    if text.lower() == "auto":
        return None
    if not text.isdigit() or int(text) < 1:
        raise ValueError(f"--batch_size is auto or a whole number from 1 on, got '{text}'")
    return int(text)


def _evaluation(arguments) -> Evaluation:
    metrics = [parse_call(text, METRICS) for text in _parts(arguments.metrics or "")]
    if arguments.metrics is not None and not metrics:
        raise ValueError(f"--metrics: expected some of {', '.join(METRICS)}")
    if arguments.ground_truth and not metrics:
        raise ValueError("--ground_truth goes with --metrics; say which")
    for flag in ("degrees", "pixels_per_degree"):
        if not 0 < getattr(arguments, flag) < float("inf"):
            raise ValueError(f"--{flag} is above 0, got {getattr(arguments, flag)}")
    return Evaluation(
        metrics=tuple({str(metric): metric for metric in metrics}.values()),
        ground_truth=tuple(arguments.ground_truth or ()),
        viewing=Viewing(degrees=arguments.degrees, pixels_per_degree=arguments.pixels_per_degree),
        per_class=arguments.per_class,
        seed=arguments.seed,
    )


def _classifiers(arguments) -> tuple[ClassifierChoice, ...]:
    names = _parts(arguments.model_name or "")
    if arguments.model_path is None:
        for flag in ("class_names", "preprocessing"):
            if getattr(arguments, flag) is not None:
                raise ValueError(
                    f"--{flag} goes with --model_path; a classifier by name has its own"
                )
        names = list({canonical(name): name for name in names or [DEFAULT_MODEL]}.values())
        if len(names) > 1 and (arguments.layer or arguments.weights):
            raise ValueError(f"--layer and --weights go with one classifier, not {len(names)}")
        return tuple(
            ClassifierChoice(
                model_name=name,
                weights=arguments.weights,
                layer=arguments.layer,
                precision=arguments.precision,
            )
            for name in names
        )
    if names:
        raise ValueError("--model_name and --model_path both name the classifier; give one")
    if arguments.weights is not None:
        raise ValueError("--weights goes with --model_name; a model file has its own")
    return (
        ClassifierChoice(
            model_path=arguments.model_path,
            class_names=arguments.class_names,
            preprocessing=arguments.preprocessing,
            layer=arguments.layer,
            precision=arguments.precision,
        ),
    )


def page_classifiers(arguments) -> tuple[ClassifierChoice, ...]:
    """The classifiers of the page: those asked for, an own model beside the embedded ones.

    Raises ValueError as `make_plan` does, and for a flag that the page has no use for.
    """
    for flag, default in vars(make_parser().parse_args([])).items():
        if flag not in OF_PAGE and getattr(arguments, flag) != default:
            raise ValueError(f"--{flag} does not go with --web")
    asked = _classifiers(arguments)
    if arguments.model_name is not None or arguments.weights or arguments.layer:
        return asked
    embedded = [name for name, found in applications().items() if found.embedded]
    added = tuple(
        ClassifierChoice(model_name=name, precision=arguments.precision) for name in embedded
    )
    return tuple(dict.fromkeys((*asked, *added)))


def _check_draws(representations, methods, metrics) -> None:
    """Some representations are drawn of some methods only, some go with some metrics."""
    for name in representations:
        needed = [metric for metric, row in METRICS.items() if name in row.draws]
        if needed and not {call.name for call in metrics} & set(needed):
            raise ValueError(f"--representation {name} goes with --metrics {' or '.join(needed)}")
        drawing = [method for method, row in METHODS.items() if name in row.draws]
        for call in methods:
            if drawing and call.name not in drawing:
                raise ValueError(
                    f"--representation {name} goes with {', '.join(drawing)}, not with {call.name}"
                )


def _display(arguments, methods, metrics) -> Display:
    from representations import REPRESENTATIONS

    representations = None
    if arguments.representation is not None:
        representations = tuple(_parts(arguments.representation))
        for name in representations:
            if name not in REPRESENTATIONS and representations != ("none",):
                known = ", ".join(REPRESENTATIONS)
                raise ValueError(
                    f"no representation '{name}'{suggest(name, REPRESENTATIONS)} (there are "
                    f"{known}, or none alone)"
                )
        representations = () if representations == ("none",) else representations
        _check_draws(representations, methods, metrics)
    if arguments.display_type == "bare" and (arguments.show or arguments.format in FORMATS[1:]):
        raise ValueError("--display_type bare writes PNGs; --show and --format are for figures")
    if not 0 <= arguments.alpha <= 1:
        raise ValueError(f"--alpha is between 0 and 1, got {arguments.alpha}")
    if arguments.colormap is not None:
        _check_colormap(arguments.colormap)
    return Display(
        representations=representations,
        kind=arguments.display_type,
        colormap=arguments.colormap,
        alpha=arguments.alpha,
        format=arguments.format,
        output_dir=as_path(arguments.output_dir),
        show=arguments.show,
        report=arguments.report,
    )


def _check_colormap(name: str) -> None:
    import matplotlib

    if name not in matplotlib.colormaps:
        raise ValueError(f"no colormap '{name}'{suggest(name, matplotlib.colormaps)}")


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
