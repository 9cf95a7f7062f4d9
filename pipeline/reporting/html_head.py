"""The head of the report page: what was run, in the words of who ran it."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.plan import Experiments, Plan
from pipeline.targets import PREDICTED

MOST_NAMED = 4  # classifiers in the title
SHOWN_VERSIONS = {"toolkit": "toolkit", "tensorflow": "TensorFlow", "keras": "Keras"}


class Fact(NamedTuple):
    """What was run, and which."""

    name: str
    values: Sequence[str]


def page_title(record: Mapping[str, Any], is_of_maps: bool) -> str:
    """What the page is about, in a line."""
    names = [classifier["name"] for classifier in record["classifiers"]]
    more = len(names) - MOST_NAMED
    named = [*names[:MOST_NAMED], f"{more} more"] if more > 0 else names
    joined = " and ".join(filter(None, [", ".join(named[:-1]), named[-1]]))
    return f"What {joined} looked at" if is_of_maps else f"Inside {joined}"


def facts(plan: Plan, record: Mapping[str, Any], noun: str) -> list[Fact]:
    """Everything that a run was asked to do, those parts that it was asked for."""
    evaluation = plan.evaluation
    of_classes = plan.methods or any(call.entry.takes == "class" for call in plan.views)
    classifiers = [_classifier(classifier) for classifier in record["classifiers"]]
    found = [
        Fact(noun, [_of_images(plan)] if plan.images else []),
        Fact("Classifiers" if len(classifiers) > 1 else "Classifier", classifiers),
        Fact("Methods", [call.title for call in plan.methods]),
        Fact("Views", [call.title for call in plan.views]),
        Fact("Class", [_target(plan)] if of_classes else []),
        Fact("Metrics", [call.title for call in evaluation.metrics]),
        Fact("Ground truth", [str(place) for place in evaluation.ground_truth]),
        Fact("Experiments", _experiments(plan.experiments)),
        Fact("Command", [shlex.join(plan.command)] if plan.command else []),
        Fact("Made by", [_versions(record["versions"])]),
    ]
    return [fact for fact in found if fact.values]


def _of_images(plan: Plan) -> str:
    """How many images, and where they are from."""
    if len(plan.images) == 1:
        return str(plan.images[0])
    places = ", ".join(map(str, plan.paths))
    return f"{len(plan.images):,}" + (f" in {places}" if places else "")


def _classifier(record: Mapping[str, Any]) -> str:
    size = " x ".join(map(str, record["input_size"]))
    parts = [f"{record['name']}, {size} pixels"]
    parts += [f"layer {record['layer']}"] if record["layer"] else []
    parts += [record["precision"]] if record["precision"] != "float32" else []
    return ", ".join(parts)


def _target(plan: Plan) -> str:
    asked = plan.targets.description
    return "the predicted one of each image" if asked == PREDICTED else asked


def _experiments(experiments: Experiments) -> list[str]:
    """What is done to the images."""
    lines = []
    if experiments.augmentations:
        names = ", ".join(name.replace("_", " ") for name in experiments.augmentations)
        lines.append(f"changed: {names}")
    for name, shares in (("hidden", experiments.mask), ("kept", experiments.keep)):
        if shares:
            listed = ", ".join(f"{share:.0%}" for share in shares)
            lines.append(f"most salient {listed} {name} ({experiments.shape}, {experiments.fill})")
    return lines


def _versions(versions: Mapping[str, str]) -> str:
    return ", ".join(
        f"{title} {versions[name]}" for name, title in SHOWN_VERSIONS.items() if name in versions
    )
