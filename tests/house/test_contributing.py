"""What CONTRIBUTING.md says, held against the tree."""

import re

import numpy as np
from support import ROOT, noise, sequential

from classifier import load_classifier

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
(CODE,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
(EXAMPLE,) = re.findall(r"1\. `(methods/\w+\.py)`", TEXT)
ELSEWHERE = {"tests", "benchmarks", "tools", "notebooks"}  # they stand beside the rooms


def test_every_room_is_on_the_map():
    table = TEXT.split("## The contract")[0]
    named = set(re.findall(r"`(\w+)(?:/|\.py)`", table))
    rooms = {file.relative_to(ROOT).parts[0] for file in ROOT.glob("*/*.py")} - ELSEWHERE
    assert rooms | {file.stem for file in ROOT.glob("*.py")} <= named


def test_the_files_that_it_names_exist():
    named = set(re.findall(r"`((?:\w+/)*\w+(?:\.py|\.md|/))`", TEXT)) - {EXAMPLE}
    inside = {"network/", "explaining/", "dataset/", "reporting/", "runs/"}
    for path in named - inside - {"__init__.py"}:
        assert (ROOT / path).exists(), path


def test_the_method_of_its_recipe_keeps_the_contract():
    names = {}
    exec(CODE, names)  # the recipe's own lines
    classifier = load_classifier(sequential())
    maps = names["mean_activation"](classifier, noise(), np.array([0, 1]))
    assert maps.shape == (2, 8, 8)
    assert maps.dtype == np.float32
