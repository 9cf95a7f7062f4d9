"""The same plan on Ray: workers with classifiers of their own, the same store, the same resume.

Needs requirements-distributed.txt. Every worker writes its own parts; what a killed worker had not
written is given to another.
"""

import logging
import os
import socket
import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from pipeline.dataset.ground_truth import GroundTruthIndex
from pipeline.dataset.runner import Runner
from pipeline.plan import Plan
from runtime import as_path

PICTURES_AT_ONCE = 64  # that a worker takes, and whose rows it then writes
CONNECTION_SECONDS = 5
ROOT = Path(__file__).parents[2]


class Worker:
    """Explains images with classifiers of its own, and stores what it finds."""

    def __init__(self, plan: Plan, folder: str):
        self.plan, self.folder = plan, folder

    @cached_property
    def runner(self) -> Runner:
        from pipeline.runs.run import prepared
        from runtime.start_up import start_tensorflow

        os.chdir(self.folder)  # where the plan's paths start
        start_tensorflow()
        return Runner(self.plan, prepared(self.plan), GroundTruthIndex(self.plan))

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """For each image whether it failed, and what is wrong with the plan: mostly nothing.

        That is told, not raised: of an error Ray hands on a traceback only, as text.
        """
        paths = [as_path(str(path)) for path in batch["image"]]
        try:
            failed = [outcome.error is not None for outcome in self.runner.outcomes(paths)]
            self.runner.store.flush()
        except (ValueError, OSError) as error:
            return {"failed": np.ones(len(paths), bool), "mistake": [str(error)] * len(paths)}
        return {"failed": np.array(failed), "mistake": [""] * len(failed)}


def explain_on_ray(plan: Plan, images: Sequence[Path]) -> None:
    """Has the images explained and stored by the plan's workers; a bar tells how many are.

    Raises ValueError where Ray is not installed, no cluster is at the plan's address, or a worker
    finds a mistake in the plan.
    """
    try:
        import ray
    except ImportError as error:
        raise ValueError(
            "--engine ray needs Ray: pip install -r requirements-distributed.txt"
        ) from error
    from tqdm import tqdm

    _check_address(plan.ray_address)
    try:
        ray.init(
            plan.ray_address,
            runtime_env={"env_vars": {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}},
            ignore_reinit_error=True,
            log_to_driver=False,
            logging_level="error",
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ValueError(f"no Ray at '{plan.ray_address}': {error}") from error
    context = ray.data.DataContext.get_current()
    logging.getLogger("ray.data").setLevel(logging.ERROR)  # its import, just now, sets it too
    context.enable_progress_bars = False
    gpus = int(ray.cluster_resources().get("GPU", 0))
    made = ray.data.from_items([{"image": str(path)} for path in images]).map_batches(
        Worker,
        fn_constructor_args=(plan, str(Path.cwd())),
        batch_size=min(PICTURES_AT_ONCE, -(-len(images) // plan.workers)),
        compute=ray.data.ActorPoolStrategy(size=plan.workers),
        num_gpus=min(1, gpus / plan.workers) or None,
    )
    print(f"{len(images)} images for {plan.workers} workers", file=sys.stderr)
    with tqdm(total=len(images), disable=None, unit="image") as bar:
        for batch in made.iter_batches(batch_size=None):
            for mistake in filter(None, batch["mistake"]):
                raise ValueError(mistake)
            bar.update(len(batch["failed"]))


def _check_address(address: str | None) -> None:
    """Raises ValueError where nobody answers: Ray itself would wait for minutes."""
    host, _, port = (address or "").rpartition("://")[2].rpartition(":")
    if not host:
        return  # this machine, or `auto`
    try:
        socket.create_connection((host, int(port)), CONNECTION_SECONDS).close()
    except (OSError, ValueError) as error:
        raise ValueError(f"no Ray at '{address}': {error}") from error
