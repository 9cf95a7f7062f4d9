import numpy as np
import pytest
from support import backbone_with_head, functional, noise, sequential, subclassed

from classifier import BlackBox, Classifier, load_classifier
from classifier.labels import numbered_labels
from registry import parse_call
from views import VIEWS

EVERYWHERE = [name for name, view in VIEWS.items() if not view.by_attention]
QUICK = {"steps": 3, "top": 2}


def quick(name: str) -> dict:
    return {option: QUICK[option] for option in VIEWS[name].options if option in QUICK}


@pytest.mark.parametrize("network", [sequential, functional, subclassed])
@pytest.mark.parametrize("name", EVERYWHERE)
def test_every_view_keeps_the_contract_on_every_kind_of_network(name, network):
    classifier = load_classifier(network())
    images = noise()
    before = images.copy()
    drawn = VIEWS[name](classifier, images, np.array([0, 1]), **quick(name))
    np.testing.assert_array_equal(images, before)
    assert len(drawn) == (1 if VIEWS[name].takes == "nothing" else 2)
    for image in drawn:
        assert image.dtype == np.uint8
        assert image.ndim == 3
        assert image.shape[2] == 3
        assert np.ptp(image) > 0
    again = VIEWS[name](classifier, images, np.array([0, 1]), **quick(name))
    for first, second in zip(drawn, again, strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", EVERYWHERE)
def test_a_view_needs_nothing_that_it_does_not_take(name):
    given = {"image": {"images": noise()}, "class": {"class_indices": [1]}, "nothing": {}}
    classifier = load_classifier(sequential())
    for takes, arguments in given.items():
        if takes == VIEWS[name].takes:
            assert VIEWS[name](classifier, **arguments, **quick(name))
        elif VIEWS[name].takes != "nothing":
            with pytest.raises(ValueError, match=f"takes a {VIEWS[name].takes}"):
                VIEWS[name](classifier, **arguments, **quick(name))


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_looks_into_layers(name):
    box = BlackBox(lambda inputs: np.full((len(inputs), 2), 0.5), (32, 32, 3))
    function = Classifier("even", box, numbered_labels(2), lambda images: images)
    with pytest.raises(ValueError, match="no layers to look into"):
        VIEWS[name](function, noise(), [0, 1])


def test_preprocessing_is_found_as_a_matrix_or_refused():
    for mode in ("none", "tf", "caffe", "torch"):
        classifier = load_classifier(backbone_with_head(), preprocessing=mode)
        matrix, offset = classifier.colour_transform()
        images = noise()
        np.testing.assert_allclose(
            images @ matrix + offset, classifier.preprocess(images), rtol=1e-4, atol=1e-4
        )
    classifier.input._preprocess = lambda images: images**2
    with pytest.raises(ValueError, match="not of each pixel's colour alone, and affine"):
        VIEWS["CLASS_IMPRESSION"](classifier, None, [0])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda c: VIEWS["ACTIVATIONS"](c, noise(), top=0), "top is at least 1"),
        (lambda c: VIEWS["FILTERS"](c, top=0), "top is at least 1"),
        (lambda c: VIEWS["CLASS_IMPRESSION"](c, None, [0], steps=0), "steps is at least 1"),
        (lambda c: VIEWS["CLASS_IMPRESSION"](c, None, [3]), "class_indices go from 0 to 2"),
        (lambda c: VIEWS["FILTERS"](c, layer="conv9"), "no layer 'conv9'"),
        (lambda c: parse_call("ACTIVATION", VIEWS), "did you mean 'ACTIVATIONS'"),
        (lambda c: parse_call("FILTERS:steps=many", VIEWS), "whole number"),
    ],
)
def test_what_makes_no_sense_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call(load_classifier(sequential()))


def test_a_view_is_parsed_with_its_options():
    call = parse_call("class_impression:parametrisation=fourier:steps=64", VIEWS)
    assert call.name == "CLASS_IMPRESSION"
    assert call.given == {"parametrisation": "fourier", "steps": 64}
