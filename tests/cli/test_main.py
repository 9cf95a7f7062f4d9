"""The command line, from flags to files."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from keras import layers, models
from PIL import Image
from support import ROOT, backbone, head, noise, randomised, sequential

import main
from classifier import load_classifier
from cli.flags import make_parser, make_plan
from methods import METHODS
from pipeline import explain
from pipeline.explaining.diagnosis import diagnose

ELEPHANT, BEAR = "data/african_elephant.jpg", "data/american_black_bear.jpg"


@pytest.fixture
def model_file(tmp_path) -> str:
    """A small classifier's file, so that most commands run in no time."""
    sequential().save(tmp_path / "small.keras")
    (tmp_path / "small.json").write_text(json.dumps({"class_names": ["ant", "bee", "Bee"]}))
    return str(tmp_path / "small.keras")


@pytest.fixture
def run(tmp_path, model_file):
    """Runs a command on the small classifier; gives the exit status and the files it wrote."""

    def run(*flags: str, own: bool = True) -> tuple[int, list[Path]]:
        output = tmp_path / "out"
        model = ["--model_path", model_file] if own else []
        status = main.main([*model, "--output_dir", str(output), *flags])
        return status, sorted(f for f in output.iterdir() if f.is_file()) if output.is_dir() else []

    return run


def record_of(files: list[Path]) -> dict:
    (file,) = [f for f in files if f.suffix == ".json"]
    return json.loads(file.read_text())


def test_the_default_command_explains_the_elephant(run, capsys):
    status, files = run("--explanation_method=GRADCAM", own=False)
    assert status == 0
    assert [f.name for f in files] == [
        "african_elephant_GRADCAM_EfficientNetLite0.json",
        "african_elephant_GRADCAM_EfficientNetLite0.png",
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


def test_the_reports_own_line(run):
    status, files = run(
        f"--test_image_path={BEAR}",
        "--test_image_index=1",
        "--explanation_method=GRADCAM",
        "--model_name=EfficientNetLite0",
        "--display_type=grid",
        own=False,
    )
    assert status == 0
    assert record_of(files)["explanations"][0]["label"] == "American_black_bear"


def test_a_comparison_of_images_methods_and_classifiers_is_one_figure(run):
    status, files = run(
        "--test_image_path", ELEPHANT, BEAR,
        "--explanation_method=GRADCAM,FEM",
        "--model_name=EfficientNetLite0,SqueezeNet",
        own=False,
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
    assert record_of(files)["figures"] == sorted(str(f) for f in files if f.suffix == ".pdf") or (
        len(set(record_of(files)["figures"])) == 4
    )


def test_many_images_go_to_several_figures(run, tmp_path):
    for number in range(8):
        image = Image.fromarray(noise(count=1, seed=number)[0].astype(np.uint8))
        image.save(tmp_path / f"{number}.png")
    _, files = run("--test_image_path", *(str(tmp_path / f"{n}.png") for n in range(8)))
    assert [f.name[-6:] for f in files if f.suffix == ".png"] == ["_1.png", "_2.png"]


def test_no_representation_leaves_only_the_record(run):
    status, files = run("--representation=none", "--test_image_path", ELEPHANT)
    assert status == 0
    assert [f.suffix for f in files] == [".json"]


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


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--explanation_metod=FEM"], "did you mean '--explanation_method'"),
        (["--explanation_method=GRADCAMM"], "did you mean 'GRADCAM'"),
        (["--explanation_method=,"], "expected some of"),
        (["--target=ant", "--test_image_index=0"], "both name the class"),
        (["--target=wasp"], "no class 'wasp'"),
        (["--target=BEE"], "occurs 2 times"),
        (["--target=,"], "expected a class"),
        (["--target="], "expected a class"),
        (["--target=top9"], "top1 to top3"),
        (["--target=top0"], "top1 to top3"),
        (["--output_dir=README.md"], "cannot be made"),
        (["--representation=convergence"], "goes with RISE"),
        (["--representation=superpixels"], "goes with LIME, KERNELSHAP"),
        (["--explanation_method=RISE:preset=lob"], "did you mean 'lab'"),
        (["--explanation_method=RISE:masks=0"], "masks and grid are at least 1"),
        (["--test_image_index=3"], "0 to 2"),
        (["--test_image_path=absent.jpg"], "no such file"),
        (["--representation=heatmaps"], "did you mean 'heatmap'"),
        (["--representation=none,heatmap"], "none alone"),
        (["--colormap=turbot"], "did you mean 'turbo'"),
        (["--alpha=2"], "between 0 and 1"),
        (["--alpha=much"], "invalid float value"),
        (["--model_name=ResNet50"], "both name the classifier"),
        (["--weights=random"], "goes with --model_name"),
        (["--layer=absent"], "no layer 'absent'"),
        (["--layer=scores"], "no positions"),
        (["--help=GRADCAN"], "did you mean 'GRADCAM'"),
        (["--format=jpg"], "invalid choice"),
    ],
)
def test_a_mistake_is_one_line_and_exit_status_2(run, flags, words, capsys):
    try:
        status, _ = run(*flags)
    except SystemExit as stopped:
        status = stopped.code
    assert status == 2
    error = capsys.readouterr().err
    assert words in error
    assert len(error.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--class_names=coco"], "goes with --model_path"),
        (["--model_name=EfficientNetLite0,SqueezeNet", "--layer=top_bn"], "with one classifier"),
        (["--model_name=ResNet5"], "did you mean 'ResNet50'"),
        (["--target=crane"], "index:134"),
        (["--precision=float16"], "invalid choice"),
        (["--test_image_index=7"], "0 African_elephant"),
    ],
)
def test_a_mistake_about_a_classifier_by_name(run, flags, words, capsys):
    try:
        status, _ = run(*flags, own=False)
    except SystemExit as stopped:
        status = stopped.code
    assert status == 2
    assert words in capsys.readouterr().err


def test_debug_shows_where_an_error_came_from(run):
    with pytest.raises(ValueError, match="no class"):
        run("--target=wasp", "--debug")


def test_ctrl_c_keeps_what_was_done(run, monkeypatch, capsys):
    import pipeline.dataset.runner

    def interrupted(path, content):
        if str(path) == str(BEAR):
            raise KeyboardInterrupt
        return noise(count=1)[0].astype(np.uint8)

    monkeypatch.setattr(pipeline.dataset.runner, "get_img_array", interrupted)
    status, files = run("--test_image_path", ELEPHANT, BEAR, "--batch_size=1")
    assert status == 1
    assert "kept 1 of 2 images" in capsys.readouterr().err
    assert {f.suffix for f in files} == {".json", ".png"}
    assert record_of(files)["interrupted"]


def test_help_tells_of_flags_and_of_a_methods_options(capsys):
    assert main.main(["--help"]) == 0
    assert "--explanation_method" in capsys.readouterr().out
    assert main.main(["--help", "gradcam"]) == 0
    assert "relu=sum" in capsys.readouterr().out


def test_layers_are_listed_with_their_shapes_and_the_target_layer_marked(model_file, capsys):
    assert main.main(["--model_path", model_file, "--list_layers"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (target,) = [line for line in lines if "target layer" in line]
    assert "backbone/last" in target
    assert "8 x 8 x 16" in target
    assert any("backbone/conv1 " in line for line in lines)


def test_random_weights_are_said_in_figure_and_record(run):
    _, files = run("--model_name=SqueezeNet", "--weights=random", "--format=svg", own=False)
    assert record_of(files)["explanations"][0]["classifier"] == "SqueezeNet (random weights)"
    assert record_of(files)["classifiers"][0]["weights"] == "random"


def test_a_plan_can_be_pickled(model_file):
    flags = ["--model_path", model_file, "--explanation_method=GRADCAM:relu=channels,FEM"]
    plan = make_plan(make_parser().parse_args(flags))
    assert pickle.loads(pickle.dumps(plan)) == plan


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


def head_with(model, **weights):
    """The model with other weights in its last layer."""
    model.get_layer("scores").set_weights(list(weights.values()))
    return model


def test_a_map_that_means_nothing_is_diagnosed():
    image = noise(count=1)[0]
    flat = np.zeros((8, 8))
    dense = sequential()
    kernel, bias = dense.get_layer("scores").get_weights()

    cam = METHODS["GRADCAM"]

    dead = load_classifier(head_with(sequential(), kernel=kernel * 0, bias=bias))
    assert "does not depend on layer backbone/last" in diagnose(
        flat, dead, image, 0, METHODS["GRADCAM"]
    )

    against = load_classifier(head_with(sequential(), kernel=-abs(kernel), bias=bias))
    assert "nowhere positive" in diagnose(flat, against, image, 0, cam)

    silent = models.Sequential(
        [
            layers.Input((32, 32, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, activation="relu", kernel_initializer="zeros"),
            *head(),
        ]
    )
    assert "is 0 (a dead layer" in diagnose(flat, load_classifier(silent), image, 0, METHODS["FEM"])

    broken = load_classifier(head_with(sequential(), kernel=kernel, bias=bias))
    broken.model.layers[-1].set_weights([kernel * np.nan, bias])  # at loading it is refused
    assert "not finite" in diagnose(flat * np.nan, broken, image, 0, METHODS["FEM"])
    assert "own scores are not" in diagnose(flat * np.nan, broken, image, 0, METHODS["FEM"])

    fine = np.eye(8)
    assert diagnose(fine, load_classifier(dense), image, 0, METHODS["FEM"]) is None


def test_saturation_is_named_where_only_probabilities_are_to_be_had():
    class Saturated(layers.Layer):
        def call(self, features):
            from keras import ops

            return ops.softmax(1e4 * ops.mean(features, (1, 2)))

    model = randomised(models.Sequential([layers.Input((32, 32, 3)), backbone(), Saturated()]))
    classifier = load_classifier(model, preprocessing="tf")
    image = noise(count=1)[0]
    best = int(classifier.scores(image[None])[0].argmax())
    assert "saturated" in diagnose(np.zeros((8, 8)), classifier, image, best, METHODS["GRADCAM"])


def test_a_map_that_means_nothing_is_not_drawn(tmp_path, capsys):
    model = sequential()
    kernel, bias = model.get_layer("scores").get_weights()
    head_with(model, kernel=-abs(kernel), bias=bias).save(tmp_path / "against.keras")
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
    assert [f.suffix for f in files] == [".json", ".png"]


def test_one_classifier_under_two_names_is_taken_once(run):
    _, files = run("--model_name=SqueezeNet,squeezenet", "--weights=random", own=False)
    assert len(record_of(files)["classifiers"]) == 1


def test_a_class_agnostic_method_is_asked_and_drawn_once(run):
    flags = ("--target=top3", "--explanation_method=GRADCAM,FEM", "--display_type=singles")
    _, files = run("--test_image_path", ELEPHANT, *flags)
    rows = record_of(files)["explanations"]
    assert [row["method"] for row in rows] == ["GRADCAM"] * 3 + ["FEM"]
    assert len([f for f in files if "FEM" in f.name and f.suffix == ".png"]) == 1


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


def test_all_layers_are_in_the_record(run):
    _, files = run("--test_image_path", ELEPHANT, "--layer=add,conv2")
    assert record_of(files)["classifiers"][0]["layer"] == "backbone/add,backbone/conv2"


def test_options_rules_and_thresholds_stand_in_the_caption(run, monkeypatch):
    import pipeline.reporting.report

    captions = []
    original = pipeline.reporting.report.grid_layout

    def hear(*arguments, caption, **options):
        captions.append(caption)
        original(*arguments, caption=caption, **options)

    monkeypatch.setattr(pipeline.reporting.report, "grid_layout", hear)
    run(
        "--test_image_path", ELEPHANT, "--precision=bfloat16",
        "--explanation_method=RISE:masks=64,GRADCAM,OCCLUSION:patch=8:stride=8",
        "--representation=overlay,isolines,hard_mask",
    )  # fmt: skip
    (caption,) = captions
    for words in (
        "RISE (masks=64): masks=64, grid=8, keep=0.5, seed=0",
        "Grad-CAM: relu=sum",
        "patch=8, stride=8, fill=mean, score=logit",
        "divided by their maximum",
        "from their minimum to their maximum",
        "largest absolute value",
        "25%, 50%, 75%",
        "at least 50%",
        "layer backbone/last",
        "bfloat16",
    ):
        assert words in caption


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
    status, files = run(*flags, "--explanation_method", methods, own=False)
    assert status == 0
    assert len(record_of(files)["explanations"]) == 4
    assert run(*flags, "--explanation_method=FEM", own=False)[0] == 2


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


def test_a_rule_of_relus_on_a_network_without_any_is_a_mistake(run, tmp_path, capsys):
    steps = [layers.Rescaling(1 / 255), layers.Conv2D(4, 3, activation="gelu"), *head()]
    models.Sequential([layers.Input((32, 32, 3)), *steps]).save(tmp_path / "gelu.keras")
    flags = ["--model_path", str(tmp_path / "gelu.keras"), "--output_dir", str(tmp_path / "out")]
    assert main.main([*flags, "--explanation_method=GUIDED_BACKPROP"]) == 2
    assert "has no ReLU" in capsys.readouterr().err


def test_ctrl_c_in_a_long_method_draws_what_there_is(run, monkeypatch, capsys):
    import signal

    from classifier.network.network import Network

    original, runs = Network.run, []

    def stopping(*arguments, **options):
        runs.append(1)
        if len(runs) == 4:
            signal.raise_signal(signal.SIGINT)
        return original(*arguments, **options)

    monkeypatch.setattr(Network, "run", stopping)
    status, files = run("--test_image_path", ELEPHANT, BEAR, "--explanation_method=RISE,FEM")
    assert status == 1
    captured = capsys.readouterr()
    assert "stopped early, after 96 passes" in captured.out
    assert "kept 1 of 2 images" in captured.err
    assert {f.suffix for f in files} == {".json", ".png"}
    (row,) = record_of(files)["explanations"]
    assert row["notes"]["stopped_early"]


def test_ctrl_c_is_for_all_classifiers(run, monkeypatch, capsys):
    from pipeline.explaining import explain

    def interrupted(batch, scores, classifier, method, pairs):
        if method.name == "FEM":
            raise KeyboardInterrupt
        return made(batch, scores, classifier, method, pairs)

    made = explain._made
    monkeypatch.setattr(explain, "_made", interrupted)
    names = "--model_name=SqueezeNet,EfficientNetLite0"
    status, files = run(names, "--explanation_method=GRADCAM,FEM", own=False)
    assert status == 1
    assert "kept 1 of 1 images" in capsys.readouterr().err
    (row,) = record_of(files)["explanations"]
    assert (row["classifier"], row["method"]) == ("SqueezeNet", "GRADCAM")


@pytest.mark.parametrize(("asked", "threads"), [(None, 1), ("2", 2)])
def test_linear_algebra_has_one_thread_unless_more_are_asked_for(asked, threads, monkeypatch):
    from threadpoolctl import ThreadpoolController, threadpool_limits

    from runtime.start_up import start_tensorflow

    monkeypatch.setenv("OPENBLAS_NUM_THREADS", asked or "")
    if asked is None:
        monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    with threadpool_limits(2, "blas"):
        start_tensorflow()
        libraries = ThreadpoolController().select(user_api="blas").info()
    assert {library["num_threads"] for library in libraries} == {threads}


def test_show_opens_a_window_and_waits_for_it(run, monkeypatch):
    import matplotlib.pyplot as plt

    shown = []
    monkeypatch.setattr(plt, "get_backend", lambda: "tkagg")
    monkeypatch.setattr(plt, "show", lambda block: shown.append((block, plt.gcf().canvas.figure)))
    run("--test_image_path", ELEPHANT, "--show")
    ((block, figure),) = shown
    assert block
    assert len(figure.axes) >= 3
