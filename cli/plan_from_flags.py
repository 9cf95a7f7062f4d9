"""From the flags, as they were parsed, to the plan."""

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from cli.checks import check_display, check_flags, check_views
from cli.classifier_choices import classifier_choices
from cli.parts import part_from_flags
from cli.values import each_once, split_names
from evaluation.ground_truth import Viewing
from images import search_images
from methods import BASELINES, METHODS
from pipeline.plan import Display, Evaluation, Experiments, Plan
from pipeline.targets import Targets
from registry import Call, parse_call
from runtime import escaped
from views import VIEWS

DEFAULT_IMAGE = Path(os.path.relpath(Path(__file__).parent.parent)) / "data/african_elephant.jpg"


def plan_from_flags(arguments: Namespace, command: Sequence[str] = ()) -> Plan:
    """The plan that the flags make; `command` is what was typed, for the record.

    Raises ValueError or FileNotFoundError, in one line.
    """
    check_flags(arguments)
    methods, views = _methods_and_views(arguments.explanation_method)
    check_views(arguments, methods, views)
    methods = _with_baselines(methods) if arguments.baselines else methods
    viewing = part_from_flags(Viewing, arguments)
    evaluation = part_from_flags(Evaluation, arguments, viewing=viewing)
    display = part_from_flags(Display, arguments)
    check_display(display, methods, views, evaluation.metrics)
    of_labels = arguments.target is None and not evaluation.metrics
    paths = tuple(arguments.test_image_path or [DEFAULT_IMAGE])
    found = search_images(paths, leave_out=[display.output_dir])
    for remark in found.remarks:
        print(escaped(remark), file=sys.stderr)
    return part_from_flags(
        Plan,
        arguments,
        images=tuple(found.images),
        classifiers=classifier_choices(arguments),
        methods=methods,
        views=views,
        targets=part_from_flags(Targets, arguments, of_labels=of_labels),
        display=display,
        evaluation=evaluation,
        experiments=part_from_flags(Experiments, arguments, seed=evaluation.seed),
        paths=paths,
        command=tuple(command),
    )


def _methods_and_views(text: str) -> tuple[tuple[Call, ...], tuple[Call, ...]]:
    """The methods and the views that are asked for, each once."""
    calls = each_once(parse_call(part, METHODS | VIEWS) for part in split_names(text))
    if not calls:
        raise ValueError(f"--explanation_method: expected some of {', '.join(METHODS | VIEWS)}")
    methods = tuple(call for call in calls if call.name in METHODS)
    return methods, tuple(call for call in calls if call.name in VIEWS)


def _with_baselines(methods: tuple[Call, ...]) -> tuple[Call, ...]:
    """The methods with the baselines behind them; one that is asked for is there as it is asked."""
    asked = {call.name for call in methods}
    return (*methods, *(METHODS[name].call() for name in BASELINES if name not in asked))
