"""Explanations of an image that is changed, one change after the other, until time is up."""

from collections.abc import Callable, Sequence

from classifier import Classifier
from images import ImageError
from pipeline.explaining.changes import Change, explain_again
from pipeline.explaining.explanation import Explanation
from pipeline.targets import Targets
from web.answers import ChangesAnswer, StoppedError
from web.limits import MOST_MAPS


def check_changes(
    explanations: Sequence[Explanation], targets: Targets, changes: Sequence[Change]
) -> None:
    """Raises ValueError for what cannot be changed, and for too many changes, or none."""
    if explanations[0].is_clip:
        raise ValueError("experiments change images, and this is a clip")
    if targets.box is not None:
        raise ValueError("experiments are for classes, and not for a box: choose a class first")
    if not changes:
        raise ValueError("choose at least one change")
    check_count(len(explanations) * len(changes))


def check_count(maps: int) -> None:
    """Raises ValueError for more maps than a page makes at once."""
    if maps > MOST_MAPS:
        raise ValueError(f"{maps} maps are asked for; the page makes {MOST_MAPS} at once")


def changed_answer(
    explanations: Sequence[Explanation],
    changes: Sequence[Change],
    classifier: Classifier,
    is_over: Callable[[int, int], bool],
) -> ChangesAnswer:
    """The explanations after each change, until it is over. Raises StoppedError for none."""
    todo = [(explanation, change) for explanation in explanations for change in changes]
    changed, failures, left_out = [], [], []
    for number, (explanation, change) in enumerate(todo):
        try:
            if is_over(number, len(todo)):
                raise KeyboardInterrupt
            changed.append(explain_again(classifier, explanation, change))
        except ImageError as error:
            failures.append(f"{change.name.replace('_', ' ')}: {unnamed(str(error))}")
        except KeyboardInterrupt:
            left_out = [change.name.replace("_", " ") for _, change in todo[number:]]
            break
    if left_out and not changed and not failures:
        raise StoppedError("stopped before the image was changed")
    return ChangesAnswer(changed, tuple(dict.fromkeys(failures)), tuple(dict.fromkeys(left_out)))


def unnamed(reason: str) -> str:
    """Why an image failed, in words for who sent it: it has no name here."""
    return reason.replace("image 'None'", "this image", 1)
