import inspect

import keras
import numpy as np
import pytest
from keras import layers
from support import ROOT, backbone, functional, noise, sequential, subclassed

from classifier import BlackBox, Classifier, load_classifier
from classifier.labels import numbered_labels
from images import read_image, resized
from registry import parse_call
from runtime import noting
from views import VIEWS
from views.filters import first_kernels

QUICK = {"steps": 3, "top": 2}
COLOURS = np.array([[1, -1, -1], [-1, 1, 1], [1, 1, -1]], np.float32)  # red, cyan, yellow


def quick(name: str) -> dict:
    return {option: QUICK[option] for option in VIEWS[name].options if option in QUICK}


def of_colours() -> keras.Model:
    """Its three logits are the mean of red - green - blue, of its negative, of red + green - blue,
    each times 4, for images in [-1, 1]."""
    network = keras.Sequential(
        [
            keras.Input((24, 24, 3)),
            layers.Rescaling(1 / 127.5, offset=-1),
            layers.Conv2D(3, 1, use_bias=False, name="map"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, "softmax", use_bias=False),
        ]
    )
    network.layers[1].kernel.assign(np.eye(3)[None, None])
    network.layers[3].kernel.assign(4 * COLOURS.T)
    return network


@pytest.mark.parametrize("network", [sequential, functional, subclassed])
@pytest.mark.parametrize("name", VIEWS)
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


@pytest.mark.parametrize("name", VIEWS)
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


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_says_what_it_is_and_what_its_options_are(name):
    view = VIEWS[name]
    assert view.name == name
    assert view.summary.endswith(".")
    for option in view.options.values():
        assert option.help
        assert option.default is not inspect.Parameter.empty
        assert option.parse(str(option.default)) == option.default


@pytest.mark.parametrize("name", ["CLASS_IMPRESSION", "FEATURE_INVERSION"])
def test_an_image_does_not_depend_on_its_neighbours_but_on_its_seed(name):
    classifier, images = load_classifier(sequential()), noise()
    both = VIEWS[name](classifier, images, np.array([0, 1]), steps=12)
    (alone,) = VIEWS[name](classifier, images[1:], np.array([1]), steps=12)
    (other,) = VIEWS[name](classifier, images[1:], np.array([1]), steps=12, seed=1)
    np.testing.assert_array_equal(alone, both[1])
    assert not np.array_equal(alone, other)


@pytest.mark.parametrize("parametrisation", ["pixels", "fourier"])
@pytest.mark.parametrize("robust", [True, False])
def test_the_impression_of_a_linear_class_is_the_colour_of_its_weights(parametrisation, robust):
    options = {"parametrisation": parametrisation, "robust": robust, "smoothness": 0.0}
    classifier = load_classifier(of_colours())
    with noting() as notes:
        images = VIEWS["CLASS_IMPRESSION"](classifier, None, [0, 1, 2], **options)
    assert notes["predicted"] == [0, 1, 2]
    for image, weights in zip(images, COLOURS, strict=True):
        middle = image.mean(axis=(0, 1)) / 127.5 - 1
        assert np.corrcoef(middle, weights)[0, 1] > 0.8
        if parametrisation == "pixels":
            np.testing.assert_allclose(middle, weights, atol=0.02)


@pytest.mark.parametrize("network", [sequential, functional, subclassed])
def test_a_small_network_predicts_the_class_of_its_impression(network):
    """Its head is balanced: no weight speaks for all classes, and grey is none of them."""
    classifier = load_classifier(network())
    kernel, bias = classifier.model.weights[-2:]
    kernel.assign(kernel - np.mean(kernel, axis=1, keepdims=True))
    bias.assign(bias - classifier.logits(np.full((1, 32, 32, 3), 127.5))[0])
    options = {"steps": 64, "parametrisation": "pixels", "smoothness": 0.1}
    with noting() as notes:
        VIEWS["CLASS_IMPRESSION"](classifier, None, [0, 1, 2], **options)
    assert notes["predicted"] == [0, 1, 2]
    for (before, after), (low, high) in zip(notes["logits"], notes["scores"], strict=True):
        assert after > before
        assert high > low
    assert [way.shape for way in notes["frames"]] == [(32, 32, 32, 3)] * 3


def test_the_impression_of_a_contrast_is_that_of_a_difference():
    classifier = load_classifier(of_colours())
    index = classifier.contrast(2, 0)  # green, twice
    (image,) = VIEWS["CLASS_IMPRESSION"](
        classifier, None, [index], parametrisation="pixels", smoothness=0.0
    )
    red, green, blue = image.mean(axis=(0, 1))
    assert green > 250
    assert 80 < red < 180
    assert 80 < blue < 180


@pytest.mark.parametrize("code", ["pooled", "map"])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_inversion_brings_the_loss_down_by_nine_tenths(code, optimizer):
    classifier = load_classifier(sequential())
    with noting() as notes:
        VIEWS["FEATURE_INVERSION"](
            classifier, noise(), None, code=code, optimizer=optimizer, smoothness=0.01
        )
    for before, after in notes["losses"]:
        assert after < 0.1 * before


def test_a_network_without_layers_but_its_pixels_is_inverted_to_the_image():
    """The code of `of_colours` is each pixel's own."""
    classifier = load_classifier(of_colours())
    (image,) = noise((24, 24), count=1)
    options = {"code": "map", "parametrisation": "pixels", "optimizer": "adam", "smoothness": 0.0}
    (image,) = VIEWS["FEATURE_INVERSION"](classifier, image[None], None, **options)
    assert np.abs(image - image).mean() < 5


def test_activations_are_in_the_order_of_their_means():
    classifier, images = load_classifier(sequential()), noise()
    with noting() as notes:
        mosaics = VIEWS["ACTIVATIONS"](classifier, images, top=5)
    means = classifier.features(images).mean(axis=(1, 2))
    for chosen, mean, image in zip(notes["channels"], means, mosaics, strict=True):
        (order,) = chosen.values()
        np.testing.assert_array_equal(order, np.argsort(-mean)[:5])
        assert image.shape == (2 * 48 + 2, 3 * 48 + 4, 3)  # 8 x 8, six times as large
        assert (image[-48:, -48:] == 255).all()


def test_a_map_is_bright_where_it_is_largest_and_a_layer_has_one_brightest():
    classifier, images = load_classifier(sequential()), noise(count=1)
    brightest = [253, 231, 36]  # viridis's end

    def tiles_with_it(**options) -> int:
        (image,) = VIEWS["ACTIVATIONS"](classifier, images, top=4, **options)
        tiles = [image[y : y + 48, x : x + 48] for y in (0, 50) for x in (0, 50)]
        return sum((tile == brightest).all(axis=-1).any() for tile in tiles)

    assert tiles_with_it() == 4
    assert tiles_with_it(scale="layer") == 1


def test_activations_at_the_images_size_and_of_several_layers():
    classifier, images = load_classifier(backbone_with_head(), preprocessing="tf"), noise(count=1)
    (image,) = VIEWS["ACTIVATIONS"](classifier, images, top=4, size="image")
    assert image.shape == (2 * 32 + 2, 2 * 32 + 2, 3)
    classifier.layer = "conv1,last"
    with noting() as notes:
        (image,) = VIEWS["ACTIVATIONS"](classifier, images, top=2)
    assert [len(channels) for channels in notes["channels"][0].values()] == [2, 2]
    assert image.shape == (2 * 48 + 2, 2 * 48 + 2, 3)


def backbone_with_head() -> keras.Model:
    inside = backbone()
    x = layers.GlobalAveragePooling2D()(inside.output)
    return keras.Model(inside.input, layers.Dense(3, "softmax")(x))


def test_the_first_kernels_are_those_of_the_first_convolution():
    classifier = load_classifier(sequential())
    kernel = np.asarray(classifier.model.get_layer("backbone").get_layer("conv1").kernel)
    kernels = first_kernels(classifier)
    assert kernels.shape == (8, 3, 3, 3)
    np.testing.assert_array_equal(kernels[5], kernel[..., 5])
    (image,) = VIEWS["FILTERS"](classifier)
    assert image.shape == (3 * 24 + 4, 3 * 24 + 4, 3)
    drawn = image[26 : 26 + 24 : 8, 52 : 52 + 24 : 8].astype(float)  # the sixth: row 1, column 2
    np.testing.assert_allclose(drawn, 127.5 + 127.5 * kernels[5] / np.abs(kernels[5]).max(), atol=1)


def test_kernels_have_the_colours_of_the_image_and_not_of_the_network():
    network = backbone_with_head()
    rgb, bgr = (load_classifier(network, preprocessing=mode) for mode in ("tf", "caffe"))
    np.testing.assert_array_equal(first_kernels(bgr), first_kernels(rgb)[..., ::-1])


def test_a_filters_input_excites_it_more_than_noise_and_than_most_others_do():
    classifier = load_classifier(backbone_with_head(), preprocessing="tf")
    with noting() as notes:
        (image,) = VIEWS["FILTERS"](classifier, layer="conv2", top=4, smoothness=0.0)
    assert notes["channels"] == [0, 1, 2, 3]
    tiles = [image[y : y + 32, x : x + 32] for y in (0, 34) for x in (0, 34)]
    responses = classifier.features(np.stack(tiles).astype(np.float32), "conv2").mean(axis=(1, 2))
    ordinary = classifier.features(noise(count=1), "conv2").mean(axis=(1, 2))[0]
    for channel in range(4):
        assert responses[channel, channel] > np.median(responses[:, channel])
        assert responses[channel, channel] > ordinary[channel]


def of_bright_red(bias: float) -> keras.Model:
    """Its feature is relu(red + bias), of images in [-1, 1]: grey leaves it silent."""
    steps = [layers.Conv2D(1, 1, activation="relu", name="shut"), layers.GlobalAveragePooling2D()]
    network = keras.Sequential([keras.Input((24, 24, 3)), *steps, layers.Dense(2, "softmax")])
    network.layers[0].set_weights([np.array([[[[1.0], [0], [0]]]]), np.array([bias])])
    return network


def test_a_filter_that_is_silent_at_first_is_woken_by_contrast_or_said_to_be_silent():
    woken, silent = (load_classifier(of_bright_red(b), preprocessing="tf") for b in (-0.7, -2))
    with noting() as notes:
        VIEWS["FILTERS"](woken, layer="shut", steps=96, smoothness=0.0)
    assert notes["responses"][0] > 0
    with noting() as notes:
        VIEWS["FILTERS"](silent, layer="shut", steps=4)
    assert notes["responses"] == [0]
    assert VIEWS["FILTERS"].describe(silent, None, notes) == "layer shut, filters 0 (silent)"


def test_filters_are_those_that_respond_to_the_images_where_there_are_some():
    classifier, images = load_classifier(backbone_with_head(), preprocessing="tf"), noise()
    with noting() as notes:
        VIEWS["FILTERS"](classifier, images, layer="last", top=3, steps=2)
    means = classifier.features(images, "last").mean(axis=(0, 1, 2))
    assert notes["channels"] == np.argsort(-means)[:3].tolist()


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


@pytest.mark.parametrize(("parametrisation", "index"), [("pixels", 88), ("fourier", 386)])
def test_efficientnet_predicts_the_class_of_its_impression(lite, parametrisation, index):
    """A macaw and an elephant, from noise in which it sees neither."""
    with noting() as notes:
        VIEWS["CLASS_IMPRESSION"](lite, None, [index], steps=48, parametrisation=parametrisation)
    assert notes["predicted"] == [index]
    ((before, after),), ((low, high),) = notes["logits"], notes["scores"]
    assert after > before + 10
    assert low < 0.01 < 0.5 < high


@pytest.mark.slow
@pytest.mark.parametrize("parametrisation", ["pixels", "fourier"])
def test_efficientnet_predicts_the_classes_of_all_impressions(lite, parametrisation):
    """African elephant, American black bear, macaw, banana, coffee mug."""
    indices = [386, 295, 88, 954, 504]
    with noting() as notes:
        VIEWS["CLASS_IMPRESSION"](lite, None, indices, parametrisation=parametrisation)
    assert notes["predicted"] == indices
    assert min(high for _, high in notes["scores"]) > 0.99


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_efficientnets_code_is_inverted_to_less_than_a_tenth_of_the_loss(lite, optimizer):
    """By Adam to about a fiftieth, by SGD less than a hundredth."""
    names = ("african_elephant", "macaw")
    images = np.stack([resized(read_image(ROOT / f"data/{n}.jpg"), (224, 224)) for n in names])
    with noting() as notes:
        VIEWS["FEATURE_INVERSION"](lite, images, optimizer=optimizer)
    for before, after in notes["losses"]:
        assert after < 0.1 * before
