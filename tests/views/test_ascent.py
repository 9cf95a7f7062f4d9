import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from scipy.ndimage import affine_transform
from support import noise, sequential

from classifier import load_classifier
from views import ascent
from views.ascent import Climb, ascend, climbing, total_variation
from views.class_impression import class_logit
from views.mosaic import at_size, enlarged, mosaic
from views.optimisers import OPTIMISERS
from views.parametrisations import COLOUR_AXES, PARAMETRISATIONS, frequencies, painted_frequencies
from views.transforms import UNCHANGED, random_transforms, transformed


def test_the_step_of_a_linear_classifier_is_its_weights():
    """S_c = sum of w_c x, preprocessed to [-1, 1]: its gradient is w_c / 127.5, whatever x is."""
    network = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 1),  # a layer with positions, of which the scores know nothing
            layers.Lambda(lambda features: features[..., :3]),
            layers.Flatten(),
            layers.Dense(2, use_bias=False),
        ]
    )
    network.layers[0].kernel.assign(np.eye(3, 4)[None, None])
    weights = np.random.default_rng(0).normal(size=(192, 2)).astype(np.float32)
    network.layers[-1].kernel.assign(weights)
    classifier = load_classifier(network, preprocessing="tf")
    program = climbing(class_logit, "pixels", (8, 8))
    constants = (*classifier.colour_transform(), np.float32(0), np.int32(1))
    arrays = (noise((8, 8))[0], *UNCHANGED, *constants)
    gradient = classifier.network.run(program, arrays, 1)["gradient"]
    np.testing.assert_allclose(gradient.ravel(), weights[:, 1] / 127.5, rtol=1e-4, atol=1e-8)


def test_an_unchanged_image_is_the_same():
    (image,) = noise((10, 14), count=1)
    (same,) = transformed(tf.constant(image), *UNCHANGED)
    np.testing.assert_allclose(same, image, atol=1e-3)


def test_an_image_is_moved_and_tinted_as_another_implementation_does_it():
    """SciPy's affine transform, whose border `reflect` is the same mirror."""
    (image,) = noise((12, 18), count=1)
    size = np.array([12, 18])
    for seed in range(5):
        places, tints = random_transforms(np.random.default_rng(seed))
        a, b, down, d, e, right = places[0]
        matrix = np.array([[a, b], [d, e]]) * size[:, None] / size[None]  # parts to pixels
        middle = (size - 1) / 2
        offset = middle - matrix @ middle + np.array([down, right]) * size
        expected = np.stack(
            [
                affine_transform(channel, matrix, offset, order=1, mode="reflect")
                for channel in np.moveaxis(image, -1, 0)
            ],
            axis=-1,
        )
        expected = expected * tints[0, 0] + tints[0, 1]
        (moved,) = transformed(tf.constant(image), places, tints)
        np.testing.assert_allclose(moved, expected, atol=0.02)


def test_transforms_are_small_and_different_each_time():
    rng = np.random.default_rng(0)
    drawn = [random_transforms(rng) for _ in range(200)]
    places, tints = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
    assert len(np.unique(places, axis=0)) == 200
    zoom = np.hypot(places[:, 0], places[:, 1])
    assert 1 / 1.25 <= zoom.min() < 0.85
    assert 1.05 < zoom.max() <= 1 / 0.9
    assert np.abs(tints[:, 0] - 1).max() <= 0.1
    assert np.abs(tints[:, 1]).max() <= 25.5


def test_total_variation_is_that_of_neighbours():
    ramp = np.tile(np.arange(5, dtype=np.float32)[:, None, None] * 51, (1, 4, 3))  # 0.2 a row
    assert float(total_variation(tf.constant(ramp))) == pytest.approx(0.04)
    assert float(total_variation(tf.constant(ramp * 0))) == 0


def test_no_frequencies_are_grey_and_each_is_a_wave():
    grey = painted_frequencies(tf.zeros((16, 16, 3)))
    np.testing.assert_allclose(grey, 127.5)
    coefficients = np.zeros((16, 16, 3), np.float32)
    coefficients[0, 3, 0] = 0.1  # three waves from left to right, of brightness
    image = np.asarray(painted_frequencies(tf.constant(coefficients))) / 255
    values = np.log(image / (1 - image))
    height = 0.1 * frequencies((16, 16))[0, 3, 0] / 16
    phase = 2 * np.pi * 3 * np.arange(16) / 16
    expected = height * (np.cos(phase) + np.sin(phase))[None, :, None] * COLOUR_AXES[0]
    np.testing.assert_allclose(values, np.broadcast_to(expected, (16, 16, 3)), atol=1e-5)


def test_low_frequencies_weigh_more_in_proportion():
    spectrum = frequencies((32, 32))[..., 0]
    assert spectrum[0, 1] / spectrum[0, 4] == pytest.approx(4)
    assert np.mean(spectrum**2) == pytest.approx(1)


@pytest.mark.parametrize("name", PARAMETRISATIONS)
def test_an_ascent_starts_from_grey_noise(name):
    parametrisation = PARAMETRISATIONS[name]
    start = parametrisation.start(np.random.default_rng(0), (64, 64)).astype(np.float32)
    image = np.asarray(parametrisation.paint(tf.constant(start)))
    assert 110 < image.mean() < 145
    assert 1 < image.std() < 30


def test_adam_takes_the_steps_of_keras():
    variable = keras.Variable(np.zeros(3))
    theirs, step, ours = keras.optimizers.Adam(0.1, epsilon=1e-12), OPTIMISERS["adam"](), 0.0
    for gradient in np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32):
        theirs.apply([tf.constant(gradient)], [variable])
        ours = ours - 0.1 * step(gradient)
    np.testing.assert_allclose(ours, np.asarray(variable), rtol=1e-3)


def test_sgd_does_not_care_how_large_gradients_are():
    small, large = OPTIMISERS["sgd"](), OPTIMISERS["sgd"]()
    for gradient in np.random.default_rng(0).normal(size=(5, 3)):
        np.testing.assert_allclose(small(gradient), large(1e6 * gradient))
    assert (OPTIMISERS["sgd"]()(np.zeros(3)) == 0).all()


def test_an_early_end_leaves_the_image_so_far(monkeypatch):
    classifier = load_classifier(sequential())
    climb = Climb(class_logit, 64, 0)
    whole = ascend(classifier, climb, np.int32(0))
    monkeypatch.setattr(ascent, "progress", lambda steps, total: iter(range(5)))
    early = ascend(classifier, climb, np.int32(0))
    assert early.shape == whole.shape == (32, 32, 32, 3)
    np.testing.assert_array_equal(early[:3], whole[:3])
    assert not np.array_equal(early[-1], early[0])
    assert not np.array_equal(early[-1], whole[-1])


def test_a_mosaic_has_its_tiles_row_by_row():
    tiles = [np.full((4, 6, 3), i, np.uint8) for i in range(5)]
    image = mosaic(tiles)
    assert image.shape == (3 * 4 + 4, 2 * 6 + 2, 3)
    assert (image[12:16, :6] == 4).all()
    assert (image[6:10, 8:] == 3).all()
    assert (image[12:, 8:] == 255).all()
    with pytest.raises(ValueError, match="at least one tile"):
        mosaic([])


def test_a_tile_is_enlarged_without_new_values():
    tile = np.arange(27, dtype=np.uint8).reshape(3, 3, 3)
    assert enlarged(tile, 8).shape == (9, 9, 3)
    np.testing.assert_array_equal(enlarged(tile, 8)[1::3, 1::3], tile)
    np.testing.assert_array_equal(at_size(enlarged(tile, 8), (3, 3)), tile)
