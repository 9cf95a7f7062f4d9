"""Explains what an image classifier looked at.

python main.py --explanation_method=GRADCAM
"""

import sys

try:
    from argparse import Namespace
    from collections.abc import Iterable

    from classifier.network.target_layer import layer_lines
    from cli import (
        Parser,
        class_lines,
        entry_help,
        make_parser,
        method_lines,
        model_lines,
        page_classifiers,
        plan_from_flags,
    )
    from pipeline import Plan, check_beforehand, run
    from runtime import escaped
    from runtime.start_up import (
        end_on_signals,
        ended_by_reader,
        start_tensorflow,
        steady_console,
    )
    from runtime.version import VERSION
    from web import make_site, serve
except KeyboardInterrupt:
    raise SystemExit("main.py: stopped") from None


def main(argv: list[str] | None = None) -> int:
    """The exit status: 0 all well, 1 some images failed, 2 a mistake in the command."""
    parser = make_parser()
    arguments = parser.parse_args(argv)
    try:
        if (lines := _reference_lines(arguments, parser)) is not None:
            print("\n".join(lines))
            return 0
        if arguments.web:
            return _serve(arguments)
        plan = plan_from_flags(arguments, ["main.py", *(sys.argv[1:] if argv is None else argv)])
        if arguments.list_classes is not None:
            return _list_classes(plan, arguments)
        check_beforehand(plan)
        start_tensorflow(arguments.debug)
        return _list_layers(plan) if arguments.list_layers else run(plan)
    except BrokenPipeError:
        raise
    except (ValueError, OSError) as error:
        if arguments.debug:
            raise
        print(escaped(f"main.py: {error}"), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("main.py: stopped", file=sys.stderr)
        return 1


def _reference_lines(arguments: Namespace, parser: Parser) -> Iterable[str] | None:
    """Help, version or a list, where that is asked for; None where something is to be done."""
    if arguments.help is not None:
        return [entry_help(arguments.help) if arguments.help else parser.format_help()]
    if arguments.version:
        return [VERSION]
    if arguments.list_methods:
        return method_lines()
    return model_lines() if arguments.list_models else None


def _serve(arguments: Namespace) -> int:
    site, choices = make_site(arguments.web_address), page_classifiers(arguments)
    for choice in choices:
        choice.check()
    start_tensorflow(arguments.debug)
    return serve(choices, site)


def _list_classes(plan: Plan, arguments: Namespace) -> int:
    for choice in plan.classifiers:
        labels = choice.check()
        if labels is None:
            start_tensorflow(arguments.debug)
            labels = choice.load().labels
        print("\n".join(class_lines(labels, arguments.list_classes)))
    return 0


def _list_layers(plan: Plan) -> int:
    for choice in plan.classifiers:
        print(choice.model_path or choice.model_name)
        for line in layer_lines(choice.load()):
            print(line)
    return 0


if __name__ == "__main__":
    end_on_signals()
    steady_console()
    sys.exit(ended_by_reader(main))
