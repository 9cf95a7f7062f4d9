import numpy as np
import pytest
from scipy.ndimage import label
from support import ROOT

from experiments import hide, masked, moved_region, salient_region
from images import read_image, resized
from methods import METHODS

IMAGE = np.full((60, 90, 3), 200, np.float32)
MAP = np.random.default_rng(0).random((60, 90)).astype(np.float32)


@pytest.mark.parametrize("fraction", [0.01, 0.1, 0.2, 0.5, 0.77, 0.99])
@pytest.mark.parametrize("size", [(56, 56), (60, 90), (10, 33)])
def test_the_share_is_the_fraction_within_one_cell(size, fraction):
    cell = np.ceil(size[0] / 14) * np.ceil(size[1] / 14)
    values = np.random.default_rng(1).normal(size=size)
    for shape, largest in (("rectangles", cell), ("pixels", 1)):
        region = salient_region(values, fraction, shape)
        assert region.shape == size
        least = max(fraction, 0.5 * largest / region.size)  # there is one cell at least
        assert abs(region.sum() - least * region.size) <= largest / 2 + 1e-6


def test_the_most_salient_pixels_are_those_above_the_quantile():
    region = salient_region(MAP, 0.2, "pixels")
    assert MAP[region].min() >= MAP[~region].max()


def test_the_most_salient_cells_are_those_of_the_largest_mean():
    values = np.zeros((56, 56))  # cells of 4 x 4
    values[8:16, 20:28] = 1
    values[0, 0] = 10  # a mean of 0.6 in its cell
    region = salient_region(values, 4 / 196)
    expected = np.zeros((56, 56), bool)
    expected[8:16, 20:28] = True
    np.testing.assert_array_equal(region, expected)


def test_ties_are_broken_in_the_order_of_reading():
    region = salient_region(np.ones((56, 56)), 14 / 196)
    assert region[:4].all()
    assert not region[4:].any()


def test_what_is_salient_is_black_and_the_rest_is_as_it_was():
    before = IMAGE.copy()
    hidden = masked(IMAGE, MAP, 0.3)
    np.testing.assert_array_equal(IMAGE, before)
    assert hidden.image.dtype == np.float32
    assert (hidden.image[hidden.hidden] == 0).all()
    assert (hidden.image[~hidden.hidden] == 200).all()
    assert hidden.share == hidden.hidden.mean() == pytest.approx(0.3, abs=0.005)


def test_keeping_hides_just_the_rest():
    kept, lost = (masked(IMAGE, MAP, 0.3, keep, shape="pixels") for keep in (True, False))
    np.testing.assert_array_equal(kept.hidden, ~lost.hidden)
    assert kept.share == lost.share
    np.testing.assert_array_equal(kept.image + lost.image, IMAGE)


def test_a_blur_hides_with_what_is_around():
    image = np.zeros((56, 56, 3), np.float32)
    image[:, ::2] = 255
    hidden = masked(image, np.eye(56), 0.2, fill="blur")
    assert np.abs(hidden.image[hidden.hidden] - 127.5).max() < 20
    np.testing.assert_array_equal(hidden.image[~hidden.hidden], image[~hidden.hidden])


def test_a_coarse_map_is_upsampled():
    coarse = np.array([[0, 0], [0, 1]])
    assert masked(IMAGE, coarse, 0.1).hidden[45:, 67:].mean() > 0.35
    assert not masked(IMAGE, coarse, 0.1).hidden[:30, :45].any()


def test_a_moved_region_has_the_share_and_the_shape_of_the_old_one():
    region = np.zeros((40, 60), bool)
    region[5:15, 7:30] = True
    places = set()
    for seed in range(30):
        moved = moved_region(region, seed)
        assert moved.sum() == region.sum()
        wrapped = np.roll(moved, tuple(-np.argwhere(moved)[0]), (0, 1))
        assert label(np.tile(moved, (2, 2)))[1] <= 9
        places.add(wrapped.tobytes() + moved.tobytes())
    assert len(places) > 25


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"fraction": 0}, "between 0 and 1"),
        ({"fraction": 20}, "between 0 and 1"),
        ({"fraction": 0.2, "fill": "white"}, "black, blur"),
        ({"fraction": 0.2, "shape": "circles"}, "rectangles, pixels"),
    ],
)
def test_what_makes_no_sense_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        masked(IMAGE, MAP, **options)


@pytest.mark.parametrize("fill", ["black", "blur"])
def test_masking_what_grad_cam_finds_hurts_more_than_masking_anything(lite, fill):
    """The four composites, against the mean over eight random regions, and eight of its shape."""
    names = ("african_elephant", "african_elephant_forest", "american_black_bear")
    names += ("american_black_bear_forest",)
    images = np.stack([resized(read_image(ROOT / f"data/{n}.jpg"), (224, 224)) for n in names])
    classes = np.array([386, 386, 295, 295])
    maps = METHODS["GRADCAM"](lite, images, classes)
    for image, saliency_map, index in zip(images, maps, classes, strict=True):
        salient = masked(image, saliency_map, 0.2, fill=fill)
        others = [moved_region(salient.hidden, seed) for seed in range(8)]
        images = [image, salient.image, *(hide(image, r, fill=fill).image for r in others)]
        whole, least, *rest = lite.scores(np.stack(images))[:, index]
        assert whole - least > whole - np.mean(rest)
