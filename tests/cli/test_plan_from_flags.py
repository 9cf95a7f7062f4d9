"""From flags to the plan, without a classifier being loaded."""

import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from support import ROOT

from classifier.applications import applications
from cli import make_parser, page_classifiers, plan_from_flags
from evaluation.ground_truth import Viewing
from experiments import AUGMENTATIONS
from pipeline.plan import ClassifierChoice, Display, Evaluation, Experiments, Plan
from pipeline.targets import Targets

MODEL = "--model_path=mine.keras"
EVERY_FLAG = (
    "--test_image_path=data/macaw.jpg",
    "--explanation_method=rise:masks=64,ACTIVATIONS,RISE:masks=64",
    "--target=macaw,top2",
    "--model_name=SqueezeNet", "--weights=random", "--layer=conv10", "--precision=bfloat16",
    "--display_type=singles", "--representation=overlay,convergence", "--colormap=jet",
    "--alpha=0.25", "--format=svg", "--output_dir=out", "--show", "--report",
    "--batch_size=4", "--engine=ray", "--workers=3", "--ray_address=auto",
    "--map_type=float16", "--fresh",
    "--metrics=DELETION:step=448,SPARSITY", "--ground_truth", "gaze", "masks",
    "--degrees=2", "--pixels_per_degree=8", "--per_class=5", "--seed=6",
    "--augment=blur,noise", "--mask_salient=0.1,0.2", "--keep_salient=0.5", "--fill=blur",
    "--shape=pixels",
)  # fmt: skip
EVERY_PART = {  # of the plan of all these flags, but for images, methods and metrics
    "paths": ("data/macaw.jpg",),
    "targets": Targets(text="macaw,top2"),
    "classifiers": (
        ClassifierChoice(
            model_name="SqueezeNet", weights="random", layer="conv10", precision="bfloat16"
        ),
    ),
    "display": Display(
        representations=("overlay", "convergence"),
        kind="singles",
        colormap="jet",
        alpha=0.25,
        format="svg",
        output_dir=Path("out"),
        show=True,
        report=True,
    ),
    "evaluation": Evaluation(
        ground_truth=("gaze", "masks"),
        viewing=Viewing(degrees=2, pixels_per_degree=8),
        per_class=5,
        seed=6,
    ),
    "experiments": Experiments(
        augmentations=("blur", "noise"),
        mask=(0.1, 0.2),
        keep=(0.5,),
        fill="blur",
        shape="pixels",
        seed=6,
    ),
    "batch_size": 4,
    "fresh": True,
    "map_type": "float16",
    "engine": "ray",
    "workers": 3,
    "ray_address": "auto",
}


@pytest.fixture(autouse=True)
def _in_the_toolkits_folder(monkeypatch):
    monkeypatch.chdir(ROOT)


def plan_of(*flags: str) -> Plan:
    return plan_from_flags(make_parser().parse_args(flags))


def page_of(*flags: str) -> tuple[ClassifierChoice, ...]:
    return page_classifiers(make_parser().parse_args(["--web", *flags]))


def test_no_flags_make_the_default_plan():
    plan = plan_of()
    assert [path.name for path in plan.images] == ["african_elephant.jpg"]
    targets = Targets(of_labels=True)
    assert plan == Plan(images=plan.images, paths=plan.paths, targets=targets)


def test_a_plan_can_be_pickled():
    plan = plan_of(MODEL, "--explanation_method=GRADCAM:relu=channels,FEM", "--metrics=SPARSITY")
    assert pickle.loads(pickle.dumps(plan)) == plan


def test_every_flag_is_where_it_belongs():
    plan = plan_of(*EVERY_FLAG)
    macaw = Path("data/macaw.jpg")
    assert [path.resolve() for path in plan.images] == [macaw.resolve()]
    assert [str(call) for call in plan.methods] == ["RISE:masks=64"]
    assert [str(call) for call in plan.views] == ["ACTIVATIONS"]
    assert [str(call) for call in plan.evaluation.metrics] == ["DELETION:step=448", "SPARSITY"]
    evaluation = replace(EVERY_PART["evaluation"], metrics=plan.evaluation.metrics)
    assert plan == Plan(
        images=plan.images,
        methods=plan.methods,
        views=plan.views,
        **EVERY_PART | {"evaluation": evaluation},
    )


def test_none_is_no_representation_and_all_is_every_augmentation():
    assert plan_of().display.representations is None
    assert plan_of("--representation=none").display.representations == ()
    assert plan_of("--augment=all").experiments.augmentations == tuple(AUGMENTATIONS)
    assert plan_of("--augment=BLUR,blur").experiments.augmentations == ("blur",)


@pytest.mark.parametrize(
    ("text", "box"),
    [("3", 3), ("1,2,30,40", (1, 2, 30, 40)), (" 0 ", 0), ("0,0,.5,1", (0, 0, 0.5, 1))],
)
def test_a_box_is_a_number_or_a_place(text, box):
    assert plan_of(f"--target_box={text}").targets.box == box


def test_the_best_labels_are_explained_where_nothing_else_is_asked_for():
    assert plan_of().targets.of_labels
    assert not plan_of("--target=predicted").targets.of_labels
    assert not plan_of("--metrics=SPARSITY").targets.of_labels


def test_a_classifier_under_two_names_is_taken_once():
    choices = plan_of("--model_name=resnet,ResNet50,SqueezeNet").classifiers
    assert [choice.model_name for choice in choices] == ["ResNet50", "SqueezeNet"]


def test_a_model_file_has_its_settings():
    flags = (MODEL, "--class_names=coco", "--preprocessing=tf", "--layer=a,b")
    (choice,) = plan_of(*flags).classifiers
    expected = ClassifierChoice(
        model_path="mine.keras", class_names="coco", preprocessing="tf", layer="a,b"
    )
    assert choice == expected


def test_the_page_has_the_embedded_classifiers_beside_the_one_that_is_given():
    embedded = {name for name, known in applications().items() if known.embedded}
    assert {choice.model_name for choice in page_of()} == embedded
    choices = page_of(MODEL)
    assert choices[0] == ClassifierChoice(model_path="mine.keras")
    assert {choice.model_name for choice in choices[1:]} == embedded
    assert len(page_of("--model_name=SqueezeNet")) == 1


def test_a_flag_that_is_chosen_on_the_page_does_not_go_with_it():
    with pytest.raises(ValueError, match="--alpha does not go with --web"):
        page_of("--alpha=0.3")
    with pytest.raises(ValueError, match="--class_names goes with --model_path"):
        page_of("--class_names=coco")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--explanation_method=GRADCAMM"], "did you mean 'GRADCAM'"),
        (["--explanation_method=,"], "expected some of"),
        (["--explanation_method=RISE:preset=lob"], "did you mean 'lab'"),
        (["--explanation_method=RISE:masks=-5"], "RISE: masks is at least 1, got masks=-5"),
        (["--explanation_method=RISE:keep=2"], "keep is above 0 and below 1, got keep=2.0"),
        (["--explanation_method=RISE:until_stable=1"], "until_stable is at least 0 and below 1"),
        (["--explanation_method=LIME:samples=0"], "LIME: samples is at least 2, got samples=0"),
        (["--explanation_method=SMOOTHGRAD:seed=-1"], "SMOOTHGRAD: seed is at least 0"),
        (["--explanation_method=FILTERS:top=0"], "FILTERS: top is at least 1, got top=0"),
        (["--metrics=DELETION:step=-1"], "DELETION: step is at least 0, got step=-1"),
        (["--target=ant", "--test_image_index=0"], "both name the class"),
        (["--target=ant", "--target_box=0"], "a class goes without it"),
        (["--target_box=0", "--keep_salient=0.1"], "are for classes, not for --target_box"),
        (["--target_box=1,2,3"], "expected x,y,w,h"),
        (["--target_box=1,2,0,3"], "expected x,y,w,h"),
        (["--target_box=left"], "expected x,y,w,h"),
        (["--test_image_path=absent.jpg"], "no such file"),
        (["--representation=heatmaps"], "did you mean 'heatmap'"),
        (["--representation=none,heatmap"], "none alone"),
        (["--representation=convergence"], "goes with RISE"),
        (["--representation=superpixels"], "goes with LIME, KERNELSHAP"),
        (["--representation=curves"], "goes with --metrics INSERTION or DELETION"),
        (["--colormap=turbot"], "did you mean 'turbo'"),
        (["--alpha=2"], "between 0 and 1"),
        (["--display_type=bare", "--show"], "bare writes PNGs"),
        (["--display_type=bare", "--format=pdf"], "bare writes PNGs"),
        (["--format=gif"], "goes with CLASS_IMPRESSION, FEATURE_INVERSION, not with GRADCAM"),
        (["--explanation_method=FILTERS", "--augment=all"], "--augment goes with methods"),
        (
            ["--explanation_method=FILTERS", "--representation=overlay"],
            "add a method, such as GRADCAM",
        ),
        ([MODEL, "--model_name=ResNet50"], "both name the classifier"),
        ([MODEL, "--weights=random"], "goes with --model_name; a model file holds its weights"),
        (["--class_names=coco"], "goes with --model_path; the classes"),
        (["--preprocessing=tf"], "goes with --model_path; the preprocessing"),
        (["--model_name=EfficientNetLite0,SqueezeNet", "--layer=top_bn"], "with one classifier"),
        (["--metrics=SPARSITI"], "did you mean 'SPARSITY'"),
        (["--metrics="], "--metrics is empty; it takes NAME[,NAME]"),
        (["--metrics=,"], "--metrics: expected some of"),
        (["--output_dir="], "--output_dir is empty; it takes FOLDER"),
        (["--test_image_path", "data/macaw.jpg", ""], "--test_image_path is empty"),
        (["--model_name= "], "--model_name is empty"),
        (
            ["--explanation_method=GRADCAM FEM, RISE"],
            "'GRADCAM FEM' has a blank; several go with commas: GRADCAM,FEM,RISE",
        ),
        (["--mask_salient=0.1 0.2"], "several go with commas: 0.1,0.2"),
        (["--ground_truth=gaze"], "--ground_truth goes with --metrics; say which"),
        (["--degrees=0"], "--degrees is above 0"),
        (["--pixels_per_degree=inf"], "--pixels_per_degree is above 0"),
        (["--augment=blurr"], "did you mean 'blur'"),
        (["--augment=,"], "--augment: expected some of"),
        (["--mask_salient=20"], "--mask_salient is a share between 0 and 1"),
        (["--keep_salient=much"], "--keep_salient is a share between 0 and 1"),
        (["--mask_salient=,"], "--mask_salient is a share between 0 and 1"),
        (["--fill=blur"], "--fill goes with --mask_salient or --keep_salient"),
        (["--workers=0"], "--workers is at least 1"),
        (["--batch_size=none"], "--batch_size is auto or a whole number from 1 on"),
        (["--batch_size=0"], "--batch_size is auto or a whole number from 1 on"),
        (["--web_address=localhost"], "--web_address goes with --web"),
    ],
)
def test_a_mistake_is_said_in_one_line(flags, words):
    with pytest.raises((ValueError, FileNotFoundError)) as error:
        plan_of(*flags)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def methods_of(*flags: str) -> list[str]:
    return [str(call) for call in plan_from_flags(make_parser().parse_args(flags)).methods]


def test_baselines_stand_behind_the_methods_and_are_not_doubled():
    assert methods_of("--baselines") == ["GRADCAM", "RANDOM", "CENTRE", "EDGES"]
    asked = "--explanation_method=RANDOM:seed=3,FEM,edges"
    assert methods_of(asked, "--baselines") == ["RANDOM:seed=3", "FEM", "EDGES", "CENTRE"]


def test_baselines_do_not_go_with_views_alone():
    with pytest.raises(ValueError, match="--baselines goes with methods, and ACTIVATIONS gives no"):
        methods_of("--explanation_method=ACTIVATIONS", "--baselines")
