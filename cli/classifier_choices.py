"""Which classifiers the flags ask for."""

from argparse import Namespace

from classifier import DEFAULT_MODEL
from classifier.names import canonical, embedded_names
from cli.checks import check_flags, check_page
from cli.parts import part_from_flags
from cli.values import split_names
from pipeline.plan import ClassifierChoice


def classifier_choices(arguments: Namespace) -> tuple[ClassifierChoice, ...]:
    """The classifiers of a run, each once. Raises ValueError for flags that do not fit them."""
    names = split_names(arguments.model_name)
    if arguments.model_path is None:
        return _by_name(arguments, names or [DEFAULT_MODEL])
    if names:
        raise ValueError("--model_name and --model_path both name the classifier; give one")
    if arguments.weights is not None:
        raise ValueError("--weights goes with --model_name; a model file holds its weights")
    return (part_from_flags(ClassifierChoice, arguments),)


def page_classifiers(arguments: Namespace) -> tuple[ClassifierChoice, ...]:
    """The classifiers of the page: those asked for, a model file beside the embedded ones.

    Raises ValueError as `plan_from_flags` does, and for a flag that the page has no use for.
    """
    check_page(arguments)
    check_flags(arguments)
    choices = classifier_choices(arguments)
    if arguments.model_name is not None or arguments.weights or arguments.layer:
        return choices
    names = embedded_names()
    added = (ClassifierChoice(model_name=name, precision=arguments.precision) for name in names)
    return tuple(dict.fromkeys((*choices, *added)))


def _by_name(arguments: Namespace, names: list[str]) -> tuple[ClassifierChoice, ...]:
    names = list({canonical(name): name for name in names}.values())
    if len(names) > 1 and (arguments.layer or arguments.weights):
        raise ValueError(f"--layer and --weights go with one classifier, not {len(names)}")
    return tuple(part_from_flags(ClassifierChoice, arguments, model_name=name) for name in names)
