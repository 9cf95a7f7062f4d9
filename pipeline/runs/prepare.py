"""A plan's classifiers, loaded and held against what is asked of them, before any image is read."""

from classifier import Classifier
from pipeline.plan import Plan
from representations import REPRESENTATIONS
from runtime import working


def prepared(plan: Plan) -> list[Classifier]:
    """The plan's classifiers, loaded and ready for it. Raises ValueError where they do not fit."""
    classifiers = []
    for choice in plan.classifiers:
        with working(f"loading {choice.model_path or choice.model_name}"):
            classifiers.append(choice.load())
    for classifier in classifiers:
        plan.targets.parts(classifier)
        for view in plan.views:
            view.entry.check(classifier, view.given)
        classifier.expect(_passes(plan))
        if plan.batch_size is not None:
            classifier.limit_batch(plan.batch_size)
    _check_methods(plan, classifiers)
    if any(classifier.frames for classifier in classifiers):
        _check_clips(plan, classifiers)
    return classifiers


def _check_methods(plan: Plan, classifiers: list[Classifier]) -> None:
    """Raises ValueError where no method fits any classifier; else some are left out, and said.

    Baselines fit all, and are there for the others: without these they do not make a run.
    """
    methods = [method for method in plan.methods if not method.entry.is_baseline]
    reasons = []
    for classifier in classifiers:
        for method in methods:
            try:
                method.entry.check(classifier, method.given)
            except ValueError as error:
                reasons.append(error)
    if reasons and len(reasons) == len(classifiers) * len(methods) and not plan.views:
        raise reasons[0]


def _passes(plan: Plan) -> int:
    """About how many passes a plan takes, beside those that methods expect themselves."""
    evaluating = sum(call.entry.passes for call in plan.evaluation.metrics)
    changes = plan.experiments.passes
    return len(plan.images) * (1 + len(plan.methods) * (1 + evaluating + changes))


def _check_clips(plan: Plan, classifiers: list[Classifier]) -> None:
    """Raises ValueError for what cannot be asked where a classifier takes clips."""
    frames = {classifier.name: classifier.frames for classifier in classifiers}
    if len(set(frames.values())) > 1:
        takes = ", ".join(f"{name} {count or 'images'}" for name, count in frames.items())
        raise ValueError(f"classifiers side by side take clips of as many frames; here: {takes}")
    name = classifiers[0].name
    of_clips = [known for known, drawn in REPRESENTATIONS.items() if drawn.of_clips]
    for representation in plan.display.representations or ():
        if not REPRESENTATIONS[representation].of_clips:
            drawn = ", ".join(of_clips)
            raise ValueError(f"clips are drawn as {drawn}; not as {representation}")
    for call in plan.evaluation.metrics:
        if call.entry.truths:
            raise ValueError(
                f"{call.name} compares with ground truth of images; {name} takes clips"
            )
    if plan.experiments.passes:
        raise ValueError(f"--augment and the like change images, and {name} takes clips")
