"""Mosaics of the maps of a layer."""

import numpy as np
from support import backbone_with_head, noise, sequential

from classifier import load_classifier
from runtime import noting
from views import VIEWS


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
