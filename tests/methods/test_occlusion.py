import numpy as np
import pytest
from support import NAMES, noise, reference, relative_difference, sequential

from classifier import BlackBox, Classifier, load_classifier
from classifier.labels import numbered_labels
from methods.occlusion import occlusion


@pytest.mark.parametrize("name", NAMES)
def test_agrees_with_captum(lite, name):
    maps = reference(name)
    image = maps["image_u8"].astype(np.float32)
    ours = occlusion(lite, np.stack([image, image]), maps["classes"])
    for j in (0, 1):
        assert relative_difference(ours[j], maps[f"occlusion_{j}"]) < 1e-3


def mean_classifier(size) -> Classifier:
    """The second class's probability is the image's mean brightness."""

    def scores(images):
        p = images.mean(axis=(1, 2, 3)) / 255
        return np.stack([1 - p, p], axis=1)

    return Classifier(
        "mean", BlackBox(scores, (*size, 3)), numbered_labels(2), lambda images: images
    )


@pytest.mark.parametrize("size", [(32, 32), (30, 45), (8, 40)])
def test_the_drop_of_a_linear_score_is_the_patchs_share(size):
    image = np.full((1, *size, 3), 200, np.float32)
    found = occlusion(
        mean_classifier(size), image, [1], patch=10, stride=10, fill="black", score="probability"
    )[0]
    assert found.shape == size
    height = np.minimum(10, size[0] - np.arange(size[0]) // 10 * 10)  # patches are cut at the edge
    width = np.minimum(10, size[1] - np.arange(size[1]) // 10 * 10)
    expected = 200 / 255 * np.outer(height, width) / (size[0] * size[1])
    np.testing.assert_allclose(found, expected, rtol=1e-3)


def test_overlapping_patches_are_averaged_over_each_pixel():
    classifier = load_classifier(sequential())
    image = noise(count=1)
    found = occlusion(classifier, image, [1], patch=16, stride=16, fill="white")[0]
    whole = classifier.logits(image)[0, 1]
    for top, left in ((0, 0), (16, 0), (16, 16)):
        covered = image.copy()
        covered[:, top : top + 16, left : left + 16] = 255
        drop = whole - classifier.logits(covered)[0, 1]
        np.testing.assert_allclose(found[top : top + 16, left : left + 16], drop, atol=1e-4)
    finer = occlusion(classifier, image, [1], patch=16, stride=8)[0]
    assert len(np.unique(finer.round(6))) > 9


@pytest.mark.parametrize("wrong", [{"stride": 0}, {"patch": 8, "stride": 9}])
def test_patches_that_leave_gaps_are_refused(wrong):
    with pytest.raises(ValueError, match="1 <= stride <= patch"):
        occlusion(mean_classifier((32, 32)), noise(count=1), [0], **wrong)
