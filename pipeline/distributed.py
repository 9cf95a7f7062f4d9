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

from pipeline.evidence import Evidence
from pipeline.flow import Flow
from pipeline.plan import Plan
from storage import place

PICTURES_AT_ONCE = 64  # that a worker takes, and whose rows it then writes
CONNECTION_SECONDS = 5
ROOT = Path(__file__).parent.parent


class Worker:
    """Explains pictures with classifiers of its own, and stores what it finds."""

    def __init__(self, plan: Plan, folder: str):
        self.plan, self.folder = plan, folder

    @cached_property
    def flow(self) -> Flow:
        from classifier.starting import start_tensorflow
        from pipeline.run import prepared

        os.chdir(self.folder)  # where the plan's paths start
        start_tensorflow()
        return Flow(self.plan, prepared(self.plan), Evidence(self.plan))

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """For each picture whether it failed, and what is wrong with the plan: mostly nothing.

        That is told, not raised: of an error Ray hands on a traceback only, as text.
        """
        paths = [place(str(path)) for path in batch["picture"]]
        try:
            failed = [outcome.error is not None for outcome in self.flow.outcomes(paths)]
            self.flow.store.flush()
        except (ValueError, OSError) as error:
            return {"failed": np.ones(len(paths), bool), "mistake": [str(error)] * len(paths)}
        return {"failed": np.array(failed), "mistake": [""] * len(failed)}


def explain_on_ray(plan: Plan, pictures: Sequence[Path]) -> None:
    """Has the pictures explained and stored by the plan's workers; a bar tells how many are.

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
    made = ray.data.from_items([{"picture": str(path)} for path in pictures]).map_batches(
        Worker,
        fn_constructor_args=(plan, str(Path.cwd())),
        batch_size=min(PICTURES_AT_ONCE, -(-len(pictures) // plan.workers)),
        compute=ray.data.ActorPoolStrategy(size=plan.workers),
        num_gpus=min(1, gpus / plan.workers) or None,
    )
    print(f"{len(pictures)} pictures for {plan.workers} workers", file=sys.stderr)
    with tqdm(total=len(pictures), disable=None, unit="picture") as bar:
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
