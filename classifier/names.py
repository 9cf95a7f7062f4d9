"""Classifiers by name, told without TensorFlow: a mistake in a name is answered at once."""

import ast
import importlib.util
from functools import cache
from pathlib import Path

from classifier import hub
from registry import suggest

WEIGHTS_FOLDER = Path(__file__).parent.parent / "data" / "classifiers"  # of the embedded ones
WEIGHTS_SUFFIX = ".weights.h5"
ALIASES = {"ResNet": "ResNet50"}


def embedded_names() -> list[str]:
    """The classifiers that need no download: those whose weights the toolkit has."""
    files = WEIGHTS_FOLDER.glob(f"*{WEIGHTS_SUFFIX}")
    return sorted(file.name.removesuffix(WEIGHTS_SUFFIX) for file in files)


@cache
def application_names() -> list[str]:
    """The models of `keras.applications`, as the file that exports them lists them.

    It is read, not imported: that would start TensorFlow.
    """
    folder = Path(importlib.util.find_spec("keras").origin).parent / "applications"
    tree = ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    names = {alias.asname or alias.name for node in imports for alias in node.names}
    return sorted(name for name in names if name[0].isupper())


def known_names() -> list[str]:
    """All classifiers that are known by name, but for the presets of keras-hub."""
    return [*embedded_names(), *application_names()]


def canonical(name: str) -> str:
    """The classifier's full name without its case, also where `name` is short for it."""
    aliases = {alias.casefold(): full_name.casefold() for alias, full_name in ALIASES.items()}
    return aliases.get(name.casefold(), name.casefold())


def is_known(name: str) -> bool:
    """Whether a classifier other than keras-hub's has that name, in any case."""
    return canonical(name) in map(canonical, known_names())


def full_name(name: str) -> str:
    """The name as it is written, whatever its case. Raises ValueError with the nearest names."""
    by_folded = {canonical(known): known for known in known_names()}
    if canonical(name) not in by_folded:
        presets = hub.preset_names() if hub.may_be_preset(name) else []
        nearest = suggest(name, [*by_folded.values(), *presets]) + hub.hint(name)
        raise ValueError(
            f"no classifier '{name}'{nearest} (list them: --list_models; or give --model_path)"
        )
    return by_folded[canonical(name)]


def check_weights(weights: str | Path | None) -> None:
    """Raises FileNotFoundError where the weights are to come from a file that is not there."""
    if weights not in (None, "random") and not Path(weights).is_file():
        raise FileNotFoundError(f"weights '{weights}': no such file (or say: --weights random)")
