import numpy as np
import pytest
from support import NAMES, noise, reference, relative_difference, sequential

from classifier import BlackBox, Classifier, load_classifier
from classifier.labels import numbered_labels
from methods.occlusion import occlusion
from runtime import noting


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


@pytest.mark.parametrize("wrong", [{"stride": -1}, {"patch": 8, "stride": 9}, {"patch": -4}])
def test_patches_that_leave_gaps_are_refused(wrong):
    with pytest.raises(ValueError, match="1 <= stride <= patch"):
        occlusion(mean_classifier((32, 32)), noise(count=1), [0], **wrong)


@pytest.mark.parametrize(
    ("size", "patch", "stride"),
    [((28, 28), 4, 2), ((32, 32), 5, 2), ((64, 64), 9, 4), ((32, 224), 5, 2), ((224, 224), 32, 16)],
)
def test_the_patch_is_a_seventh_of_the_shorter_side_and_the_stride_half_of_that(
    size, patch, stride
):
    image = np.full((1, *size, 3), 200, np.float32)
    with noting() as notes:
        found = occlusion(mean_classifier(size), image, [1], score="probability", fill="black")[0]
    assert (notes["patch"], notes["stride"]) == ([patch] * 2, [stride] * 2)
    assert notes["caption"].endswith(f"patch {patch} x {patch}, stride {stride} x {stride}.")
    assert found[size[0] // 2, size[1] // 2] == pytest.approx(
        200 / 255 * patch**2 / (size[0] * size[1]), rel=1e-2
    )


def test_the_stride_follows_a_patch_that_is_given():
    with noting() as notes:
        occlusion(mean_classifier((32, 32)), noise(count=1), [1], patch=7)
    assert notes["stride"] == [3, 3]
