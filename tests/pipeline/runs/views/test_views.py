"""Views from the command line: what is drawn, said and kept."""

import numpy as np
import pytest

import main
from images import read_image, resized
from pipeline.dataset import store


def test_methods_and_views_go_together(run, images):
    calls = "GRADCAM,ACTIVATIONS:top=4,FILTERS,CLASS_IMPRESSION:steps=2"
    status, files, record = run("--explanation_method", calls, "--target=bee")
    assert status == 0
    assert len(record["explanations"]) == 3
    assert [
        (row["view"].split(":")[0], row["image"], row["label"]) for row in record["viewed"]
    ] == [
        *(("ACTIVATIONS", image, None) for image in images),
        ("FILTERS", None, None),
        ("CLASS_IMPRESSION", None, "bee"),
    ]
    assert record["views"][0]["options"] == {"top": 4, "scale": "map", "size": "map"}
    assert "frames" not in str(record["viewed"])
    drawn = [name for name in record["figures"] if name.endswith(".png")]
    assert {str(files[name]) for name in files if name.endswith(".png")} == set(drawn)
    assert len(drawn) == 1 + 1 + 1 + 3  # a mosaic is a figure by itself


def test_views_alone_are_stored_too(run, tmp_path):
    _, files, record = run("--explanation_method=FILTERS")
    assert sorted(files) == [
        "3_images_FILTERS_small.json", "FILTERS_small.png", "figures.tex", "store"
    ]  # fmt: skip
    assert record["methods"] == record["explanations"] == []
    rows = store.read(tmp_path / "out", kind="view")
    assert rows["method"].tolist() == ["FILTERS"]


def test_classes_by_name_need_no_image(run, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no")
    flags = ("--explanation_method=CLASS_IMPRESSION:steps=2", "--target=bee")
    assert run(*flags, paths=[str(tmp_path / "broken.png")])[0] == 0


def test_the_images_decide_the_classes_and_each_is_seen_once(run, classifier, images):
    _, _, record = run("--explanation_method=CLASS_IMPRESSION:steps=2", "--target=predicted,bee")
    images = [resized(read_image(path), (32, 32)) for path in images]
    predicted = classifier.scores(np.stack(images)).argmax(axis=1).tolist()
    expected = list(dict.fromkeys([1, *predicted]))
    assert [row["class_index"] for row in record["viewed"]] == expected


def test_a_broken_image_costs_only_itself(run, images, tmp_path, capsys):
    (tmp_path / "broken.png").write_bytes(b"no")
    paths = [images[0], str(tmp_path / "broken.png"), images[2]]
    status, files, record = run("--explanation_method=GRADCAM,ACTIVATIONS", paths=paths)
    assert status == 1
    assert [row["image"] for row in record["viewed"]] == [images[0], images[2]]
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert len(files["failures.csv"].read_text().splitlines()) == 2


def test_an_image_without_features_costs_only_itself(run, images, classifier, tmp_path):
    model = classifier.model
    for name in ("bn2", "bn3"):
        layer = model.get_layer("backbone").get_layer(name)
        layer.set_weights([0 * weights for weights in layer.get_weights()])
    model.save(tmp_path / "small.keras")
    status, _, record = run("--explanation_method=FEATURE_INVERSION:steps=2")
    assert status == 1
    assert len(record["failed"]) == 3
    assert "features of the image are all 0" in record["failed"][0]["reason"]


def test_ctrl_c_keeps_the_way_so_far(run, stop_at_run, capsys):
    stop_at_run(5)
    status, files, record = run("--explanation_method=CLASS_IMPRESSION", "--target=ant,bee")
    assert status == 1
    assert record["interrupted"]
    assert "stopped; kept 1 view" in capsys.readouterr().err
    (row,) = record["viewed"]
    assert row["notes"]["stopped_early"]
    assert len([name for name in files if name.endswith(".png")]) == 1


def test_ctrl_c_ends_all_filters(run, stop_at_run):
    runs = stop_at_run(7)
    _, _, record = run("--explanation_method=FILTERS:layer=conv2:steps=4")
    assert record["viewed"][0]["notes"]["channels"] == [0, 1]
    assert len(runs) < 10


def test_help_tells_of_a_view(capsys):
    assert main.main(["--help", "activations"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("ACTIVATIONS  Activations: the maps of the target layer")
    assert "top=64" in told


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--explanation_method=ACTIVATION"], "did you mean 'ACTIVATIONS'"),
        (["--explanation_method=GRADCAMM"], "did you mean 'GRADCAM'"),
        (["--explanation_method=FILTERS:tops=3"], "did you mean 'top'"),
        (["--explanation_method=FILTERS:layer=absent"], "no layer 'absent'"),
        (["--explanation_method=CLASS_IMPRESSION:steps=0"], "steps is at least 1"),
        (["--explanation_method=FEATURE_INVERSION", "--layer=add,conv2"], "looks at one layer"),
        (["--explanation_method=FILTERS", "--metrics=SPARSITY"], "--metrics goes with methods"),
        (["--explanation_method=FILTERS", "--representation=overlay"], "--representation goes"),
        (["--explanation_method=FILTERS", "--augment=all"], "--augment goes with methods"),
        (["--explanation_method=FILTERS", "--mask_salient=0.2"], "--mask_salient goes with"),
        (["--explanation_method=GRADCAM", "--format=gif"], "not with GRADCAM"),
        (["--explanation_method=CLASS_IMPRESSION,FILTERS", "--format=gif"], "not with FILTERS"),
    ],
)
def test_a_mistake_is_one_line_and_exit_status_2(run, flags, words, capsys):
    assert run(*flags)[0] == 2
    error = capsys.readouterr().err
    assert words in error
    assert len(error.strip().splitlines()) == 1


def test_a_function_has_nothing_inside(tmp_path, monkeypatch, capsys):
    code = "def even(images):\n    import numpy as np\n    return np.full((len(images), 2), 0.5)\n"
    (tmp_path / "own_even.py").write_text(code + "even.input_size = (32, 32)\n")
    monkeypatch.syspath_prepend(tmp_path)
    flags = ["--model_path=own_even:even", "--explanation_method=ACTIVATIONS"]
    assert main.main([*flags, "--output_dir", str(tmp_path / "out")]) == 2
    assert "has no layers to look into" in capsys.readouterr().err
