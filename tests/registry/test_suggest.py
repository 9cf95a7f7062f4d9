"""Which names are suggested for one that is none."""

import pytest

from registry import suggest
from registry.suggest import likely

ANIMALS = ["Indian_elephant", "African_elephant", "sea elephant", "ant", "anteater", "bee"]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("elephant", ["Indian_elephant", "African_elephant", "sea elephant"]),  # a word of theirs
        ("ELEPHANT african", ["African_elephant"]),  # all its words, in any case and order
        ("eleph", ["Indian_elephant", "African_elephant", "sea elephant"]),  # part of a word
        ("Indian elefant", ["Indian_elephant"]),  # a letter is wrong
        ("be", ["bee"]),
        ("wasp", []),
        ("", []),
        ("_", []),
    ],
)
def test_words_come_before_letters_and_letters_before_likeness(name, found):
    assert likely(name, ANIMALS) == found


def test_a_name_that_is_all_but_the_same_comes_before_those_that_hold_it():
    assert likely("ResNet5", ["ResNet50V2", "ResNet50", "ResNet152"])[0] == "ResNet50"


def test_several_are_suggested_and_the_rest_is_counted():
    assert suggest("wasp", ANIMALS) == ""
    assert suggest("beee", ANIMALS) == "; did you mean 'bee'?"
    assert suggest("elephant", ANIMALS[:2]) == (
        "; did you mean 'Indian_elephant' or 'African_elephant'?"
    )
    many = [f"cat {number}" for number in range(8)]
    assert suggest("cat", many).endswith("'cat 3', 'cat 4' or one of 3 more?")
