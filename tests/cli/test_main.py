"""The command line, from flags to files."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from support import BEAR, ELEPHANT, ROOT, noise, record_of

from classifier import load_classifier
from pipeline import explain
from runtime.version import VERSION


def test_the_default_command_explains_the_elephant(run, capsys):
    status, files = run("--explanation_method=GRADCAM", is_on_small=False)
    assert status == 0
    assert [f.name for f in files] == [
        "african_elephant_GRADCAM_EfficientNetLite0.json",
        "african_elephant_GRADCAM_EfficientNetLite0.png",
        "figures.tex",
    ]
    assert "African_elephant 77." in capsys.readouterr().out
    record = record_of(files)
    (row,) = record["explanations"]
    assert (row["class_index"], row["label"]) == (386, "African_elephant")
    assert len(row["top"]) == 5
    assert record["methods"][0]["options"] == {"relu": "sum", "smooth": "none"}
    assert record["classifiers"][0]["layer"] == "top_relu6"
    assert record["classifiers"][0]["logit"] == "input of predictions's activation"
    assert len(record["classifiers"][0]["weights_sha256"]) == 64
    assert record["versions"].keys() >= {"keras", "tensorflow", "python"}
    assert record["versions"]["toolkit"] == VERSION
    assert record["command"][0] == "main.py"
    assert "--explanation_method=GRADCAM" in record["command"]
    age = datetime.now().astimezone() - datetime.fromisoformat(record["date"])
    assert timedelta(0) <= age < timedelta(hours=1)
    assert Path(record["store"]).is_dir()


def test_the_reports_own_line(run):
    status, files = run(
        f"--test_image_path={BEAR}",
        "--test_image_index=1",
        "--explanation_method=GRADCAM",
        "--model_name=EfficientNetLite0",
        "--display_type=grid",
        is_on_small=False,
    )
    assert status == 0
    assert record_of(files)["explanations"][0]["label"] == "American_black_bear"


def test_a_comparison_of_images_methods_and_classifiers_is_one_figure(run):
    status, files = run(
        "--test_image_path", ELEPHANT, BEAR,
        "--explanation_method=GRADCAM,FEM",
        "--model_name=EfficientNetLite0,SqueezeNet",
        is_on_small=False,
    )  # fmt: skip
    assert status == 0
    assert len([f for f in files if f.suffix == ".png"]) == 1
    rows = record_of(files)["explanations"]
    assert len(rows) == 2 * 2 * 2
    assert {row["classifier"] for row in rows} == {"EfficientNetLite0", "SqueezeNet"}


def test_the_same_command_gives_the_same_figures_and_record(run):
    flags = ("--format=svg", "--test_image_path", ELEPHANT, "--explanation_method=GRADCAM,FEM")
    first = {f.name: f.read_bytes() for f in run(*flags)[1]}
    second = {f.name: f.read_bytes() for f in run(*flags)[1]}
    for name in first:
        if name.endswith(".svg"):
            assert first[name] == second[name]
    records = [
        json.loads(files[next(n for n in files if n.endswith("json"))]) for files in (first, second)
    ]
    for record in records:
        record.pop("date")
        for row in record["explanations"]:
            row.pop("seconds")
    assert records[0] == records[1]


def test_an_older_result_is_not_replaced_in_silence(run, capsys):
    run("--test_image_path", ELEPHANT)
    assert "replaces" not in capsys.readouterr().out
    run("--test_image_path", ELEPHANT)
    assert "replaces an older one" in capsys.readouterr().out


def test_images_that_fail_are_said_and_the_others_go_on(run, tmp_path, capsys):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no")
    status, files = run("--test_image_path", str(broken), ELEPHANT)
    assert status == 1
    captured = capsys.readouterr()
    assert len(captured.err.strip().splitlines()) == 1
    assert "broken.png" in captured.err
    record = record_of(files)
    assert len(record["explanations"]) == 1
    assert record["failed"][0]["image"] == str(broken)


@pytest.mark.parametrize(
    ("target", "expected"),
    [("top3", 3), ("predicted", 1), ("ant,index:2", 2), ("bee", 1), ("index:1,bee", 1)],
)
def test_targets(run, target, expected):
    status, files = run("--target", target, "--test_image_path", ELEPHANT)
    assert status == 0
    rows = record_of(files)["explanations"]
    assert len(rows) == expected
    if target == "top3":
        assert sorted(row["class_index"] for row in rows) == [0, 1, 2]
        probabilities = [row["probability"] for row in rows]
        assert probabilities == sorted(probabilities, reverse=True)


def test_the_python_face(model_file):
    classifier = load_classifier(model_path=model_file)
    explanation = explain(classifier, ROOT / ELEPHANT, "GRADCAM", target="bee", relu="channels")
    assert (explanation.class_index, explanation.label) == (1, "bee")
    assert explanation.map.shape == (8, 8)
    assert explanation._repr_png_().startswith(b"\x89PNG")
    image = noise(count=1)[0].astype(np.uint8)
    assert explain(classifier, image, "FEM").image is image
    with pytest.raises(ValueError, match="3 classes"):
        explain(classifier, image, "GRADCAM", target="top3")


def test_one_classifier_under_two_names_is_taken_once(run):
    _, files = run("--model_name=SqueezeNet,squeezenet", "--weights=random", is_on_small=False)
    assert len(record_of(files)["classifiers"]) == 1


def test_a_class_agnostic_method_is_asked_and_drawn_once(run):
    flags = ("--target=top3", "--explanation_method=GRADCAM,FEM", "--display_type=singles")
    _, files = run("--test_image_path", ELEPHANT, *flags)
    rows = record_of(files)["explanations"]
    assert [row["method"] for row in rows] == ["GRADCAM"] * 3 + ["FEM"]
    assert len([f for f in files if "FEM" in f.name and f.suffix == ".png"]) == 1


def test_all_layers_are_in_the_record(run):
    _, files = run("--test_image_path", ELEPHANT, "--layer=add,conv2")
    assert record_of(files)["classifiers"][0]["layer"] == "backbone/add,backbone/conv2"


def test_black_box_methods_explain_a_users_function(run, tmp_path, monkeypatch):
    code = (
        "def redness(images):\n"
        "    red = images[..., 0].mean(axis=(1, 2)) / 255\n"
        "    import numpy as np\n"
        "    return np.stack([1 - red, red], axis=1)\n"
        "redness.input_size = (32, 32)\n"
    )
    (tmp_path / "own_redness.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    flags = ["--model_path=own_redness:redness", "--test_image_path", ELEPHANT]
    methods = (
        "RISE:masks=64,LIME:segmentation=slic:samples=64,OCCLUSION,KERNELSHAP:segmentation=slic"
    )
    status, files = run(*flags, "--explanation_method", methods, is_on_small=False)
    assert status == 0
    assert len(record_of(files)["explanations"]) == 4
    assert run(*flags, "--explanation_method=FEM", is_on_small=False)[0] == 2


def test_one_screen_for_one_image(run, capsys):
    status, _ = run("--test_image_path", ELEPHANT, "--explanation_method=GRADCAM,RISE:masks=64")
    assert status == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = [line for line in out.splitlines() if not line.startswith("    ")]  # but remarks
    image, prediction, first, second, figure, _, record = lines
    assert image == str(ELEPHANT)
    assert prediction.startswith("  small: ")
    assert "  Grad-CAM, small, " in first
    assert ": 8 x 8 map, 1 pass through the classifier, " in first
    assert ": 32 x 32 map, 64 passes through the classifier, " in second
    assert figure.endswith(".png")
    assert record.endswith(".json")
