"""From the flags, as they were parsed, to the plan."""

from argparse import Namespace
from collections.abc import Sequence

from cli.checks import check_animation, check_flags, check_views
from cli.classifier_choices import classifier_choices
from cli.flags import DEFAULT_IMAGE
from cli.values import (
    check_alpha,
    check_colormap,
    check_names,
    check_positive,
    check_workers,
    read_batch_size,
    read_box,
    read_shares,
    split_names,
)
from evaluation import METRICS
from evaluation.ground_truth import Viewing
from experiments import AUGMENTATIONS
from figures import ANIMATION
from images import find_images
from methods import METHODS
from pipeline.plan import Display, Evaluation, Experiments, Plan
from pipeline.targets import Targets
from registry import Call, parse_call
from representations import REPRESENTATIONS
from runtime import as_path
from views import VIEWS


def plan_from_flags(arguments: Namespace) -> Plan:
    """The plan that the flags make. Raises ValueError or FileNotFoundError, in one line."""
    check_flags(arguments)
    check_workers(arguments.workers)
    methods, views = _calls(arguments.explanation_method)
    evaluation = _evaluation(arguments)
    check_animation(arguments, (*methods, *views))
    check_views(arguments, methods, views)
    paths = tuple(arguments.test_image_path or [DEFAULT_IMAGE])
    return Plan(
        images=tuple(find_images(paths)),
        classifiers=classifier_choices(arguments),
        methods=methods,
        views=views,
        targets=_targets(arguments, evaluation),
        display=_display(arguments, methods, evaluation.metrics),
        evaluation=evaluation,
        experiments=_experiments(arguments),
        batch_size=read_batch_size(arguments.batch_size),
        fresh=arguments.fresh,
        map_type=arguments.map_type,
        engine=arguments.engine,
        workers=arguments.workers,
        ray_address=arguments.ray_address,
        paths=paths,
    )


def _calls(text: str) -> tuple[tuple[Call, ...], tuple[Call, ...]]:
    """The methods and the views that are asked for, each once."""
    parsed = [parse_call(part, METHODS | VIEWS) for part in split_names(text)]
    if not parsed:
        raise ValueError(f"--explanation_method: expected some of {', '.join(METHODS | VIEWS)}")
    calls = _each_once(parsed)
    methods = tuple(call for call in calls if call.name in METHODS)
    return methods, tuple(call for call in calls if call.name in VIEWS)


def _each_once(calls: Sequence[Call]) -> tuple[Call, ...]:
    return tuple({str(call): call for call in calls}.values())


def _targets(arguments: Namespace, evaluation: Evaluation) -> Targets:
    return Targets(
        text=Targets.text if arguments.target is None else arguments.target,
        position=arguments.test_image_index,
        box=read_box(arguments.target_box),
        of_labels=arguments.target is None and not evaluation.metrics,
    )


def _evaluation(arguments: Namespace) -> Evaluation:
    metrics = [parse_call(text, METRICS) for text in split_names(arguments.metrics)]
    if arguments.metrics is not None and not metrics:
        raise ValueError(f"--metrics: expected some of {', '.join(METRICS)}")
    for flag in ("degrees", "pixels_per_degree"):
        check_positive(flag, getattr(arguments, flag))
    return Evaluation(
        metrics=_each_once(metrics),
        ground_truth=tuple(arguments.ground_truth or ()),
        viewing=Viewing(degrees=arguments.degrees, pixels_per_degree=arguments.pixels_per_degree),
        per_class=arguments.per_class,
        seed=arguments.seed,
    )


def _experiments(arguments: Namespace) -> Experiments:
    names = tuple(dict.fromkeys(split_names((arguments.augment or "").lower())))
    if "all" in names:
        names = tuple(AUGMENTATIONS)
    check_names(names, "augmentation", AUGMENTATIONS, "all")
    if arguments.augment is not None and not names:
        raise ValueError(f"--augment: expected some of {', '.join(AUGMENTATIONS)}, or all")
    return Experiments(
        augmentations=names,
        mask=read_shares("mask_salient", arguments.mask_salient),
        keep=read_shares("keep_salient", arguments.keep_salient),
        fill=arguments.fill or Experiments.fill,
        shape=arguments.shape or Experiments.shape,
        seed=arguments.seed,
    )


def _display(arguments: Namespace, methods: Sequence[Call], metrics: Sequence[Call]) -> Display:
    representations = _representations(arguments.representation)
    _check_draws(representations or (), methods, metrics)
    is_bare = arguments.display_type == "bare"
    if is_bare and (arguments.show or arguments.format not in (Display.format, ANIMATION)):
        raise ValueError("--display_type bare writes PNGs; --show and --format are for figures")
    check_alpha(arguments.alpha)
    check_colormap(arguments.colormap)
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


def _representations(text: str | None) -> tuple[str, ...] | None:
    """The names; none of "none", and None where the flag is not given."""
    if text is None:
        return None
    names = tuple(split_names(text))
    if names == ("none",):
        return ()
    check_names(names, "representation", REPRESENTATIONS, "none alone")
    return names


def _check_draws(
    representations: Sequence[str], methods: Sequence[Call], metrics: Sequence[Call]
) -> None:
    """Raises ValueError: some representations are drawn of some methods or metrics only."""
    for name in representations:
        needed = [metric for metric, row in METRICS.items() if name in row.draws]
        if needed and not {call.name for call in metrics}.intersection(needed):
            raise ValueError(f"--representation {name} goes with --metrics {' or '.join(needed)}")
        drawing = [method for method, row in METHODS.items() if name in row.draws]
        for call in methods:
            if drawing and call.name not in drawing:
                raise ValueError(
                    f"--representation {name} goes with {', '.join(drawing)}, not with {call.name}"
                )
