"""Which classes are explained: what `--target` and its kin say, read for a classifier."""

from dataclasses import dataclass
from typing import NamedTuple

from classifier import Classifier
from classifier.labels import Labels, best_indices

PREDICTED = "predicted"
LABELS = 5  # of a multi-label classifier, where no class is asked for

Side = int | str  # a class's index, or `predicted` or `top3`, where the image decides


class TargetPart(NamedTuple):
    """A part of `--target`: a class, or one against another ("A:B"), or against it ("-B")."""

    plus: Side | None
    minus: Side | None = None

    def indices(self, classifier: Classifier, scores) -> list[int]:
        """The classes and contrasts that it stands for, for an image with these scores (K,)."""
        if self.minus is None:
            return _side_indices(self.plus, scores)
        minus = _side_indices(self.minus, scores)[0]
        plus = None if self.plus is None else _side_indices(self.plus, scores)[0]
        return [] if plus == minus else [classifier.contrast(plus, minus)]

    @property
    def needs_image(self) -> bool:
        """Whether an image decides which class it is."""
        return isinstance(self.plus, str) or isinstance(self.minus, str)


@dataclass(frozen=True, kw_only=True)
class Targets:
    """What to explain: `--target`'s text, `--test_image_index`'s position or `--target_box`.

    With `of_labels`, of a multi-label classifier its five best labels in the place of the text, and
    of a regression its five largest outputs: no one of them is what it predicts.
    """

    text: str = PREDICTED
    position: int | None = None
    box: int | tuple[float, ...] | None = None  # a detection's number, or x, y, w, h of an image
    of_labels: bool = False

    @property
    def description(self) -> str:
        """What was asked for, whatever the classifier: for names of files and for records."""
        if self.box is not None:
            return f"box {self.box if isinstance(self.box, int) else list(self.box)}"
        return self.text if self.position is None else f"test_image_index {self.position}"

    def description_for(self, classifier: Classifier) -> str:
        """What is explained of this classifier, as the store keeps it: `top5` for `of_labels`."""
        has_text = self.position is None and self.box is None
        return self._text_for(classifier) if has_text else self.description

    def parts(self, classifier: Classifier) -> list[TargetPart]:
        """What the text stands for. Raises ValueError for a class that the classifier has not."""
        if self.box is not None and not classifier.detects:
            raise ValueError(
                f"--target_box is for detectors, and {classifier.name} finds no boxes; give "
                "--model_path module:function, a function images -> boxes, scores"
            )
        if self.position is not None:
            return [TargetPart(classifier.labels.lab_index(self.position))]
        return _parse(self._text_for(classifier), classifier.labels)

    def check(self, labels: Labels) -> None:
        """Raises ValueError for a class that is not among these, before there is a classifier."""
        if self.position is not None:
            labels.lab_index(self.position)
        elif self.box is None:
            _parse(self.text, labels)

    def most(self, classifier: Classifier) -> int:
        """How many classes one image has at most. Raises as `parts` does."""
        if self.box is not None:
            return 1
        return sum(_top_count(str(part.plus)) or 1 for part in self.parts(classifier))

    def indices(self, classifier: Classifier, scores) -> list[int]:
        """The classes for one image with these scores (K,), each once.

        None where the predicted class is the one that it is held against. Raises as `parts` does.
        """
        indices = [part.indices(classifier, scores) for part in self.parts(classifier)]
        return list(dict.fromkeys(index for of_part in indices for index in of_part))

    def fixed_indices(self, classifier: Classifier) -> list[int]:
        """The classes that no image decides, each once. Raises as `parts` does."""
        fixed = [part for part in self.parts(classifier) if not part.needs_image]
        indices = [part.indices(classifier, None) for part in fixed]
        return list(dict.fromkeys(index for of_part in indices for index in of_part))

    def _text_for(self, classifier: Classifier) -> str:
        has_many_answers = classifier.multi_label or classifier.task == "regression"
        if self.of_labels and has_many_answers:
            return f"top{min(LABELS, len(classifier.labels))}"
        return self.text


def _parse(text: str, labels: Labels) -> list[TargetPart]:
    """The parts between the commas of `--target`."""
    texts = labels.split(text)
    if not texts:
        raise ValueError(f"target '{text}': expected a class, 'predicted' or 'top3'")
    return [_parse_part(part, labels) for part in texts]


def _parse_part(text: str, labels: Labels) -> TargetPart:
    """The class of that name, also where a ":" or "-" is part of it; else the contrast."""
    try:
        return TargetPart(_parse_side(text, labels))
    except ValueError:
        if text.startswith("-"):
            return TargetPart(None, _parse_single(text[1:], labels))
        _, colon, minus = text.removeprefix("index:").partition(":")
        if not colon:
            raise
        plus = text.removesuffix(f":{minus}")  # "index:1" of "index:1:ant"
        part = TargetPart(_parse_single(plus, labels), _parse_single(minus, labels))
        if part.plus == part.minus:
            raise ValueError(f"target '{text}': a class against itself") from None
        return part


def _parse_side(text: str, labels: Labels) -> Side:
    count = _top_count(text)
    if count is None:
        return labels.index(text)
    if not 1 <= count <= len(labels):
        raise ValueError(f"target '{text}': top1 to top{len(labels)} will do")
    return text


def _parse_single(text: str, labels: Labels) -> Side:
    """One class: of several, as `top3`, none is the one that is meant."""
    if (_top_count(text) or 1) > 1:
        raise ValueError(f"target '{text}': expected one class on each side")
    return _parse_side(text, labels)


def _side_indices(side: Side, scores) -> list[int]:
    return best_indices(scores, _top_count(side)) if isinstance(side, str) else [side]


def _top_count(text: str) -> int | None:
    """How many classes `predicted` or `top3` stands for; None for anything else."""
    if text.lower() == PREDICTED:
        return 1
    digits = text.lower().removeprefix("top")
    return int(digits) if digits != text.lower() and digits.isdigit() else None
