from itertools import pairwise

import numpy as np
import pytest
from skimage.transform import resize
from support import NAMES, noise, reference, relative_difference, sequential

from classifier import BlackBox, Classifier, load_classifier
from classifier.labels import numbered_labels
from engines.fills import background
from engines.perturbation import batches_of, perturbed
from engines.statistics import correlation
from methods import METHODS
from methods.rise import given_masks, made_masks, random_grids, rise, upsampling_matrix
from runtime import noting


def brightness_classifier(size=(32, 32)) -> Classifier:
    """A fake with a known answer: the second class's probability is one pixel's brightness."""

    def scores(images):
        seen = images[:, 4, 20, 0] / 255
        return np.stack([1 - seen, seen], axis=1)

    return Classifier(
        "fake", BlackBox(scores, (*size, 3)), numbered_labels(2), lambda images: images
    )


def masks_of(grid, keep, count, size, seed=0) -> np.ndarray:
    """The masks (count, H, W) that RISE makes, recorded through a classifier that repeats them."""
    recorded = []

    def hear(images):
        recorded.append(images[..., 0].copy())
        return np.full((len(images), 2), 0.5, np.float32)

    classifier = Classifier("recorder", BlackBox(hear, (*size, 3)), numbered_labels(2), lambda x: x)
    rise(
        classifier,
        np.ones((1, *size, 3), np.float32),
        [0],
        masks=count,
        grid=grid,
        keep=keep,
        seed=seed,
    )
    return np.concatenate(recorded)


@pytest.fixture(scope="module")
def their_masks():
    """(200, 224, 224): the grids upsampled by scikit-image, rounded to 1/255 and cropped."""
    maps = reference("rise_masks")
    masks = []
    for grid, (row, column) in zip(maps["grid"], maps["shift"], strict=True):
        large = resize(grid.astype(float), (252, 252), order=1, mode="reflect", anti_aliasing=False)
        masks.append(large[row : row + 224, column : column + 224])
    return np.rint(np.array(masks, np.float32) * 255) / 255


@pytest.mark.parametrize("name", NAMES)
def test_with_the_references_own_masks_the_maps_agree(lite, name, their_masks):
    maps = reference(name)
    classes = maps["classes"].astype(np.int32)
    image = maps["image_u8"].astype(np.float32)
    constants = (background(lite), classes)
    batches = batches_of(their_masks)
    answers = perturbed(lite, given_masks, image, batches, len(their_masks), constants)
    ours = sum(answer["weighted"] for answer in answers) / (len(their_masks) * 0.5)
    for j in (0, 1):
        assert relative_difference(ours[j], maps[f"rise_{j}"]) < 1e-4


def test_masks_are_the_authors_grid_upsampled_and_shifted():
    """The authors upsample with scikit-image and crop; the toolkit multiplies two matrices."""
    grids, shifts = next(random_grids(4, (7, 7), 0.5, [5, 5], seed=3, batch=4))
    ours = masks_of(7, 0.5, 4, (32, 32), seed=3)
    for grid, (row, column), mask in zip(grids, shifts, ours, strict=True):
        large = resize(grid, (40, 40), order=1, mode="reflect", anti_aliasing=False)
        np.testing.assert_allclose(mask, large[row : row + 32, column : column + 32], atol=1e-5)


def test_every_mask_has_its_own_shift_and_the_share_that_is_asked_for():
    masks = masks_of(8, 0.4, 600, (32, 48))
    assert masks.mean() == pytest.approx(0.4, abs=0.02)
    assert 0 <= masks.min() <= masks.max() <= 1 + 1e-6
    _, shifts = next(random_grids(32, (8, 8), 0.4, [4, 6], seed=0, batch=32))
    assert len({tuple(shift) for shift in shifts.tolist()}) > 10
    assert shifts.max(axis=0).tolist() == [3, 5]


def test_upsampling_keeps_constants_and_the_middle():
    matrix = upsampling_matrix(4, 10)
    assert matrix.shape == (50, 4)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(matrix[::-1, ::-1], matrix, atol=1e-6)


def test_a_pixel_that_alone_decides_is_found():
    classifier = brightness_classifier()
    image = np.full((1, 32, 32, 3), 255, np.float32)
    found = rise(classifier, image, [1], masks=2000, grid=8)[0]
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert abs(row - 4) <= 3
    assert abs(column - 20) <= 3


def test_a_score_that_never_changes_gives_its_probability_everywhere():
    def constant(images):
        return np.full((len(images), 2), [0.3, 0.7], np.float32)

    classifier = Classifier(
        "even", BlackBox(constant, (32, 32, 3)), numbered_labels(2), lambda x: x
    )
    found = rise(classifier, noise(count=1), [1], masks=3000)[0]
    np.testing.assert_allclose(found, 0.7, atol=0.05)


def test_all_classes_of_an_image_come_from_one_run():
    classifier = load_classifier(sequential())
    images = np.repeat(noise(count=1), 3, axis=0)
    with noting() as notes:
        together = rise(classifier, images, [0, 1, 2], masks=64)
    assert notes["passes"] == 64
    for index in range(3):
        alone = rise(classifier, images[:1], [index], masks=64)[0]
        np.testing.assert_allclose(together[index], alone, rtol=1e-5)


def test_the_same_seed_gives_the_same_map_and_another_seed_another():
    classifier = load_classifier(sequential())
    images = noise(count=1)
    first = rise(classifier, images, [0], masks=96)
    np.testing.assert_array_equal(first, rise(classifier, images, [0], masks=96))
    assert not np.array_equal(first, rise(classifier, images, [0], masks=96, seed=1))


def test_it_stops_when_stable_and_notes_the_curve():
    classifier = brightness_classifier()
    image = np.full((1, 32, 32, 3), 255, np.float32)
    with noting() as notes:
        rise(classifier, image, [1], masks=20_000, until_stable=0.9)
    counts, correlations = zip(*notes["convergence"], strict=True)
    assert notes["passes"] == counts[-1] < 20_000
    assert correlations[-1] >= 0.9 > max(correlations[:-1], default=0)
    assert [b / a for a, b in pairwise(counts)] == [2] * (len(counts) - 1)


def test_the_curve_is_the_correlation_with_half_as_many_masks():
    classifier = brightness_classifier()
    image = np.full((1, 32, 32, 3), 255, np.float32)
    with noting() as notes:
        whole = rise(classifier, image, [1], masks=640)[0]
    half = rise(classifier, image, [1], masks=320)[0]
    assert notes["convergence"][-1] == [640, pytest.approx(correlation(whole, half), abs=1e-6)]


def test_presets_are_the_labs_and_the_authors_and_what_is_given_wins():
    call = METHODS["RISE"].call
    assert call(preset="lab").options["masks"] == 200
    assert call(preset="lab").options["keep"] == 0.4
    assert call(preset="authors").options | {"seed": 0} == {
        "masks": 8000, "grid": 7, "keep": 0.5, "seed": 0, "until_stable": 0.0, "time_grid": 0,
    }  # fmt: skip
    assert call(preset="lab", masks=50).options["masks"] == 50
    with pytest.raises(ValueError, match="did you mean 'lab'"):
        call(preset="labs").options  # noqa: B018 (which raises)


@pytest.mark.parametrize("wrong", [{"masks": 0}, {"grid": 0}, {"keep": 1.0}, {"until_stable": 1.5}])
def test_options_out_of_range_are_refused(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"RISE: {name} is .*, got {name}="):
        METHODS["RISE"](brightness_classifier(), noise(count=1), [0], **wrong)


def test_the_question_gives_sums_not_masks():
    """What leaves the graph does not grow with the number of masks."""
    classifier = load_classifier(sequential())
    batches = random_grids(70, (8, 8), 0.5, [4, 4], seed=0, batch=32)
    matrices = (upsampling_matrix(8, 4), upsampling_matrix(8, 4))
    constants = (background(classifier), np.array([0, 2], np.int32), *matrices)
    image = noise(count=1)[0]
    for answer in perturbed(classifier, made_masks, image, batches, 70, constants):
        assert {name: array.shape for name, array in answer.items()} == {
            "weighted": (2, 32, 32),
            "squares": (2, 32, 32),
            "range": (2, 2),
        }


@pytest.mark.slow
@pytest.mark.parametrize("name", ["black_bear", "dog_cat", "dog_person", "elephant_scene"])
def test_two_seeds_agree_with_4000_masks(lite, name):
    maps = reference(name)
    image = maps["image_u8"][np.newaxis].astype(np.float32)
    classes = maps["classes"][:1]
    first, second = (rise(lite, image, classes, masks=4000, seed=seed) for seed in (1, 2))
    assert correlation(first, second) > 0.95
