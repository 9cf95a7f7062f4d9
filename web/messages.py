"""What a visitor is told where something did not work: one line, and the page stays as it is."""

import sys
import traceback
from collections.abc import Callable
from functools import wraps

import gradio as gr
from markupsafe import escape

SORRY = "That did not work"  # above the line


def warn_on_error(handler: Callable) -> Callable:
    """The handler; where it fails the visitor reads why, and nothing on the page changes."""

    @wraps(handler)
    def guarded(*arguments):
        try:
            return handler(*arguments)
        except Exception as error:
            gr.Warning(describe(error), title=SORRY)
            return gr.skip()

    return guarded


def stop_on_error(handler: Callable) -> Callable:
    """The handler; where it fails the visitor reads why, and what follows it does not happen."""

    @wraps(handler)
    def guarded(*arguments):
        try:
            return handler(*arguments)
        except Exception as error:
            raise gr.Error(describe(error), title=SORRY, print_exception=False) from error

    return guarded


def describe(error: Exception) -> str:
    """What a visitor reads of an error, as HTML; one that is not theirs goes to the log."""
    if isinstance(error, (ValueError, OSError)):
        return str(escape(str(error)))
    traceback.print_exception(error, file=sys.stderr)
    return "Something went wrong here; the log has more."
