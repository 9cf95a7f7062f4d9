"""The table of all flags. Nothing heavy is imported here, so that --help is quick.

A flag that fills a field of the plan needs no more than its row; see `cli.flag` for what it says.
"""

from functools import partial

from cli.display_flags import DISPLAY_FLAGS
from cli.flag import Flag
from cli.image_flags import IMAGE_FLAGS
from cli.study_flags import STUDY_FLAGS

page_flag = partial(Flag, group="as a page", of_page=True)
help_flag = partial(Flag, group="help", of_page=True)

FLAGS = (
    *IMAGE_FLAGS,
    *DISPLAY_FLAGS,
    *STUDY_FLAGS,
    page_flag(name="web", help="serve a page for a browser (requirements-web.txt)"),
    page_flag(
        name="web_address",
        goes_with=("web",),
        metavar="HOST[:PORT]",
        help="where it listens; other addresses than localhost need a password, in the "
        "environment variable EXPLAINER_PASSWORD (default: 127.0.0.1:7860)",
    ),
    help_flag(
        name="help",
        short="-h",
        nargs="?",
        const="",
        metavar="NAME",
        help="this, or the options of a method, view or metric",
    ),
    help_flag(
        name="list_classes",
        nargs="?",
        const="",
        metavar="WORD",
        help="print the classifier's classes, or those that may be meant by a word, and stop",
    ),
    help_flag(name="list_methods", help="print methods, views and metrics, and stop"),
    help_flag(name="list_models", help="print the classifiers that are known by name, and stop"),
    help_flag(name="version", help="print the toolkit's version and stop"),
    help_flag(name="debug", help="show where an error came from"),
)
