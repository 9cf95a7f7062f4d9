"""python -m benchmarks [NAME ...]: all benchmarks, or those of these names."""

import argparse
import os
import platform

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from benchmarks import (
    dataset_rate,
    gradcam_cost,
    gradients_cost,
    growth,
    insertion_cost,
    memory,
    perturbation_cost,
    start,
    token_cost,
    whitebox_cost,
)
from runtime.start_up import start_tensorflow

BENCHMARKS = {
    "start": start.run,
    "gradcam": gradcam_cost.run,
    "tokens": token_cost.run,
    "whitebox": whitebox_cost.run,
    "gradients": gradients_cost.run,
    "perturbation": perturbation_cost.run,
    "insertion": insertion_cost.run,
    "dataset": dataset_rate.run,
    "growth": growth.run,
    "memory": memory.run,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    names = parser.parse_args().names or list(BENCHMARKS)
    if unknown := set(names) - BENCHMARKS.keys():
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    start_tensorflow()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors")
    for name in names:
        BENCHMARKS[name]()


if __name__ == "__main__":
    main()
