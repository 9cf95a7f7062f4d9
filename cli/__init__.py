"""The command line: one table of flags, their parser, and the plan that they make."""

from cli.classifier_choices import page_classifiers
from cli.help import entry_help
from cli.lists import class_lines, method_lines, model_lines
from cli.parser import Parser, make_parser
from cli.plan_from_flags import plan_from_flags

__all__ = [
    "Parser",
    "class_lines",
    "entry_help",
    "make_parser",
    "method_lines",
    "model_lines",
    "page_classifiers",
    "plan_from_flags",
]
