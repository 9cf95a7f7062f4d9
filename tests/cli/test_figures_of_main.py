"""What the command line draws, and how the files are named."""

import numpy as np
import pytest
from PIL import Image
from support import ELEPHANT, noise, record_of, sequential, with_last_weights

import main
from classifier import load_classifier
from pipeline import explain


def test_singles_are_a_figure_each_also_for_images_of_one_name(run, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        Image.fromarray(noise(count=1)[0].astype(np.uint8)).save(tmp_path / folder / "x.png")
    status, files = run(
        "--test_image_path", str(tmp_path / "a"), str(tmp_path / "b"),
        "--display_type=singles",
        "--representation=heatmap,isolines",
        "--format=pdf",
    )  # fmt: skip
    assert status == 0
    assert len([f for f in files if f.suffix == ".pdf"]) == 4
    recorded = record_of(files)["figures"]
    assert len({name for name in recorded if name.endswith(".pdf")}) == 4


def test_many_images_go_to_several_figures(run, tmp_path):
    for number in range(8):
        image = Image.fromarray(noise(count=1, seed=number)[0].astype(np.uint8))
        image.save(tmp_path / f"{number}.png")
    _, files = run("--test_image_path", *(str(tmp_path / f"{n}.png") for n in range(8)))
    figures = [file for file in files if file.suffix == ".png"]
    assert [figure.name[-6:] for figure in figures] == ["_1.png", "_2.png"]
    for figure in figures:
        with Image.open(figure) as image:
            assert image.height <= 300 * 9.5


def test_no_representation_leaves_only_the_record(run):
    status, files = run("--representation=none", "--test_image_path", ELEPHANT)
    assert status == 0
    assert [f.suffix for f in files] == [".json"]


def test_random_weights_are_said_in_figure_and_record(run):
    _, files = run("--model_name=SqueezeNet", "--weights=random", "--format=svg", is_on_small=False)
    assert record_of(files)["explanations"][0]["classifier"] == "SqueezeNet (random weights)"
    assert record_of(files)["classifiers"][0]["weights"] == "random"


def test_a_map_that_means_nothing_is_not_drawn(tmp_path, capsys):
    model = sequential()
    kernel, bias = model.get_layer("scores").get_weights()
    with_last_weights(model, kernel=-abs(kernel), bias=bias).save(tmp_path / "against.keras")
    flags = ["--model_path", str(tmp_path / "against.keras"), "--output_dir", str(tmp_path / "out")]
    assert main.main([*flags, "--test_image_path", ELEPHANT]) == 0
    assert "nowhere positive" in capsys.readouterr().out
    (row,) = record_of(sorted((tmp_path / "out").glob("*.*")))["explanations"]
    assert "nowhere positive" in row["diagnosis"]
    classifier = load_classifier(model_path=tmp_path / "against.keras")
    drawn = explain(classifier, ELEPHANT, "GRADCAM").represented("overlay")
    assert (drawn == drawn[..., :1]).all()  # grey


def test_names_with_signs_that_mean_something_to_matplotlib(run, tmp_path):
    image = tmp_path / "price$1_$2 ^x.png"
    Image.fromarray(noise(count=1)[0].astype(np.uint8)).save(image)
    status, files = run("--test_image_path", str(image))
    assert status == 0
    assert {f.suffix for f in files} == {".json", ".png", ".tex"}


def test_layer_weights_and_precision_are_in_the_files_names(run):
    names = [
        run("--test_image_path", ELEPHANT, *flags)[1]
        for flags in (
            ["--layer=backbone/conv2"],
            ["--layer=backbone/add,backbone/conv2"],
            ["--precision=bfloat16"],
            [],
        )
    ][-1]
    assert len({f.name for f in names if f.suffix == ".json"}) == 4


@pytest.fixture
def sheets(monkeypatch) -> list[dict]:
    """What stands on the figures that are drawn."""
    import pipeline.reporting.figure_files

    drawn = []
    original = pipeline.reporting.figure_files.grid_layout

    def hear(**sheet):
        drawn.append(sheet)
        original(**sheet)

    monkeypatch.setattr(pipeline.reporting.figure_files, "grid_layout", hear)
    return drawn


def test_ground_truth_is_drawn_beside_its_image(run, sheets, tmp_path):
    mask = np.zeros((300, 200), np.uint8)
    mask[100:200, 50:150] = 255
    Image.fromarray(noise(count=1)[0].astype(np.uint8)).resize((200, 300)).save(tmp_path / "a.png")
    (tmp_path / "masks").mkdir()
    Image.fromarray(mask).save(tmp_path / "masks" / "a.png")
    status, _ = run(
        "--test_image_path", str(tmp_path / "a.png"), "--metrics=POINTING",
        "--ground_truth", str(tmp_path / "masks"),
    )  # fmt: skip
    assert status == 0
    (sheet,) = sheets
    image, truth = sheet["images"][:2]
    np.testing.assert_array_equal(truth, np.where(mask[..., np.newaxis] > 0, image, 0))


def test_what_matters_stands_in_the_caption_and_every_option_in_latex(run, sheets):
    _, files = run(
        "--test_image_path", ELEPHANT, "--precision=bfloat16",
        "--explanation_method=RISE:masks=64,GRADCAM,OCCLUSION:patch=8:stride=8",
        "--representation=overlay,isolines,hard_mask",
    )  # fmt: skip
    (caption,) = (sheet["caption"] for sheet in sheets)
    for words in (
        "divided by their maximum",
        "largest absolute value",
        "25%, 50%, 75%",
        "at least 50%",
        "Target layer: backbone/last",
        "bfloat16",
    ):
        assert words in caption
    assert "grid=8" not in caption
    latex = next(file for file in files if file.name == "figures.tex").read_text()
    for words in (
        "RISE (masks=64), Grad-CAM and Occlusion (patch=8, stride=8) by ",
        "RISE (masks=64): masks=64, grid=8, keep=0.5, seed=0",
        "Grad-CAM: relu=sum",
        "patch=8, stride=8, fill=mean, score=logit",
        "Target layer: backbone/last",
    ):
        assert words in latex


def test_a_caption_in_a_file_is_not_in_the_figure(run):
    def written(*flags: str) -> tuple[str, str]:
        _, files = run("--test_image_path", ELEPHANT, "--format=svg", *flags)
        (figure,) = (file for file in files if file.suffix == ".svg")
        return figure.read_text()

    assert "Target layer" in written()
    assert "Target layer" not in written("--caption=file")


def test_a_figure_is_as_wide_as_a_column_or_a_page(run):
    for width, inches in (("column", 3.5), ("page", 7.16)):
        _, files = run(f"--figure_width={width}", "--test_image_path", ELEPHANT)
        (path,) = (file for file in files if file.suffix == ".png")
        with Image.open(path) as image:
            assert image.width <= 300 * inches + 1
            assert image.width > 300 * 3.4


def test_rise_and_lime_draw_their_own_images(run):
    _, files = run(
        "--test_image_path", ELEPHANT, "--explanation_method=RISE:masks=128",
        "--representation=overlay,convergence",
    )  # fmt: skip
    (row,) = record_of(files)["explanations"]
    assert row["notes"]["passes"] == 128
    assert [count for count, _ in row["notes"]["convergence"]] == [64, 128]
    status, files = run(
        "--test_image_path", ELEPHANT, "--representation=superpixels",
        "--explanation_method=LIME:segmentation=slic:samples=50,KERNELSHAP:segmentation=slic",
    )  # fmt: skip
    assert status == 0


def test_tiny_images_are_shown_larger_than_the_map(model_file, tmp_path):
    Image.new("RGB", (1, 1), (9, 99, 200)).save(tmp_path / "dot.png")
    explanation = explain(load_classifier(model_path=model_file), tmp_path / "dot.png", "GRADCAM")
    assert explanation.represented("overlay").shape == (8, 8, 3)


def test_gradients_are_drawn_in_colour_and_kept_out_of_the_record(run, capsys):
    status, files = run(
        "--test_image_path", ELEPHANT,
        "--explanation_method=SALIENCY,DECONVNET",
        "--target=top3",
        "--representation=overlay,colour",
    )  # fmt: skip
    assert status == 0
    rows = record_of(files)["explanations"]
    assert {row["display"] for row in rows} == {"percentile"}
    assert all("gradients" not in row["notes"] for row in rows)
    assert "the same here for every image" in capsys.readouterr().out
    classifier = load_classifier(sequential())
    first, second = (explain(classifier, ELEPHANT, "SALIENCY", target) for target in (0, 1))
    assert not np.array_equal(first.represented("colour"), second.represented("colour"))
    signed = explain(classifier, ELEPHANT, "INTEGRATED_GRADIENTS", 0)
    assert signed.rule == "signed percentile"


def test_show_opens_a_window_and_waits_for_it(run, monkeypatch):
    import matplotlib.pyplot as plt

    shown = []
    monkeypatch.setattr(plt, "get_backend", lambda: "tkagg")
    monkeypatch.setattr(plt, "show", lambda block: shown.append((block, plt.gcf().canvas.figure)))
    run("--test_image_path", ELEPHANT, "--show")
    ((block, figure),) = shown
    assert block
    assert len(figure.axes) >= 3
