"""Masks, labels, gaze maps and spots as they are published: the right object, or refused."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support import ROOT

from evaluation import METRICS
from evaluation.ground_truth import GroundTruth, GroundTruthError, find_ground_truth, truth_of
from evaluation.measure import MetricInputs, measure
from evaluation.metric import FIXATIONS, GAZE, MASK
from registry import parse_call

GAZE_FOLDER = Path(os.environ.get("EXPLAINER_GAZE", ROOT.parent / "shared" / "gaze"))
ON_MASKS = ("POINTING", "ENERGY_IN_MASK", "RANK_ACCURACY")
SIZE = (80, 120)
OBJECT = np.zeros(SIZE, np.uint8)
OBJECT[20:60, 10:50] = 1
SECOND = np.zeros(SIZE, np.uint8)
SECOND[20:70, 60:100] = 1
BORDER = np.zeros(SIZE, bool)
BORDER[18:62, 8:52] = True
BORDER &= OBJECT == 0


def gaussian(size=SIZE, sigma=12.0):
    rows, columns = np.mgrid[: size[0], : size[1]]
    return np.exp(-((rows - 30) ** 2 + (columns - 50) ** 2) / (2 * sigma**2))


def with_palette(labels, colours):
    image = Image.fromarray(labels.astype(np.uint8))
    image.putpalette(np.asarray(colours, np.uint8).ravel().tolist())
    return image


def voc(labels):
    palette = np.zeros((256, 3), np.uint8)
    palette[12], palette[15], palette[255] = (64, 0, 128), (192, 128, 128), (224, 224, 192)
    return with_palette(labels, palette)


def rgba(colours, opacity):
    channels = [np.broadcast_to(colours, (*SIZE, 3)), opacity]
    return Image.fromarray(np.dstack(channels).astype(np.uint8))


NOISE = np.random.default_rng(0).integers(0, 255, (*SIZE, 3), np.uint8)
RED_ON_BLACK = OBJECT[..., None] * np.array([220, 20, 30], np.uint8)
MASKS = {
    "black_and_white": Image.fromarray(255 * OBJECT),
    "zero_and_one": Image.fromarray(OBJECT),
    "one_bit": Image.fromarray(OBJECT.astype(bool)),
    "smooth_edges": Image.fromarray(255 * OBJECT).resize((60, 40)).resize((120, 80)),
    "white_on_transparent": rgba(255, 255 * OBJECT),
    "black_on_transparent": rgba(0, 255 * OBJECT),
    "cut_out": rgba(NOISE, 255 * OBJECT),
    "opaque": rgba(255 * OBJECT[..., None], np.full(SIZE, 255, np.uint8)),
    "voc_palette": voc(np.where(BORDER, 255, 12 * OBJECT)),
    "voc_numbers": Image.fromarray(np.where(BORDER, 255, 15 * OBJECT).astype(np.uint8)),
    "voc_colours": voc(np.where(BORDER, 255, 12 * OBJECT)).convert("RGB"),
    "pet": Image.fromarray(np.where(BORDER, 3, 2 - OBJECT).astype(np.uint8)),
    "matting": Image.fromarray(np.where(BORDER, 128, 255 * OBJECT).astype(np.uint8)),
    "one_colour": Image.fromarray(RED_ON_BLACK),
    "grey_palette": with_palette(OBJECT, [[0, 0, 0], [255, 255, 255]]),
    "white_palette": with_palette(1 - OBJECT, [[255, 255, 255], [0, 0, 0]]),
    "sixteen_bits": Image.fromarray(OBJECT.astype(np.uint16) * 24_001),
}


@pytest.mark.parametrize("name", MASKS)
def test_every_mask_is_that_of_the_object(name, tmp_path):
    file = tmp_path / f"{name}.png"
    MASKS[name].save(file)
    truth = truth_of(file)
    assert truth.kind == MASK
    if name == "smooth_edges":
        assert np.mean(truth.content != OBJECT) < 0.02
    else:
        np.testing.assert_array_equal(truth.content, OBJECT == 1)


@pytest.mark.parametrize("numbers", [(1, 2), (3, 7), (7, 3), (24_001, 24_002)])
def test_instances_are_all_the_object(numbers, tmp_path):
    labels = OBJECT.astype(np.uint16) * numbers[0] + SECOND.astype(np.uint16) * numbers[1]
    small = labels if max(numbers) > 255 else labels.astype(np.uint8)
    Image.fromarray(small).save(tmp_path / "a.png")
    np.save(tmp_path / "a.npy", labels)
    for name in ("a.png", "a.npy"):
        truth = truth_of(tmp_path / name)
        np.testing.assert_array_equal(truth.content, (OBJECT | SECOND) == 1)
        assert truth.description == "an object mask of labels (numbers)"
        assert truth.remark == "labels {}, {}".format(*sorted(numbers))


def jet(density):
    import matplotlib

    return Image.fromarray((matplotlib.colormaps["jet"](density)[..., :3] * 255).astype(np.uint8))


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (jet(gaussian()), "colours; expected a grey gaze map"),
        (jet(gaussian()).convert("P"), "colours; expected a grey gaze map"),
        (Image.fromarray(100 + 50 * OBJECT), "its only values are 100 and 150"),
        (with_palette(OBJECT, [[255, 255, 255], [255, 0, 0]]), "palette is not black"),
        (Image.fromarray(85 * OBJECT + 255 * SECOND), "255 may be void or an object"),
        (rgba(NOISE, (255 * gaussian()).astype(np.uint8)), "transparent by degrees"),
    ],
)
def test_what_is_not_sure_is_refused(image, words, tmp_path):
    image.save(tmp_path / "a.png")
    with pytest.raises(GroundTruthError, match=words) as caught:
        _ = GroundTruth([tmp_path / "a.png"], SIZE).mask
    assert str(tmp_path / "a.png") in str(caught.value)


@pytest.mark.parametrize("levels", [255, 30, 6])
def test_a_gaze_map_stays_one_however_coarse(levels, tmp_path):
    density = np.round(gaussian() * levels).astype(np.uint8)
    Image.fromarray(density).save(tmp_path / "a.png")
    rgba(255, (255 * gaussian()).astype(np.uint8)).save(tmp_path / "b.png")
    Image.fromarray((255 * gaussian()).astype(np.uint8)).save(tmp_path / "c.jpg", quality=60)
    for name in ("a.png", "b.png", "c.jpg"):
        assert truth_of(tmp_path / name).kind == GAZE


def test_spots_are_fixations_at_their_middle_in_the_images_pixels(tmp_path):
    places = np.array([[10, 20], [40, 33], [100, 60]])
    spots = np.zeros(SIZE, np.uint8)
    spots[places[:, 1], places[:, 0]] = 255
    Image.fromarray(spots).save(tmp_path / "a.png")
    twice = GroundTruth([tmp_path / "a.png"], (2 * SIZE[0], 2 * SIZE[1]))
    np.testing.assert_array_equal(twice.fixations, 2 * places + 1)
    np.save(tmp_path / "b.npy", places)
    np.testing.assert_array_equal(GroundTruth([tmp_path / "b.npy"], SIZE).fixations, places)
    assert twice.density.shape == (2 * SIZE[0], 2 * SIZE[1])


@pytest.mark.parametrize("observers", [False, True])
def test_matlabs_files_are_read(observers, tmp_path):
    from scipy.io import savemat

    if observers:
        gaze = np.zeros(2, [("location", "O"), ("fixations", "O")])
        gaze["fixations"] = [np.array([[10, 20], [40, 33]]), np.array([[100, 60]])]
        savemat(tmp_path / "a.mat", {"image": "a", "gaze": gaze})
        expected = [[10, 20], [40, 33], [100, 60]]
    else:
        matrix = np.zeros(SIZE, np.uint8)
        matrix[20, 10] = 1
        savemat(tmp_path / "a.mat", {"fixations": matrix, "sigma": 3.0})
        expected = [[10.5, 20.5]]
    np.testing.assert_array_equal(GroundTruth([tmp_path / "a.mat"], SIZE).fixations, expected)
    (tmp_path / "b.mat").write_bytes(b"x" * 200)
    with pytest.raises(GroundTruthError, match=r"b\.mat': it is no MATLAB file"):
        _ = GroundTruth([tmp_path / "b.mat"], SIZE).mask


CORNERS = [10, 20, 50, 20, 50, 60, 10, 60]
COUNTS = [10 * 80 + 20] + [40, 40] * 39 + [40, 20 + 70 * 80]


def compressed(counts):
    """What `rleToString` of pycocotools makes of counts."""
    letters = []
    for number, count in enumerate(counts):
        value = count - (counts[number - 2] if number > 2 else 0)
        more = True
        while more:
            bits = value & 0x1F
            value >>= 5
            more = value != (-1 if bits & 0x10 else 0)
            letters.append(chr((bits | 0x20 * more) + 48))
    return "".join(letters)


def coco(segmentation):
    return {
        "images": [{"id": 7, "file_name": "val/a.jpg", "height": 80, "width": 120}],
        "annotations": [{"image_id": 7, "iscrowd": 0, "segmentation": segmentation}],
        "categories": [],
    }


@pytest.mark.parametrize(
    "segmentation", [[CORNERS], {"counts": COUNTS}, {"counts": compressed(COUNTS)}]
)
def test_coco_and_labelme_give_the_object(segmentation, tmp_path):
    image = tmp_path / "images" / "a.jpg"
    image.parent.mkdir()
    image.touch()
    file = tmp_path / "instances.json"
    file.write_text(json.dumps(coco(segmentation)))
    other = image.with_name("b.jpg")
    assert find_ground_truth([image, other], [str(file)]) == {image: (file,)}
    truth = GroundTruth([file], SIZE, image=image)
    np.testing.assert_array_equal(truth.mask, OBJECT == 1)
    assert truth.descriptions == [(file, "an object mask of COCO's objects", "1 objects")]
    points = np.reshape(CORNERS, (-1, 2)).tolist()
    shapes = [{"shape_type": "polygon", "points": points}]
    shapes += [{"shape_type": "rectangle", "points": [points[0], points[2]]}]
    labelme = {"shapes": shapes, "imageHeight": 80, "imageWidth": 120, "imageData": None}
    (tmp_path / "a.json").write_text(json.dumps(labelme))
    np.testing.assert_array_equal(GroundTruth([tmp_path / "a.json"], SIZE).mask, OBJECT == 1)


@pytest.mark.parametrize("content", ["{", "[]", '{"a": 1}', '{"shapes": [{}]}'])
def test_json_of_something_else_is_refused(content, tmp_path):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(GroundTruthError, match=r"ground truth '.*a\.json': "):
        _ = GroundTruth([tmp_path / "a.json"], SIZE).mask


@pytest.mark.parametrize("value", [0, 1])
def test_a_mask_of_everything_or_nothing_is_nan_with_a_reason_and_costs_nothing(value, tmp_path):
    Image.fromarray(np.full(SIZE, 255 * value, np.uint8)).save(tmp_path / "a.png")
    truth = GroundTruth([tmp_path / "a.png"], SIZE)
    image = np.zeros((*SIZE, 3), np.float32)
    maps = [gaussian().astype(np.float32)]
    calls = [parse_call(name, METRICS) for name in (*ON_MASKS, "SPARSITY")]
    (results,) = measure(MetricInputs(None, image, maps, [0], None, truth), calls)
    reason = ("mask is empty: the image has no object", "mask is the whole image")[value]
    for name in ON_MASKS:
        assert np.isnan(results.values[name])
        assert results.notes[name]["reason"] == f"the object {reason}"
    assert np.isfinite(results.values["SPARSITY"])
    assert results.notes["SPARSITY"] == {}
    assert results.impossible == []


def published(pattern):
    files = sorted(GAZE_FOLDER.glob(pattern))
    if not files:
        pytest.skip(f"no {GAZE_FOLDER / pattern}")
    return files


@pytest.mark.parametrize("pattern", ["*/fixation_locs/*", "*/fixation_mat/*.mat"])
def test_published_spots_are_fixations(pattern):
    from scipy.io import loadmat
    from skimage.measure import label

    for file in published(pattern):
        truth = truth_of(file)
        assert truth.kind == FIXATIONS
        is_matlab = file.suffix == ".mat"
        pixels = (
            loadmat(file)["fixations"] if is_matlab else np.array(Image.open(file).convert("L"))
        )
        expected = label(pixels > pixels.max() / 2, connectivity=2).max()
        assert abs(len(truth.content) - expected) <= 0.05 * expected


def test_published_gaze_maps_are_gaze_maps():
    for file in published("*/fixation_maps/*"):
        assert truth_of(file).kind == GAZE
