import matplotlib
import numpy as np
import pytest

from figures.display_rules import DISPLAY_RULES
from representations import (
    REPRESENTATIONS,
    ROWS,
    represent,
    represent_colour,
    represent_convergence,
    represent_hard_mask,
    represent_heatmap,
    represent_heatmap_overlaid,
    represent_isolines,
    represent_soft_selection,
    represent_superpixels,
    upsampled,
)
from utils import normalise

MAP = np.array([[0.0, 1.0], [2.0, 4.0]], np.float32)
IMAGE = np.full((40, 60, 3), 200, np.uint8)


def test_normalise_divides_by_the_maximum_and_leaves_zero():
    np.testing.assert_array_equal(normalise(MAP), MAP / 4)
    assert normalise(np.zeros((2, 2))).max() == 0


def test_a_heatmap_is_the_colormap_of_the_normalised_map():
    colours = (matplotlib.colormaps["viridis"](MAP / 4)[..., :3] * 255).astype(np.uint8)
    assert np.abs(represent_heatmap(MAP, "viridis").astype(int) - colours).max() <= 1
    with pytest.raises(ValueError, match="no colormap 'virridis'"):
        represent_heatmap(MAP, "virridis")


@pytest.mark.parametrize("signed", [False, True])
def test_a_tall_map_is_coloured_part_by_part_as_it_is_in_one(signed):
    tall = np.random.default_rng(0).normal(size=(2 * ROWS + 7, 3)).astype(np.float32)
    values = 0.5 + 0.5 * tall / np.abs(tall).max() if signed else normalise(np.maximum(tall, 0))
    expected = matplotlib.colormaps["turbo"](values, bytes=True)[..., :3]
    np.testing.assert_array_equal(represent_heatmap(tall, "turbo", signed), expected)


def test_negatives_are_drawn_as_zero():
    np.testing.assert_array_equal(
        represent_heatmap(MAP - 2), represent_heatmap(np.maximum(MAP - 2, 0))
    )


@pytest.mark.parametrize("alpha", [0, 0.3, 1])
@pytest.mark.parametrize("signed", [False, True])
def test_an_overlay_has_the_more_of_the_heatmap_the_stronger_the_map(alpha, signed):
    large = upsampled(MAP - 1 if signed else MAP, (40, 60))
    strength = np.abs(large) if signed else np.maximum(large, 0)
    weights = (alpha * strength / strength.max())[..., np.newaxis]
    heatmap = represent_heatmap(large, signed=signed)
    expected = weights * heatmap.astype(float) + (1 - weights) * IMAGE
    blend = represent_heatmap_overlaid(large, IMAGE, alpha=alpha, signed=signed)
    assert np.abs(blend - expected).max() <= 0.51
    with pytest.raises(ValueError, match="alpha is between 0"):
        represent_heatmap_overlaid(MAP, IMAGE, alpha=1.1)


def test_of_a_sparse_map_the_heatmap_counts_by_the_square_root():
    map_ = np.array([[0.0, 0.25, 1.0]])
    image = np.full((1, 3, 3), 100, np.uint8)
    heatmap = represent_heatmap(map_).astype(float)
    weights = np.array([0, 0.5, 1])[:, np.newaxis] * 0.8
    blend = represent_heatmap_overlaid(map_, image, alpha=0.8, sparse=True)
    assert np.abs(blend - (weights * heatmap + (1 - weights) * 100)).max() <= 0.51


@pytest.mark.parametrize("signed", [False, True])
def test_where_the_map_is_nothing_an_overlay_leaves_the_image_as_it_is(signed):
    map_ = np.zeros((40, 60), np.float32)
    map_[:20] = -3 if signed else 3
    blend = represent_heatmap_overlaid(map_, IMAGE, alpha=0.7, signed=signed)
    np.testing.assert_array_equal(blend[20:], IMAGE[20:])
    assert np.abs(blend[:20].astype(int) - IMAGE[:20]).max() > 50


def test_bicubic_upsampling_is_smoother_and_only_of_what_is_drawn():
    map_ = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]], np.float32)
    bilinear, bicubic = (upsampled(map_, (90, 90), how) for how in ("bilinear", "bicubic"))
    bends = [np.abs(np.diff(one[45], 2)).max() for one in (bilinear, bicubic)]
    assert bends[1] < bends[0] / 2
    assert bicubic[45, 45] == pytest.approx(1, abs=0.01)
    drawn = [represent("heatmap", map_, np.zeros((90, 90, 3)), upsampling=how)
             for how in ("bilinear", "bicubic")]  # fmt: skip
    np.testing.assert_array_equal(drawn[1], represent_heatmap(bicubic))
    assert not np.array_equal(*drawn)


def test_isolines_of_a_signed_map_have_the_colours_of_its_bar():
    cone = np.repeat((1 - np.abs(np.arange(610) - 305) / 305)[np.newaxis], 400, 0)
    drawn = represent_isolines(cone, np.full((400, 610, 3), 127, np.uint8), signed=True)
    expected = represent_heatmap(np.array([[0.75, 1.0]]), signed=True)[0, 0]
    assert (np.abs(drawn.astype(int) - expected).max(axis=-1) <= 2).any()


def test_upsampling_keeps_the_middle_of_each_cell_and_adds_no_extremes():
    large = upsampled(np.array([[0.0, 1.0]]), (4, 100))
    assert large.min() == 0
    assert large.max() == 1
    np.testing.assert_allclose(large[0, 50], 0.5, atol=0.011)  # halfway between the two middles
    assert large[0, 24] == 0  # the first cell's middle: half-pixel centres, no aligned corners
    assert large[0, 76] == 1


def test_a_hard_mask_keeps_the_image_where_the_map_is_at_least_half():
    mask = represent_hard_mask(np.array([[0.0, 1.0]]), IMAGE)
    assert (mask[:, :29] == 0).all()
    assert (mask[:, 31:] == 200).all()


def test_a_soft_selection_is_image_times_map():
    large = upsampled(MAP / 4, (40, 60))[..., np.newaxis]
    assert np.abs(represent_soft_selection(MAP, IMAGE) - large * 200).max() <= 0.5001


def test_isolines_go_where_the_map_crosses_its_levels():
    x = np.abs(np.arange(61) - 30) / 30
    cone = np.repeat((1 - x)[np.newaxis], 40, 0)
    drawn = (represent_isolines(cone, np.full((40, 61, 3), 127, np.uint8)) != 127).any(axis=-1)
    crossed = np.flatnonzero(drawn[20])
    expected = [30 - 30 * (1 - level) for level in (0.25, 0.5, 0.75)]
    for place in [*expected, *(60 - p for p in expected)]:
        assert np.abs(crossed - place).min() <= 1
    assert not drawn[20, 29:32].any()


CHARTS = {"convergence", "curves", "cascade", "colour"}  # of notes, not of the map


@pytest.mark.parametrize("name", sorted(REPRESENTATIONS.keys() - CHARTS))
@pytest.mark.parametrize("size", [(40, 60), (60, 40), (1, 1)])
def test_every_representation_is_rgb_of_the_images_size(name, size):
    image = np.full((*size, 3), 100, np.uint8)
    before = image.copy(), MAP.copy()
    drawn = represent(name, MAP, image, colormap="turbo", alpha=0.5)
    assert drawn.shape == (*size, 3)
    assert drawn.dtype == np.uint8
    np.testing.assert_array_equal(image, before[0])
    np.testing.assert_array_equal(MAP, before[1])


def test_a_signed_heatmap_is_symmetric_around_zero():
    drawn = represent_heatmap(np.array([[-2.0, 0.0, 1.0, 4.0]]), signed=True)[0]
    expected = matplotlib.colormaps["RdBu_r"]([0.25, 0.5, 0.625, 1.0], bytes=True)[:, :3]
    np.testing.assert_array_equal(drawn, expected)
    zero = represent_heatmap(np.zeros((1, 1)), signed=True)[0, 0]
    np.testing.assert_array_equal(zero, expected[1])


SEGMENTS = np.array([[3.0, 3.0, -2.0], [0.5, 0.5, -2.0]])


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({"shown": 1}, {3.0}),
        ({"shown": 2}, {3.0, -2.0}),
        ({"shown": 2, "positive_only": True}, {3.0, 0.5}),
        ({"shown": 9, "positive_only": True}, {3.0, 0.5}),
    ],
)
def test_the_strongest_superpixels_are_shown_and_the_rest_hidden(options, kept):
    image = np.full((200, 300, 3), 100, np.uint8)
    drawn = represent_superpixels(SEGMENTS, image, hide_rest=True, **options)
    for row, column in np.ndindex(2, 3):
        middle = drawn[row * 100 + 50, column * 100 + 50]
        value = SEGMENTS[row, column]
        if value not in kept:
            assert middle.tolist() == [0, 0, 0]
        elif value > 0:
            assert middle.tolist() == [100, 100, 100]
        else:
            assert middle[2] > middle[0]  # blue


def test_superpixels_are_tinted_and_bounded():
    drawn = represent_superpixels(SEGMENTS, np.full((200, 300, 3), 100, np.uint8), shown=2)
    assert drawn[50, 50, 0] > drawn[50, 50, 2]  # red: for the class, as in signed maps
    assert drawn[50, 250, 2] > drawn[50, 250, 0]  # blue: against it
    assert drawn[150, 50].tolist() == [100, 100, 100]
    assert drawn[50, 200].tolist() == [255, 230, 0]  # the boundary between two that are shown


@pytest.mark.parametrize(
    ("name", "noted"),
    [
        ("curves", {"DELETION": [[0, 0.5, 1], [0.9, 0.2, 0]]}),
        ("cascade", [[1, 4, 8], [0.9, 0.3, 0.1]]),
    ],
)
def test_charts_of_metrics_are_drawn_of_what_was_noted(name, noted):
    chart = represent(name, MAP, IMAGE, **{name: noted})
    assert chart.dtype == np.uint8
    assert len(np.unique(chart.reshape(-1, 3), axis=0)) > 10
    with pytest.raises(ValueError, match=f"needs {name}"):
        represent(name, MAP, IMAGE)


def test_a_convergence_chart_is_drawn_of_what_was_noted():
    chart = represent_convergence(MAP, IMAGE, [[64, 0.5], [128, 0.8], [256, 0.9]])
    assert chart.dtype == np.uint8
    assert chart.std() > 10
    with pytest.raises(ValueError, match="needs convergence"):
        represent("convergence", MAP, IMAGE)


def test_the_signed_gradient_is_a_colour_image_grey_at_zero():
    gradients = np.zeros((40, 60, 3), np.float32)
    gradients[:20, :, 0], gradients[20:, :, 2] = 2, -4
    gradients[0, 0] = 1e6  # one pixel does not decide
    drawn = represent_colour(MAP, IMAGE, gradients)
    assert drawn[10, 30].tolist() == [191, 128, 128]
    assert drawn[30, 30].tolist() == [128, 128, 0]
    assert drawn[0, 0].tolist() == [255, 255, 255]
    assert represent_colour(MAP, IMAGE, 0 * gradients).std() == 0
    assert represent("colour", MAP, IMAGE[:3], gradients=gradients).shape == (3, 60, 3)
    with pytest.raises(ValueError, match="needs gradients"):
        represent("colour", MAP, IMAGE)


def test_maps_of_gradients_are_clipped_at_their_percentile():
    values = np.arange(1000, dtype=np.float32).reshape(20, 50)
    shown = DISPLAY_RULES["percentile"].shown(values)
    assert shown.max() == pytest.approx(0.995 * 999)
    np.testing.assert_array_equal(shown[:19], values[:19])
    signed = DISPLAY_RULES["signed percentile"].shown(values * np.where(values % 2, 1, -1))
    assert -signed.min() == signed.max() == pytest.approx(0.995 * 999)
    sparse = np.zeros((30, 30))
    sparse[0, 0] = 5  # where almost all is 0, the maximum stays
    np.testing.assert_array_equal(DISPLAY_RULES["percentile"].shown(sparse), sparse)
