"""Starting TensorFlow without its greetings, and with the processor to itself."""

import os
import signal
import sys
import tempfile
from contextlib import contextmanager


def start_tensorflow() -> None:
    """Imports TensorFlow and wakes its devices; its log lines are shown only where that fails.

    They tell of processors and missing GPUs, cannot be switched off by its own settings, and
    would stand between a student and the first result.
    """
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
