"""The same runner on Ray: workers with classifiers of their own, one store, the same resume.

Needs requirements-distributed.txt. Every worker writes its own parts; what a killed worker had not
written is given to another.
"""

import json
import logging
import math
import os
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from classifier import Classifier
from pipeline.dataset.ground_truth import GroundTruthIndex
from pipeline.dataset.runner import Outcome, Runner
from pipeline.plan import Plan
from runtime import Bar, as_path, counted
from runtime.start_up import quiet_settings, start_tensorflow

IMAGES_AT_ONCE = 64  # that a worker takes, and whose rows it then writes
CONNECTION_SECONDS = 5
ROOT = Path(__file__).parents[2]

Prepare = Callable[[Plan], list[Classifier]]


class Item(NamedTuple):
    """A subject for a worker: an image, or a classifier's number with or without a class."""

    image: str = ""
    classifier: int = -1
    class_index: int = -1


class Worker:
    """Answers for subjects with classifiers of its own, and stores what it finds."""

    def __init__(self, plan: Plan, folder: str, prepare: Prepare):
        self.plan, self.folder, self.prepare = plan, folder, prepare

    @cached_property
    def runner(self) -> Runner:
        os.chdir(self.folder)  # where the plan's paths start
        start_tensorflow()
        return Runner(self.plan, self.prepare(self.plan), GroundTruthIndex(self.plan), draws=False)

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """For each subject the classes whose views are wanted, as JSON, and what is wrong.

        A mistake in the plan is told, not raised: of an error Ray hands on a traceback only.
        """
        items = [Item(*values) for values in zip(*(batch[f] for f in Item._fields), strict=True)]
        try:
            classes = [json.dumps(list(found)) for found in self._answered(items)]
            self.runner.store.flush()
        except (ValueError, OSError) as error:
            return {"classes": np.array(["[]"] * len(items)), "mistake": [str(error)] * len(items)}
        return {"classes": np.array(classes), "mistake": [""] * len(items)}

    def _answered(self, items: Sequence[Item]) -> Iterator[list[tuple[int, int]]]:
        """For each subject (number of a classifier, class) of the views that it asks for."""
        images = [as_path(str(item.image)) for item in items if item.image]
        outcomes = self.runner.outcomes(images) if images else ()
        for outcome in outcomes:
            if outcome.path is None:  # methods that do not fit, which the driver says too
                continue
            yield [(number, index) for number, some in outcome.classes.items() for index in some]
        for item in items:
            if not item.image:
                _view_outcome(self.runner, item)
                yield []


def run_on_ray(runner: Runner, prepare: Prepare) -> int:
    """How many images the plan's workers were given: all that the store lacks is done and stored.

    A bar tells how far. First images, then views of classes, of which some may be decided by
    images. Raises ValueError where Ray is not installed, no cluster is at the plan's address, or a
    worker finds a mistake.
    """
    plan = runner.plan
    items = [Item(image=str(path)) for path in runner.pending(plan.images)]
    items = items if runner.needs_images else []
    classes = dict.fromkeys(runner.fixed_classes())
    if items:
        classes |= dict.fromkeys(_on_workers(plan, items, prepare, "image"))
    views = [Item(classifier=n) for n, units in enumerate(runner.views) if units.of_nothing]
    views += [Item(classifier=number, class_index=index) for number, index in classes]
    if views:
        list(_on_workers(plan, views, prepare, "view"))
    return len(items)


def _view_outcome(runner: Runner, item: Item) -> Outcome:
    number, index = int(item.classifier), int(item.class_index)
    return runner.views_of_classifier(number) if index < 0 else runner.views_of_class(number, index)


def _on_workers(
    plan: Plan, items: Sequence[Item], prepare: Prepare, unit: str
) -> Iterator[tuple[int, int]]:
    """Has the subjects answered; gives the (classifier, class) whose views they ask for."""
    ray = _connected(plan)
    gpus = int(ray.cluster_resources().get("GPU", 0))
    batches = ray.data.from_items([item._asdict() for item in items]).map_batches(
        Worker,
        fn_constructor_args=(replace(plan, fresh=False), str(Path.cwd()), prepare),
        batch_size=min(IMAGES_AT_ONCE, math.ceil(len(items) / plan.workers)),
        compute=ray.data.ActorPoolStrategy(size=plan.workers),
        num_gpus=min(1, gpus / plan.workers) or None,
    )
    print(f"{counted(len(items), unit)} for {plan.workers} workers", file=sys.stderr)
    with Bar(len(items), unit, stays=True) as bar:
        for batch in batches.iter_batches(batch_size=None):
            for mistake in filter(None, batch["mistake"]):
                raise ValueError(mistake)
            for pairs in batch["classes"]:
                yield from map(tuple, json.loads(str(pairs)))
            bar.update(len(batch["mistake"]))


def _connected(plan: Plan):
    """Ray, connected to the plan's cluster, and quiet. Raises ValueError."""
    try:
        import ray
    except ImportError as error:
        raise ValueError(
            "--engine ray needs Ray: pip install -r requirements-distributed.txt"
        ) from error
    _check_address(plan.ray_address)
    try:
        ray.init(
            plan.ray_address,
            runtime_env={"env_vars": {"PYTHONPATH": str(ROOT), **quiet_settings()}},
            ignore_reinit_error=True,
            log_to_driver=True,
            logging_level="error",
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ValueError(f"no Ray at '{plan.ray_address}': {error}") from error
    context = ray.data.DataContext.get_current()
    logging.getLogger("ray.data").setLevel(logging.ERROR)  # its import, just now, sets it too
    context.enable_progress_bars = False
    return ray


def _check_address(address: str | None) -> None:
    """Raises ValueError where nobody answers: Ray itself would wait for minutes."""
    host, _, port = (address or "").rpartition("://")[2].rpartition(":")
    if not host:
        return  # this machine, or `auto`
    try:
        socket.create_connection((host, int(port)), CONNECTION_SECONDS).close()
    except (OSError, ValueError) as error:
        raise ValueError(f"no Ray at '{address}': {error}") from error
