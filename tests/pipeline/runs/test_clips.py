"""Clips: the maps of a small 3D network in closed form, and the way from a file to a strip."""

import json
from dataclasses import replace

import cv2
import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image
from support import functional, randomised

import main
from classifier import load_classifier
from fem import fem
from gradcam import GradCAM, gradcam
from images import ImageError, find_clips, read_clip
from images.clips import frame_files, sampled
from methods import METHODS
from pipeline import explain
from representations import upsampled, upsampled_clip
from views import VIEWS

FRAMES, SIDE = 6, 24


def network() -> keras.Model:
    """Two convolutions over time and space; features (3, 6, 6, 7) of clips (6, 24, 24, 3)."""
    return randomised(
        keras.Sequential(
            [
                keras.Input((FRAMES, SIDE, SIDE, 3)),
                layers.Rescaling(1 / 127.5, offset=-1),
                layers.Conv3D(5, 3, (1, 2, 2), padding="same", use_bias=False),
                layers.BatchNormalization(),
                layers.ReLU(name="first"),
                layers.Conv3D(7, 3, 2, padding="same", activation="relu", name="last"),
                layers.GlobalAveragePooling3D(),
                layers.Dense(3, activation="softmax", name="scores"),
            ]
        )
    )


def brightness() -> keras.Model:
    """Its one feature is how bright each block of 2 frames x 4 x 4 pixels is; two classes."""
    model = keras.Sequential(
        [
            keras.Input((FRAMES, SIDE, SIDE, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv3D(1, (2, 4, 4), (2, 4, 4), name="blocks", use_bias=False),
            layers.GlobalAveragePooling3D(),
            layers.Dense(2, activation="softmax", use_bias=False),
        ]
    )
    blocks, scores = model.weights
    blocks.assign(np.full(blocks.shape, 1 / np.prod(blocks.shape[:4])))
    scores.assign([[4.0, -4.0]])
    return model


def moving_square() -> np.ndarray:
    """(6, 24, 24, 3) uint8: a bright square of 8 pixels that goes from left to right."""
    clip = np.zeros((FRAMES, SIDE, SIDE, 3), np.uint8)
    for number, left in enumerate((0, 0, 8, 8, 16, 16)):
        clip[number, 8:16, left : left + 8] = 255
    return clip


def noise(count: int = 2) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.uniform(0, 255, (count, FRAMES, SIDE, SIDE, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def classifier():
    return load_classifier(network())


def test_a_classifier_of_clips_tells_their_size(classifier):
    assert (classifier.frames, classifier.input_size) == (FRAMES, (SIDE, SIDE))
    assert classifier.layer == "last"
    assert classifier.features(noise()).shape == (2, 3, 6, 6, 7)
    assert load_classifier(functional()).frames is None
    with pytest.raises(ValueError, match=r"takes clips \(N, 6, 24, 24, 3\); got \(2, 24, 24, 3\)"):
        classifier.scores(noise()[:, 0])


def test_gradcam_of_a_linear_head_is_the_channels_weighted_by_its_weights(classifier):
    """a_k = w_kc / (t h w): equations 1 and 2 with time as a third axis."""
    features = classifier.features(noise())
    weights = np.asarray(classifier.model.get_layer("scores").kernel)[:, [0, 2]]  # (K, 2)
    expected = np.einsum("nthwk,kn->nthw", features, weights) / np.prod(features.shape[1:4])
    maps = gradcam(classifier, noise(), np.array([0, 2]))
    assert maps.max() > 0
    np.testing.assert_allclose(maps, np.maximum(expected, 0), rtol=1e-4, atol=1e-6)
    channels = np.einsum("nthwk,kn->nthwk", features, weights) / np.prod(features.shape[1:4])
    np.testing.assert_allclose(
        gradcam(classifier, noise(), np.array([0, 2]), relu="channels"),
        np.maximum(channels, 0).sum(axis=-1),
        rtol=1e-4,
        atol=1e-6,
    )


def test_fem_counts_what_is_rare_in_time_and_space(classifier):
    expected = np.zeros((2, 3, 6, 6))
    for n, features in enumerate(classifier.features(noise())):
        for k in range(7):
            channel = features[..., k].astype(np.float64)
            bound = channel.mean() + 1.5 * channel.std()
            expected[n] += channel.mean() * (channel > bound)
    maps = fem(classifier, noise(), np.array([0, 1]), k=1.5)
    assert maps.max() > 0
    np.testing.assert_allclose(maps, expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["GRADCAM", "FEM"])
def test_the_map_follows_a_bright_square(name):
    classifier = load_classifier(brightness())
    clip = moving_square().astype(np.float32)
    (found,) = METHODS[name](classifier, clip[np.newaxis], np.array([0]))
    bright = clip.reshape(3, 2, 6, 4, 6, 4, 3).mean(axis=(1, 3, 5, 6))
    np.testing.assert_allclose(found / found.max(), bright / 255, atol=1e-5)


def test_the_steps_of_the_lab_take_clips_of_any_size(classifier):
    frames = moving_square().repeat(2, axis=1).repeat(2, axis=2)
    steps = GradCAM(classifier, frames)
    assert steps.resize_array().shape == (1, FRAMES, SIDE, SIDE, 3)
    pooled = steps.pool_gradients(steps.compute_gradients(steps.get_model(), 1))
    assert pooled.shape == (1, 7)
    steps.weight_activation_map(pooled)
    steps.apply_dimension_average_pooling()
    expected = gradcam(classifier, steps.resize_array(), np.array([1]))
    np.testing.assert_allclose(7 * steps.apply_relu(), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("smooth", ["augment", "principal"])
def test_gradcam_of_clips_can_be_smoothed_and_several_layers_averaged(smooth):
    classifier = load_classifier(network(), layer="last,first")
    maps = gradcam(classifier, noise(), np.array([0, 1]), smooth=smooth)
    assert maps.shape == (2, FRAMES, SIDE // 2, SIDE // 2)
    assert np.isfinite(maps).all()


def test_augment_mirrors_left_and_right_and_not_time(classifier):
    mirrored = gradcam(classifier, noise()[..., ::-1, :], np.array([0, 1]), smooth="augment")
    maps = gradcam(classifier, noise(), np.array([0, 1]), smooth="augment")
    np.testing.assert_allclose(mirrored[..., ::-1], maps, rtol=1e-4, atol=1e-6)


def test_upsampling_is_linear_in_time_and_space():
    rng = np.random.default_rng(0)
    maps = rng.random((3, 4, 5)).astype(np.float32)
    found = upsampled_clip(maps, (6, 8, 10))
    first = upsampled(maps[0], (8, 10))
    second = upsampled(maps[1], (8, 10))
    np.testing.assert_allclose(found[0], first, rtol=1e-5)
    np.testing.assert_allclose(found[1], 0.75 * first + 0.25 * second, rtol=1e-5)
    np.testing.assert_allclose(found[2], 0.25 * first + 0.75 * second, rtol=1e-5)
    np.testing.assert_array_equal(upsampled_clip(maps, maps.shape), maps)


@pytest.mark.parametrize("name", [n for n, row in METHODS.items() if not row.of_clips])
def test_other_methods_refuse_clips_in_a_line(name, classifier):
    with pytest.raises(ValueError, match=r"explains images, and .* takes clips"):
        METHODS[name].check(classifier, {})


def test_activations_of_a_clip_are_rows_of_frames_and_other_views_refuse(classifier):
    (image,) = VIEWS["ACTIVATIONS"](classifier, noise(1), top=1, size="image")
    assert image.shape == (SIDE, 3 * SIDE, 3)
    with pytest.raises(ValueError, match="takes clips"):
        VIEWS["CLASS_IMPRESSION"](classifier, class_indices=[0])


def test_frames_are_the_middles_of_equal_parts():
    assert sampled(6, 6) == [0, 1, 2, 3, 4, 5]
    assert sampled(12, 3) == [2, 6, 10]
    assert sampled(2, 4) == [0, 0, 1, 1]
    assert sampled(1, 3) == [0, 0, 0]


def written(folder, kind: str, count: int = 2 * FRAMES):
    """The path of a clip of that kind in which frame i is grey 20 i."""
    frames = [np.full((32, 48, 3), 20 * number, np.uint8) for number in range(count)]
    path = folder / f"clip.{kind}"
    if kind == "folder":
        path.mkdir()
        for number, frame in enumerate(frames):
            Image.fromarray(frame).save(path / f"{number:03}.png")
    elif kind == "gif":
        first, *others = map(Image.fromarray, frames)
        first.save(path, save_all=True, append_images=others, duration=50)
    else:
        code = cv2.VideoWriter_fourcc(*{"avi": "MJPG", "mp4": "mp4v"}[kind])
        video = cv2.VideoWriter(str(path), code, 20, (48, 32))
        for frame in frames:
            video.write(frame)
        video.release()
    return path


@pytest.mark.parametrize("kind", ["folder", "gif", "avi", "mp4"])
def test_every_kind_of_clip_is_read_and_sampled(kind, tmp_path):
    clip = read_clip(written(tmp_path, kind), FRAMES)
    assert clip.numbers == [1, 3, 5, 7, 9, 11]
    assert clip.frames.shape == (FRAMES, 32, 48, 3)
    assert clip.frames.dtype == np.uint8
    np.testing.assert_allclose(
        clip.frames.mean(axis=(1, 2, 3)), np.array(clip.numbers) * 20, atol=4
    )
    assert clip.seconds == pytest.approx({"folder": 1.2}.get(kind, 0.6), rel=0.01)


def test_colours_of_a_video_are_red_green_and_blue(tmp_path):
    video = cv2.VideoWriter(str(tmp_path / "a.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 20, (32, 32))
    for _ in range(3):
        video.write(np.full((32, 32, 3), (0, 0, 255), np.uint8))  # OpenCV's red
    video.release()
    red, green, blue = read_clip(tmp_path / "a.avi", 2).frames.mean(axis=(0, 1, 2))
    assert red > 240 > 20 > max(green, blue)


def test_a_folder_of_frames_is_a_clip_and_a_folder_of_clips_several(tmp_path):
    frames, gif = written(tmp_path, "folder"), written(tmp_path, "gif")
    assert find_clips([frames]) == [frames]
    assert find_clips([tmp_path, gif]) == [frames, gif]
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        find_clips([tmp_path / "none.mp4"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no clips in folder"):
        find_clips([tmp_path / "empty"])


def test_what_is_no_clip_is_said_in_a_line(tmp_path):
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "still.png")
    (tmp_path / "broken.gif").write_bytes(b"GIF89a, or not")
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    for name, words in (
        ("still.png", "is one image"),
        ("broken.gif", "cannot be read"),
        ("broken.mp4", "finds no frames"),
    ):
        with pytest.raises(ImageError, match=words) as error:
            read_clip(tmp_path / name, 4)
        assert "\n" not in str(error.value)
    folder = tmp_path / "mixed"
    folder.mkdir()
    for number, side in enumerate((8, 9)):
        Image.fromarray(np.zeros((side, 8, 3), np.uint8)).save(folder / f"{number}.png")
    with pytest.raises(ImageError, match="frames of different sizes"):
        read_clip(folder, 2)


@pytest.fixture
def scene(tmp_path, monkeypatch):
    """A model, and the moving square as frames."""
    monkeypatch.chdir(tmp_path)
    brightness().save("bright.keras")
    (tmp_path / "square").mkdir()
    for number, frame in enumerate(moving_square()):
        Image.fromarray(frame).save(tmp_path / "square" / f"{number}.png")
    return ["--model_path=bright.keras", "--test_image_path=square"]


def test_main_makes_a_strip_and_animations_with_a_map_for_every_frame(scene, tmp_path):
    assert main.main([*scene, "--explanation_method=GRADCAM,FEM", "--representation=heatmap"]) == 0
    (record,) = tmp_path.glob("results/*.json")
    told = json.loads(record.read_text())
    for row in told["explanations"]:
        assert row["clip"] == {"frames": [0, 1, 2, 3, 4, 5], "seconds": 0.6}
    assert [e["map_shape"] for e in told["explanations"]] == [[3, 6, 6]] * 2
    assert len(told["figures"]) == 3
    assert len([*tmp_path.glob("results/*.png")]) == 1
    for path in tmp_path.glob("results/*.gif"):
        with Image.open(path) as animation:
            assert animation.n_frames == FRAMES
            assert animation.info["duration"] == 100


def test_bare_animations_show_the_square_where_it_is(scene, tmp_path):
    flags = ["--display_type=bare", "--representation=soft_selection"]
    assert main.main([*scene, *flags]) == 0
    (path,) = tmp_path.glob("results/*.gif")
    assert not [*tmp_path.glob("results/*.png")]
    with Image.open(path) as animation:
        for number, third in ((0, 0), (5, 2)):
            animation.seek(number)
            frame = np.asarray(animation.convert("L"), float)
            thirds = frame.reshape(len(frame), 3, -1).mean(axis=(0, 2))
            assert thirds.argmax() == third


def test_main_shows_the_activations_of_a_clip(scene, tmp_path):
    assert main.main([*scene, "--explanation_method=ACTIVATIONS"]) == 0
    (record,) = tmp_path.glob("results/*.json")
    told = json.loads(record.read_text())
    assert told["viewed"][0]["notes"]["channels"] == [{"blocks": [0]}]
    assert [figure.endswith(".png") for figure in told["figures"]] == [True]
    assert main.main([*scene, "--explanation_method=FILTERS"]) == 2


def test_a_broken_clip_is_told_and_the_others_are_explained(scene, tmp_path, capsys):
    (tmp_path / "broken.gif").write_bytes(b"no")
    assert main.main([scene[0], "--test_image_path", "broken.gif", "square"]) == 1
    assert "clip 'broken.gif' cannot be read" in capsys.readouterr().err
    (record,) = tmp_path.glob("results/*.json")
    told = json.loads(record.read_text())
    assert (len(told["failed"]), len(told["explanations"])) == (1, 1)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--explanation_method=LIME"], "LIME explains images, and bright takes clips of 6"),
        (["--metrics=NSS"], "NSS compares with ground truth of images; bright takes clips"),
        (["--mask_salient=0.2"], "--augment and the like change images, and bright takes clips"),
        (["--representation=isolines"], "clips are drawn as heatmap"),
    ],
)
def test_what_clips_cannot_have_is_said_in_a_line(scene, flags, words, capsys):
    assert main.main([*scene, *flags]) == 2
    assert words in capsys.readouterr().err


def test_python_explains_a_clip(scene):
    explanation = explain(load_classifier(model_path="bright.keras"), "square", "FEM")
    assert explanation.map.shape == (3, 6, 6)
    assert explanation.image.shape == (FRAMES, SIDE, SIDE, 3)
    with pytest.raises(ValueError, match=r"explains images, and .* takes clips"):
        explain(load_classifier(model_path="bright.keras"), "square", "LIME")


def test_a_strip_of_wide_frames_needs_no_more_pixels_than_it_has(scene, tmp_path):
    """Its map is as wide as all frames together: no reason to draw it any larger."""
    frames = np.zeros((FRAMES, 90, 320, 3), np.uint8)
    explanation = explain(load_classifier(model_path="bright.keras"), "square", "FEM")
    wide = replace(explanation, image=frames).strip
    assert wide.represented("heatmap", largest=10**6).shape == (90, FRAMES * 320, 3)


def test_frames_follow_each_other_as_people_count(tmp_path):
    for number in (10, 9, 100, 1):
        Image.fromarray(np.full((8, 8, 3), number, np.uint8)).save(tmp_path / f"f{number}.png")
    assert [file.stem for file in frame_files(tmp_path)] == ["f1", "f9", "f10", "f100"]
    clip = read_clip(tmp_path, 4)
    assert clip.frames[:, 0, 0, 0].tolist() == [1, 9, 10, 100]


def test_a_folder_of_frames_and_clips_is_asked_about_and_a_list_is_read(tmp_path):
    gif = written(tmp_path, "gif")
    (tmp_path / "list.txt").write_text("clip.gif\n")
    assert find_clips([tmp_path / "list.txt"]) == [gif]
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "poster.png")
    with pytest.raises(ValueError, match="images and clips in it"):
        find_clips([tmp_path])


def test_ctrl_c_keeps_the_record_of_the_clips_that_were_done(scene, tmp_path, monkeypatch, capsys):
    import pipeline.dataset.loading

    first = written(tmp_path, "gif")
    read = pipeline.dataset.loading.read_clip

    def interrupted(path, count):
        if path.name == "square":
            raise KeyboardInterrupt
        return read(path, count)

    monkeypatch.setattr(pipeline.dataset.loading, "read_clip", interrupted)
    assert main.main([scene[0], "--test_image_path", str(first), "square"]) == 1
    assert "kept 1 of 2 images" in capsys.readouterr().err
    (record,) = tmp_path.glob("results/*.json")
    assert json.loads(record.read_text())["interrupted"]
