"""What is drawn of views: titles, captions, figures and animations."""

import numpy as np
from PIL import Image
from support import noise

import main
from images import read_image, resized
from views import VIEWS


def test_an_impressions_title_has_its_class_its_logits_and_the_prediction(run, classifier, figures):
    _, _, record = run(
        "--explanation_method=CLASS_IMPRESSION:steps=4:seed=1", "--target=cow,index:0,cow"
    )
    (figure,) = figures
    expected = VIEWS["CLASS_IMPRESSION"](classifier, None, [2, 0], steps=4, seed=1)
    assert len(figure["titles"]) == len(record["viewed"]) == 2
    for title, row, image, ours in zip(
        figure["titles"], record["viewed"], figure["images"], expected, strict=True
    ):
        np.testing.assert_array_equal(image, ours)
        ((before, after),), (predicted,) = row["notes"]["logits"], row["notes"]["predicted"]
        is_own = predicted == row["class_index"]
        assert title.split("\n") == [
            "Class impression (steps=4, seed=1)",
            "small",
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


def test_the_caption_has_every_option_and_the_layer(run, figures):
    run("--explanation_method=FEATURE_INVERSION:steps=2", "--layer=backbone/add")
    for option in VIEWS["FEATURE_INVERSION"].options.values():
        value = 2 if option.name == "steps" else option.default
        assert f"{option.name}={value}" in figures[0]["caption"]
    assert "small: layer backbone/add." in figures[0]["caption"]


def test_a_mosaics_title_says_what_it_shows(run, figures):
    run("--explanation_method=ACTIVATIONS:top=4,FILTERS,FILTERS:layer=conv2:top=2:steps=2")
    *of_images, kernels, deeper = [figure["titles"][0] for figure in figures]
    assert len(of_images) == 3
    assert "layer backbone/conv1, filters 0, 1, 2, 3, 4, 5, 6, 7" in kernels
    assert "layer backbone/conv2, filters 0, 1" in deeper
    assert of_images[0].startswith("0.png\nActivations (top=4)\nsmall\n")
    assert "layer backbone/last, 4 channels, the strongest first" in of_images[0]


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
    assert "SqueezeNet (random weights)" in figures[0]["titles"][0]
    assert (tmp_path / "out" / "FILTERS_SqueezeNet_random.png").is_file()
