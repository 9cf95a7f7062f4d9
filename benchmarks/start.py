"""Cold starts, as whole processes: a glance at the flags, a typo, and the default command."""

import subprocess
import sys
import tempfile

from benchmarks.timing import interleaved, print_ratios

UNIT = """
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
import numpy as np
import tensorflow as tf
from classifier.embedded import EfficientNetLite0
model = EfficientNetLite0(weights="imagenet")
model(np.zeros((1, 224, 224, 3), np.float32), training=False)
"""
GOAL = {"default command": 1.3}
SECONDS_GOAL = 1.0


def run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        default = ["main.py", "--explanation_method=GRADCAM", "--output_dir", folder]
        ways = {
            "import, build, one eager pass": _process("-c", UNIT),
            "default command": _process(*default),
            "--help": _process("main.py", "--help"),
            "a mistyped flag": _process("main.py", "--explanation_metod=GRADCAM"),
        }
        timings = interleaved(ways)
    print_ratios("Cold starts, whole processes", timings, GOAL)
    for name in ("--help", "a mistyped flag"):
        met = "met" if timings[name].median < SECONDS_GOAL else "missed"
        print(f"  {name}: {timings[name].median:.2f} s, goal {SECONDS_GOAL:.0f} s: {met}")


def _process(*arguments: str):
    command = [sys.executable, *arguments]
    return lambda: subprocess.run(command, capture_output=True, check=False)
