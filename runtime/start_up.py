"""Starting up: a console that takes any text, TensorFlow without its greetings."""

import os
import signal
import sys
import tempfile
from contextlib import contextmanager


def steady_console() -> None:
    """From now on, what a console's encoding cannot hold is printed escaped, and never raises."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # also not where there is no console, or it is replaced
            stream.reconfigure(errors="backslashreplace")


def quiet_settings() -> dict[str, str]:
    """Of the environment: with them TensorFlow's own lines, errors aside, stay off the console.

    They count from when TensorFlow is imported, whatever was set before.
    """
    level = "3" if os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "3" else "2"
    return {"TF_CPP_MIN_LOG_LEVEL": level, "TF_CPP_MAX_VLOG_LEVEL": "0", "TF_CPP_VMODULE": ""}


def start_tensorflow() -> None:
    """Imports TensorFlow and wakes its devices; its log lines are shown only where that fails.

    They tell of processors and missing GPUs, cannot be switched off by its own settings, and
    would stand between a student and the first result.
    """
    os.environ.update(quiet_settings())
    with _withheld_stderr():
        import tensorflow as tf

        tf.config.list_logical_devices()
    tf.get_logger().setLevel("ERROR")  # else it warns of every further program that is made
    _leave_the_processor()


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
def _withheld_stderr():
    """Inside, what native code writes to standard error waits; it comes out after an exception."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as waiting:
        own = os.dup(2)
        os.dup2(waiting.fileno(), 2)
        try:
            yield
        except Exception:
            waiting.seek(0)
            os.write(own, waiting.read())
            raise
        finally:
            os.dup2(own, 2)
            os.close(own)
