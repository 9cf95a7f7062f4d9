"""Starting TensorFlow without its greetings."""

import os
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


@contextmanager
def _withheld_stderr():
    """Inside, what native code writes to standard error waits; it comes out after an exception."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as waiting:
        own = os.dup(2)
        os.dup2(waiting.fileno(), 2)
        try:
            yield
        except BaseException:
            waiting.seek(0)
            os.write(own, waiting.read())
            raise
        finally:
            os.dup2(own, 2)
            os.close(own)
