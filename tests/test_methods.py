import inspect

import numpy as np
import pytest
from conftest import noise, quick, sequential

from classifier import load_classifier
from methods import METHODS, parse_method


@pytest.mark.parametrize("name", METHODS)
def test_every_method_keeps_the_contract(name):
    classifier = load_classifier(sequential())
    images = noise()
    before = images.copy()
    maps = METHODS[name](classifier, images, np.array([0, 1]), **quick(name))
    np.testing.assert_array_equal(images, before)
    assert maps.shape[0] == 2
    assert maps.ndim == 3
    assert maps.dtype == np.float32
    assert np.isfinite(maps).all()
    np.testing.assert_array_equal(
        maps, METHODS[name](classifier, images, np.array([0, 1]), **quick(name))
    )


@pytest.mark.parametrize("name", [name for name in METHODS if name != "DECONVNET"])
def test_every_method_depends_on_the_picture(name):  # DECONVNET: only where there is max pooling
    classifier = load_classifier(sequential())
    first = METHODS[name](classifier, noise(seed=0), [0, 1], **quick(name))
    second = METHODS[name](classifier, noise(seed=1), [0, 1], **quick(name))
    assert not np.allclose(first, second)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_says_what_it_is_and_what_its_options_are(name):
    method = METHODS[name]
    assert method.name == name
    assert method.summary.endswith(".")
    for option in method.options.values():
        assert option.help
        assert option.default is not inspect.Parameter.empty
        assert option.parse(str(option.default)) == option.default


def test_a_call_is_parsed_with_its_options():
    call = parse_method("gradcam:relu=channels", METHODS)
    assert (call.name, call.given) == ("GRADCAM", {"relu": "channels"})
    assert str(call) == "GRADCAM:relu=channels"
    assert parse_method("FEM:k=1.5", METHODS).given == {"k": 1.5}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("GRADCAN", "did you mean 'GRADCAM'"),
        ("GRADCAM:rely=sum", "did you mean 'relu'"),
        ("GRADCAM:relu=none", "expected one of sum, channels"),
        ("FEM:k=two", "expected a number"),
        ("FEM:k=nan", "expected a number"),
        ("FEM:k", "expected a number|no option 'k'"),
    ],
)
def test_a_wrong_call_is_answered_with_what_would_do(text, words):
    with pytest.raises(ValueError, match=words):
        parse_method(text, METHODS)
