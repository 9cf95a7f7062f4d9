"""How TensorFlow is started."""

import os
import subprocess
import sys

import pytest
from support import ROOT

from runtime.start_up import _without_log_lines, start_tensorflow


@pytest.mark.parametrize(("asked", "threads"), [(None, 1), ("2", 2)])
def test_linear_algebra_has_one_thread_unless_more_are_asked_for(asked, threads, monkeypatch):
    from threadpoolctl import ThreadpoolController, threadpool_limits

    monkeypatch.setenv("OPENBLAS_NUM_THREADS", asked or "")
    if asked is None:
        monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    with threadpool_limits(2, "blas"):
        start_tensorflow()
        libraries = ThreadpoolController().select(user_api="blas").info()
    assert {library["num_threads"] for library in libraries} == {threads}


LOG_LINES = (
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
    "I0000 00:00:1795627770.699457   16706 port.cc:153] oneDNN custom operations are on.\n"
    "I0000 00:00:1795627770.764079   16706 cpu_feature_guard.cc:227] This binary is optimized.\n"
    "To enable the following instructions: AVX2 FMA, rebuild TensorFlow.\n"
    "2026-01-01 10:00:00.123456: E external/local_xla/xla/cuda_dnn.cc:9261] Unable to register\n"
    "E0000 00:00:1795627770.699457   16706 cuda_blas.cc:1407] Unable to register cuBLAS factory\n"
)
OTHERS = "WARNING: the user's own words\nI see 2 images\nTo enable this, pay\n"


def test_lines_of_tensorflow_are_dropped_and_no_other(capfd):
    with _without_log_lines():
        os.write(2, f"{LOG_LINES}{OTHERS}".encode())
        os.write(2, b"without an end")
    assert capfd.readouterr().err == f"{OTHERS}without an end"


def failing():
    with _without_log_lines():
        os.write(2, LOG_LINES.encode())
        raise ImportError


def test_where_the_start_fails_all_lines_are_shown(capfd):
    with pytest.raises(ImportError):
        failing()
    assert capfd.readouterr().err == LOG_LINES


START = "from runtime.start_up import start_tensorflow; start_tensorflow({}); {}"
COMPILED = "import tensorflow as tf; tf.function(lambda x: x @ x, jit_compile=True)(tf.eye(2))"


def start(code: str, debug: bool = False) -> str:
    """What is on standard error after TensorFlow was started at its most talkative."""
    command = [sys.executable, "-c", START.format(debug, code)]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "0"}
    run = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=environment, check=True
    )
    return run.stderr


def test_whatever_the_environment_says_there_is_no_line_of_tensorflows():
    own = "import sys; print('own', file=sys.stderr); import logging; logging.warning('own too')"
    assert start(f"{COMPILED}; {own}") == "own\nWARNING:root:own too\n"


def test_debug_shows_tensorflows_lines():
    assert "] " in start(COMPILED, debug=True)  # behind a line's file and number
