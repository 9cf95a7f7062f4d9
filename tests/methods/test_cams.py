"""Closed forms: what each class activation map must be where the answer is known."""

import keras
import numpy as np
import pytest
from keras import layers
from scipy.special import softmax
from support import noise, sequential

from classifier import load_classifier
from classifier.network.forward import BATCH
from gradcam import gradcam
from methods import METHODS, ablationcam, gradcampp, hirescam, scorecam, xgradcam
from runtime import noting


@pytest.fixture(scope="module")
def linear():
    """A network whose head is global average pooling and one dense layer."""
    return load_classifier(sequential())


def classifier_with(head: list, features=(8, 8, 4)) -> "Classifier":  # noqa: F821 (a word)
    """A convolution named conv, and that head; always the same weights."""
    keras.utils.set_random_seed(0)
    convolution = layers.Conv2D(features[-1], 3, padding="same", name="conv")
    inputs = keras.Input((*features[:2], 3))
    return load_classifier(keras.Sequential([inputs, convolution, *head]), preprocessing="tf")


def test_cam_is_grad_cam_times_the_number_of_positions(linear):
    ours = METHODS["CAM"](linear, noise(), [0, 2])
    np.testing.assert_allclose(ours, 64 * gradcam(linear, noise(), [0, 2]), rtol=1e-4, atol=1e-5)


def test_cam_weighs_channels_as_the_dense_layer_does(linear):
    weights = np.asarray(linear.model.get_layer("scores").kernel)[:, 1]
    expected = np.maximum(linear.features(noise()) @ weights, 0)
    np.testing.assert_allclose(METHODS["CAM"](linear, noise(), [1, 1]), expected, rtol=1e-4)


@pytest.mark.parametrize(
    "head",
    [
        [layers.GlobalAveragePooling2D(), layers.Dropout(0.5), layers.Dense(2, "softmax")],
        [layers.AveragePooling2D(8), layers.Flatten(), layers.Dense(2, "sigmoid")],
        [layers.GlobalAveragePooling2D(), layers.Dense(1, "sigmoid")],
        [layers.GlobalAveragePooling2D(keepdims=True), layers.Conv2D(2, 1), layers.Flatten()],
    ],
)
def test_cam_goes_through_dropout_and_flatten(head):
    classifier = classifier_with(head)
    maps = METHODS["CAM"](classifier, noise((8, 8)), [0, 1])
    expected = 64 * gradcam(classifier, noise((8, 8)), [0, 1])
    np.testing.assert_allclose(maps, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "head",
    [
        [layers.Flatten(), layers.Dense(2, "softmax")],
        [layers.GlobalMaxPooling2D(), layers.Dense(2, "softmax")],
        [layers.GlobalAveragePooling2D(), layers.Dense(9, "relu"), layers.Dense(2, "softmax")],
        [layers.GlobalAveragePooling2D(), layers.Dense(9, "tanh"), layers.Dense(2, "softmax")],
        [layers.ReLU(), layers.Flatten(), layers.Dense(2, "softmax")],
    ],
)
def test_cam_says_which_heads_it_cannot_take(head):
    with pytest.raises(ValueError, match="CAM needs a head of global average pooling and one"):
        METHODS["CAM"](classifier_with(head), noise((8, 8)), [0, 1])


def test_cam_is_the_classs_own_map_where_the_head_pools_maps_of_classes():
    head = [layers.Conv2D(3, 1, activation="relu", name="classes"), layers.GlobalAveragePooling2D()]
    classifier = classifier_with([*head, layers.Softmax()])
    assert (classifier.layer, classifier.class_maps) == ("conv", "classes")
    with noting() as notes:
        maps = METHODS["CAM"](classifier, noise((8, 8)), [0, 2])
    own = classifier.features(noise((8, 8)), "classes")
    np.testing.assert_allclose(maps, [own[0, ..., 0], own[1, ..., 2]], rtol=1e-4, atol=1e-6)
    assert notes["layer"] == "classes"


@pytest.mark.parametrize("name", ["HIRESCAM", "XGRADCAM"])
def test_before_global_pooling_hirescam_and_xgradcam_are_grad_cam(linear, name):
    ours = METHODS[name](linear, noise(), [0, 1])
    np.testing.assert_allclose(ours, gradcam(linear, noise(), [0, 1]), rtol=1e-3, atol=1e-5)


def test_elsewhere_they_are_not():
    classifier = load_classifier(sequential(), layer="conv2")
    maps = [METHODS[name](classifier, noise(), [0, 1]) for name in ("HIRESCAM", "XGRADCAM")]
    maps.append(gradcam(classifier, noise(), [0, 1]))
    assert not any(np.allclose(maps[i], maps[i - 1], rtol=0.1) for i in range(3))


def test_hirescam_adds_up_to_the_logit_where_the_head_is_linear():
    classifier = classifier_with([layers.Flatten(), layers.Dense(2, use_bias=False, name="scores")])
    features, gradients = classifier.feature_gradients(noise((8, 8)), [0, 1])
    logits = classifier.logits(noise((8, 8)))
    total = hirescam.weighted(features, gradients)
    np.testing.assert_allclose(
        total.sum(axis=(1, 2, 3)), [logits[0, 0], logits[1, 1]], rtol=1e-3, atol=1e-5
    )


def test_layercam_of_positive_features_is_at_least_hirescam(linear):
    layer, hires = (METHODS[name](linear, noise(), [0, 1]) for name in ("LAYERCAM", "HIRESCAM"))
    assert (layer >= hires - 1e-6).all()
    assert layer.sum() > 1.1 * hires.sum()


def test_gradcampp_by_hand():
    features = np.array([[[[2.0, 1.0], [0.0, 3.0]]]])  # (1, 1, 2, 2)
    gradients = np.array([[[[1.0, -1.0], [0.5, 0.0]]]])
    # channel 0, sum 2: 1 / (2 + 2) and 0.25 / (0.5 + 0.25); channel 1 has no positive gradient
    weight = 1 / 4 * 1 + 1 / 3 * 0.5
    expected = features * np.array([weight, 0.0])
    np.testing.assert_allclose(gradcampp.weighted(features, gradients), expected, rtol=1e-5)


def test_xgradcam_weighs_gradients_by_their_share_of_the_features():
    features = np.array([[[[3.0, 0.0], [1.0, 0.0]]]])
    gradients = np.array([[[[1.0, 5.0], [-1.0, 5.0]]]])
    expected = features * np.array([(3 - 1) / 4, 0.0])
    np.testing.assert_allclose(xgradcam.weighted(features, gradients), expected, atol=1e-6)


def test_eigencam_is_the_first_left_singular_vector_of_the_centred_features(linear):
    for image in noise():
        rows = linear.features(image[None])[0].reshape(64, -1)
        rows = rows - rows.mean(axis=0)
        left, strengths, _ = np.linalg.svd(rows)
        expected = left[:, 0] * strengths[0]
        expected *= np.sign(expected @ rows.mean(axis=1))
        (ours,) = METHODS["EIGENCAM"](linear, image[None], [0])
        np.testing.assert_allclose(ours.ravel(), expected, rtol=1e-3, atol=1e-4)
        assert ours.min() < 0


def test_ablationcam_of_a_linear_head_has_each_channels_share_in_the_logit(linear):
    """S_c - S_c without channel k is w_kc mean(A_k), to the last."""
    features = linear.features(noise())
    kernel = np.asarray(linear.model.get_layer("scores").kernel)
    logits = linear.logits(noise())
    with noting() as notes:
        ours = METHODS["ABLATIONCAM"](linear, noise(), [0, 2])
    for found, A, logit, c in zip(ours, features, logits, (0, 2), strict=True):
        weights = kernel[:, c] * A.mean(axis=(0, 1)) / logit[c]
        np.testing.assert_allclose(found, np.maximum(A @ weights, 0), rtol=1e-3, atol=1e-5)
    assert notes["passes"] == 1 + 2 * (16 + 1)


def test_ablationcam_asks_for_more_at_once_where_only_the_head_follows(linear):
    small, large = (np.zeros((1, side, side, 16), np.float32) for side in (8, 512))
    assert ablationcam.batch_size(linear, small, linear.layer) == 4 * BATCH
    assert ablationcam.batch_size(linear, large, linear.layer) == BATCH
    assert ablationcam.batch_size(linear, small, "another") == BATCH


def test_ablationcam_of_a_logit_that_is_zero_is_zero():
    classifier = classifier_with([layers.GlobalAveragePooling2D(), layers.Dense(2, name="scores")])
    classifier.model.get_layer("scores").kernel.assign(np.zeros((4, 2)))
    assert not METHODS["ABLATIONCAM"](classifier, noise((8, 8)), [0, 1]).any()


def test_scorecam_asks_with_each_channel_as_a_mask(linear):
    """By hand: numpy's interpolation with aligned corners, one pass a channel, softmax."""
    image = noise()[:1]
    features = linear.features(image)[0]
    places = np.linspace(0, 7, 32)
    rows = [[np.interp(places, range(8), row) for row in A] for A in np.moveaxis(features, -1, 0)]
    masks = np.array([[np.interp(places, range(8), c) for c in np.transpose(m)] for m in rows])
    masks = masks.transpose(0, 2, 1)  # (K, 32, 32)
    masks -= masks.min(axis=(1, 2), keepdims=True)
    masks /= np.maximum(masks.max(axis=(1, 2), keepdims=True), 1e-30)  # some channels are off
    seen = 127.5 + masks[..., None] * (image - 127.5)  # the network rescales that to 0 by itself
    logits = linear.logits(seen.astype(np.float32))
    expected = np.maximum(features @ softmax(logits.T, axis=-1)[1], 0)
    (ours,) = METHODS["SCORECAM"](linear, image, [1])
    np.testing.assert_allclose(ours, expected, rtol=1e-3, atol=1e-5)


def test_aligned_corners_put_the_ends_on_the_ends():
    matrix = scorecam.aligned_upsampling(3, 5)
    np.testing.assert_allclose(matrix @ [1, 2, 4], [1, 1.5, 2, 3, 4])
    np.testing.assert_allclose(scorecam.aligned_upsampling(1, 4), np.ones((4, 1)))


def test_a_channel_that_is_flat_masks_everything():
    classifier = classifier_with([layers.GlobalAveragePooling2D(), layers.Dense(2, name="scores")])
    kernel, bias = classifier.model.get_layer("conv").weights
    kernel.assign(np.zeros(kernel.shape))
    bias.assign(np.full(bias.shape, 0.3))
    (ours,) = METHODS["SCORECAM"](classifier, noise((8, 8), 1), [0])
    np.testing.assert_allclose(ours, 0.3, rtol=1e-5)  # four channels of equal weight
