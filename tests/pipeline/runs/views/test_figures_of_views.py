"""What is drawn of views: titles, captions, figures and animations."""

import numpy as np
from PIL import Image
from support import noise

import main
from images import read_image, resized
from views import VIEWS
from views.activations import TILE


def test_an_impressions_title_has_its_class_its_logits_and_the_prediction(run, classifier, figures):
    _, _, record = run(
        "--explanation_method=CLASS_IMPRESSION:steps=4:seed=1", "--target=cow,index:0,cow"
    )
    (figure,) = figures
    assert figure["headline"] == "Class impression (steps=4, seed=1) · small"
    expected = VIEWS["CLASS_IMPRESSION"](classifier, None, [2, 0], steps=4, seed=1)
    assert len(figure["titles"]) == len(record["viewed"]) == 2
    for title, row, image, ours in zip(
        figure["titles"], record["viewed"], figure["images"], expected, strict=True
    ):
        np.testing.assert_array_equal(image, ours)
        ((before, after),), (predicted,) = row["notes"]["logits"], row["notes"]["predicted"]
        is_own = predicted == row["class_index"]
        assert title.split("\n") == [
            row["label"],
            f"logit {before:.1f} → {after:.1f}",
            "the prediction" if is_own else f"predicted: {classifier.labels.names[predicted]}",
        ]


def test_an_inversion_stands_beside_its_image_with_its_loss(run, classifier, images, figures):
    _, _, record = run("--explanation_method=FEATURE_INVERSION:steps=4")
    (figure,) = figures
    assert figure["columns"] == 4
    for number, (path, row) in enumerate(zip(images, record["viewed"], strict=True)):
        image = read_image(path)
        inputs = resized(image, (32, 32))[None]
        (inverted,) = VIEWS["FEATURE_INVERSION"](classifier, inputs, None, steps=4)
        np.testing.assert_array_equal(figure["images"][2 * number], image)
        np.testing.assert_array_equal(figure["images"][2 * number + 1], inverted)
        ((before, after),) = row["notes"]["losses"]
        assert figure["titles"][2 * number] == f"{number}.png"
        assert f"loss {before:.2g} → {after:.2g}" in figure["titles"][2 * number + 1]


def test_the_caption_has_the_layer_and_in_latex_every_option(run, figures):
    call = "--explanation_method=FEATURE_INVERSION:steps=2"
    _, files, _ = run(call, "--layer=backbone/add")
    latex = files["figures.tex"].read_text()
    for option in VIEWS["FEATURE_INVERSION"].options.values():
        value = 2 if option.name == "steps" else option.default
        assert f"{option.name}={value}" in latex
    assert figures[0]["caption"] == "small: layer backbone/add."
    assert figures[0]["caption"] in latex


def test_a_mosaics_title_says_what_it_shows(run, figures):
    run("--explanation_method=ACTIVATIONS:top=4,FILTERS,FILTERS:layer=conv2:top=2:steps=2")
    *of_images, kernels, deeper = [figure["titles"] for figure in figures]
    assert kernels == ("layer backbone/conv1, filters 0, 1, 2, 3, 4, 5, 6, 7",)
    assert deeper == ("layer backbone/conv2, filters 0, 1",)
    said = "layer backbone/last, 4 channels, the strongest first"
    assert of_images == [(f"{number}.png", said) for number in range(3)]
    assert figures[0]["headline"] == "Activations (top=4) · small"


def test_the_channels_of_a_mosaic_have_their_numbers(run, classifier, images, figures):
    _, _, record = run("--explanation_method=ACTIVATIONS:top=4")
    (channels,) = (shown["backbone/last"] for shown in record["viewed"][0]["notes"]["channels"])
    marks = figures[0]["marks"]
    assert [mark.text for mark in marks] == [str(channel) for channel in channels]
    mosaic = figures[0]["images"][1]
    features = classifier.features(resized(read_image(images[0]), (32, 32))[None])[0]
    for mark, channel in zip(marks, channels, strict=True):
        tile = mosaic[mark.y :, mark.x :][:TILE, :TILE]  # bright where the channel is largest
        brightest = np.unravel_index(tile.sum(axis=-1).argmax(), tile.shape[:2])
        strongest = np.unravel_index(features[..., channel].argmax(), features.shape[:2])
        cell = TILE // features.shape[0]
        assert tuple(place // cell for place in brightest) == strongest
    run("--explanation_method=ACTIVATIONS:top=4", "--figure_width=column")
    assert len(figures[-1]["marks"]) == 4


def test_numbers_that_have_no_room_are_left_out(run, figures, monkeypatch):
    from pipeline.reporting import view_figures

    monkeypatch.setattr(view_figures, "EDGE", 5.0)  # inches
    run("--explanation_method=ACTIVATIONS:top=4")
    assert figures[0]["marks"] == []


def test_bare_is_the_image_and_nothing_else(run, classifier, images):
    _, files, _ = run("--explanation_method=ACTIVATIONS:top=4", "--display_type=bare")
    for number, path in enumerate(images):
        image = resized(read_image(path), (32, 32))[None]
        (expected,) = VIEWS["ACTIVATIONS"](classifier, image, top=4)
        np.testing.assert_array_equal(
            read_image(files[f"{number}_ACTIVATIONS_top=4_small.png"]), expected
        )


def test_singles_are_a_figure_each(run):
    _, files, _ = run(
        "--explanation_method=CLASS_IMPRESSION:steps=2,FEATURE_INVERSION:steps=2",
        "--target=ant,bee", "--display_type=singles", "--format=svg",
    )  # fmt: skip
    assert len([name for name in files if name.endswith(".svg")]) == 2 + 3


def test_many_images_go_to_several_figures(run, tmp_path, figures):
    paths = [str(tmp_path / f"{number}.png") for number in range(8)]
    for number, path in enumerate(paths):
        Image.fromarray(noise(count=1, seed=number)[0].astype(np.uint8)).save(path)
    run("--explanation_method=FEATURE_INVERSION:steps=2", paths=paths)
    assert [len(figure["images"]) for figure in figures] == [12, 4]


def test_a_gif_shows_the_way_and_ends_where_the_figure_stands(run, figures):
    flags = ("--explanation_method=CLASS_IMPRESSION:steps=40", "--target=bee", "--format=gif")
    _, files, record = run(*flags)
    assert sorted(files) == [
        "3_images_CLASS_IMPRESSION_steps=40_small_bee.json",
        "CLASS_IMPRESSION_steps=40_small_bee.gif",
        "CLASS_IMPRESSION_steps=40_small_bee.png",
        "figures.tex",
        "store",
    ]
    gif = files["CLASS_IMPRESSION_steps=40_small_bee.gif"]
    content = gif.read_bytes()
    with Image.open(gif) as animation:
        assert animation.n_frames == 32
        assert animation.info["loop"] == 0
        first = np.asarray(animation.convert("RGB"), float)
        animation.seek(31)
        last = np.asarray(animation.convert("RGB"), float)
    shown = figures[0]["images"][0].astype(float)
    assert np.abs(last - shown).mean() < 8  # 256 colours
    assert np.abs(first - shown).mean() > 2 * np.abs(last - shown).mean()
    assert str(gif) in record["figures"]
    run(*flags)
    assert gif.read_bytes() == content


def test_random_weights_are_said_in_the_title(run, figures, tmp_path):
    flags = ["--model_name=SqueezeNet", "--weights=random", "--explanation_method=FILTERS"]
    assert main.main([*flags, "--output_dir", str(tmp_path / "out")]) == 0
    assert figures[0]["headline"] == "Filters · SqueezeNet (random weights)"
    assert (tmp_path / "out" / "FILTERS_SqueezeNet_random.png").is_file()
