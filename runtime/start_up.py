"""Starting up: a console that takes any text, TensorFlow without its greetings."""

import os
import re
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from runtime.waiting import working

LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
ASKED_LEVEL = os.environ.get(LOG_LEVEL, "0")  # before it is set here: what --debug shows
OF_TENSORFLOW = re.compile(  # its lines, of absl and of what it is linked with
    rb"[IWEF]\d{4} \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IWEF] "
    rb"|WARNING: All log messages before absl|To enable the following instructions:"
)


def steady_console() -> None:
    """From now on, what a console's encoding cannot hold is printed escaped, and never raises."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # also not where there is no console, or it is replaced
            stream.reconfigure(errors="backslashreplace")


def quiet_settings() -> dict[str, str]:
    """Of the environment: with them TensorFlow's own lines stay off the console.

    They count from when TensorFlow is imported, whatever was set before. What goes wrong is an
    exception too, so that its lines of errors say nothing new.
    """
    return {LOG_LEVEL: "3", "TF_CPP_MAX_VLOG_LEVEL": "0", "TF_CPP_VMODULE": ""}


def start_tensorflow(debug: bool = False) -> None:
    """Imports TensorFlow and wakes its devices, without a line of its own on the console.

    These tell of processors and missing GPUs, come in part before its own settings count, and
    would stand between a student and the first result. What others write to standard error
    meanwhile comes out, and all of it where it fails. With `debug` everything is shown.
    """
    os.environ.update({LOG_LEVEL: ASKED_LEVEL} if debug else quiet_settings())
    with working("starting TensorFlow"), nullcontext() if debug else _without_log_lines():
        import tensorflow as tf
        from absl import logging

        tf.config.list_logical_devices()
    if not debug:
        tf.get_logger().setLevel("ERROR")  # else it warns of every further program that is made
        logging.set_verbosity(logging.ERROR)
        for package in ("keras", "tensorflow"):  # of what a file of a model does without
            warnings.filterwarnings("ignore", module=rf"{package}\b")
    _leave_the_processor()


def ended_by_reader(main: Callable[[], int]) -> int:
    """The exit status of `main`; 1, without a word, where nobody reads what it prints any more.

    So `main.py --list_classes | head -1` ends as other commands do.
    """
    try:
        status = main()
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)  # else Python complains when it ends
        return 1
    return status


def end_on_signals() -> None:
    """SIGTERM and a closed terminal end the program as Ctrl-C does; `nohup` keeps its meaning."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, signal.SIGTERM)  # Windows has no SIGHUP
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def _leave_the_processor() -> None:
    """NumPy's linear algebra gets one thread, unless the environment says otherwise.

    Its threads go on for some 30 ms after each call, looking for work, at the cost of the pass that
    comes next; and what it is asked for here is small.
    """
    from threadpoolctl import threadpool_limits

    if "OPENBLAS_NUM_THREADS" not in os.environ:
        os.environ["OPENBLAS_NUM_THREADS"] = "1"  # of libraries that are loaded later
        threadpool_limits(1, "blas")


@contextmanager
def _without_log_lines() -> Iterator[None]:
    """Inside, what is written to standard error waits; TensorFlow's lines never come out.

    After an exception they do: they may say why.
    """
    sys.stderr.flush()
    failed = False
    with tempfile.TemporaryFile() as waiting:
        own = os.dup(2)
        os.dup2(waiting.fileno(), 2)
        try:
            yield
        except Exception:
            failed = True
            raise
        finally:
            sys.stderr.flush()
            os.dup2(own, 2)
            os.close(own)
            waiting.seek(0)
            for line in waiting:
                if failed or not OF_TENSORFLOW.match(line):
                    os.write(2, line)
