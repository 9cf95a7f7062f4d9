"""The table of all flags. Nothing heavy is imported here, so that --help is quick.

A flag that fills a field of the plan needs no more than its row; see `cli.flag` for what it says.
"""

from functools import partial

from classifier import DEFAULT_MODEL
from classifier.loading import PRECISIONS
from classifier.network.forward import BATCH
from classifier.sidecar import TASKS
from cli import values
from cli.display_flags import DISPLAY_FLAGS
from cli.flag import Flag
from evaluation import METRICS
from evaluation.ground_truth import Viewing
from experiments import AUGMENTATIONS
from experiments.masking import FILLS, GRIDS
from methods import METHODS
from pipeline import plan
from pipeline.targets import Targets
from views import VIEWS

subject_flag = partial(Flag, group="what is explained", part=Targets)
classifier_flag = partial(
    Flag, group="by which classifier", of_page=True, part=plan.ClassifierChoice
)
dataset_flag = partial(Flag, group="many images", part=plan.Plan)
evaluation_flag = partial(Flag, group="how well it explains", part=plan.Evaluation)
experiment_flag = partial(Flag, group="whether it holds", part=plan.Experiments)
page_flag = partial(Flag, group="as a page", of_page=True)
help_flag = partial(Flag, group="help", of_page=True)

FLAGS = (
    subject_flag(
        name="test_image_path",
        part=None,
        nargs="+",
        metavar="PATH",
        help="images, folders of them, or .txt lists of them (default: an African elephant); "
        "for a classifier of clips: videos, GIFs and folders of frames",
    ),
    subject_flag(
        name="target",
        field="text",
        metavar="CLASS[,CLASS]",
        help="name, WordNet id, index, index:386, predicted or top3; A:B for why A and not B, "
        "--target=-A for what speaks against A (default: predicted)",
    ),
    subject_flag(
        name="test_image_index",
        field="position",
        type=int,
        help="0 African elephant, 1 American black bear; for other classifiers than ImageNet's "
        "the position in the class names",
    ),
    subject_flag(
        name="target_box",
        field="box",
        read=values.read_box,
        metavar="BOX",
        help="of a detector: x,y,w,h in pixels of the image, or n for its n-th detection, from 0",
    ),
    subject_flag(
        name="explanation_method",
        part=None,
        default=plan.DEFAULT_METHOD,
        metavar="NAME[,NAME]",
        help=f"{', '.join(METHODS)}; or what is inside the classifier: {', '.join(VIEWS)}; "
        "options go with the name: GRADCAM:relu=channels (default: %(default)s)",
    ),
    classifier_flag(
        name="model_name",
        metavar="NAME[,NAME]",
        help=f"an embedded classifier or a model of keras.applications (default: {DEFAULT_MODEL})",
    ),
    classifier_flag(
        name="model_path",
        metavar="FILE",
        help=".keras, .h5, a SavedModel folder, or module:function, which runs your own code",
    ),
    classifier_flag(
        name="class_names",
        goes_with=("model_path",),
        because="the classes of a classifier by name are known",
        metavar="FILE",
        help="names of the classes of --model_path: a file, imagenet or coco",
    ),
    classifier_flag(
        name="preprocessing",
        goes_with=("model_path",),
        because="the preprocessing of a classifier by name is known",
        metavar="NAME",
        help="of --model_path: none, tf, caffe, torch or the name of an application",
    ),
    classifier_flag(
        name="task",
        goes_with=("model_path",),
        because="a classifier by name classifies",
        choices=TASKS,
        help="of --model_path: regression explains raw outputs (default: what the model's end "
        "looks like)",
    ),
    classifier_flag(
        name="trust",
        goes_with=("model_path",),
        because="a classifier by name runs no code of others",
        help="let a SavedModel read and write files, which a program may",
    ),
    classifier_flag(
        name="weights", metavar="FILE", help="of --model_name: a Keras weights file, or random"
    ),
    classifier_flag(
        name="layer",
        metavar="NAME[,NAME]",
        help="the target layer, for one classifier; of several the maps are averaged",
    ),
    classifier_flag(
        name="precision",
        choices=PRECISIONS,
        help="of the many passes of methods that hide parts (default: %(default)s)",
    ),
    classifier_flag(
        name="list_layers", part=None, of_page=False, help="print the classifier's layers and stop"
    ),
    *DISPLAY_FLAGS,
    dataset_flag(
        name="batch_size",
        read=values.read_batch_size,
        default="auto",
        metavar="N",
        help=f"images in one pass; auto: {BATCH}, fewer where memory does not suffice",
    ),
    dataset_flag(
        name="engine",
        choices=plan.ENGINES,
        help="this process, or workers on Ray (default: %(default)s)",
    ),
    dataset_flag(
        name="workers",
        read=values.read_count,
        type=int,
        help="with --engine ray: how many (default: %(default)s)",
    ),
    dataset_flag(
        name="ray_address",
        metavar="ADDRESS",
        help="with --engine ray: a cluster, ray://host:10001 or auto (default: Ray on this "
        "machine)",
    ),
    dataset_flag(
        name="map_type",
        choices=plan.MAP_TYPES,
        help="of maps in the store; float16 takes half the room and is within 0.001 of the map's "
        "largest value (default: %(default)s)",
    ),
    dataset_flag(
        name="fresh",
        help="set what the output folder's store holds aside, instead of going on with it",
    ),
    evaluation_flag(
        name="metrics",
        read=values.read_metrics,
        of_maps=True,
        metavar="NAME[,NAME]",
        help=f"{', '.join(METRICS)}; options go with the name: DELETION:step=448",
    ),
    evaluation_flag(
        name="ground_truth",
        read=values.read_all,
        goes_with=("metrics",),
        because="say which",
        nargs="+",
        metavar="PLACE",
        help="folders with a gaze map, fixation list or object mask for each image, by the same "
        "name; or patterns like maps/{stem}_gaze.png",
    ),
    evaluation_flag(
        name="degrees",
        part=Viewing,
        read=values.read_positive,
        type=float,
        help="of visual angle: sigma of the Gaussian at each fixation (default: %(default)s)",
    ),
    evaluation_flag(
        name="pixels_per_degree",
        part=Viewing,
        read=values.read_positive,
        type=float,
        help="of the images when people looked at them (default: %(default)s)",
    ),
    evaluation_flag(
        name="per_class",
        type=int,
        help="only so many images of each class, drawn by --seed; a class is a folder",
    ),
    evaluation_flag(
        name="seed",
        type=int,
        help="of --per_class, --augment and random masks (default: %(default)s)",
    ),
    experiment_flag(
        name="augment",
        field="augmentations",
        read=values.read_augmentations,
        of_maps=True,
        metavar="NAME[,NAME]",
        help=f"explain changed images beside the original: {', '.join(AUGMENTATIONS)}, or all",
    ),
    experiment_flag(
        name="mask_salient",
        field="mask",
        read=values.read_shares,
        of_maps=True,
        metavar="X[,X]",
        help="hide that share of each image, the most salient, and ask again: 0.1,0.2,0.5",
    ),
    experiment_flag(
        name="keep_salient",
        field="keep",
        read=values.read_shares,
        of_maps=True,
        metavar="X[,X]",
        help="hide all but that share of each image, the most salient, and ask again",
    ),
    experiment_flag(
        name="fill",
        goes_with=("mask_salient", "keep_salient"),
        choices=tuple(FILLS),
        help=f"what hides (default: {plan.Experiments.fill})",
    ),
    experiment_flag(
        name="shape",
        goes_with=("mask_salient", "keep_salient"),
        choices=tuple(GRIDS),
        help="of what is hidden: cells of a grid, or single pixels (default: "
        f"{plan.Experiments.shape})",
    ),
    page_flag(name="web", help="serve a page for a browser (requirements-web.txt)"),
    page_flag(
        name="web_address",
        goes_with=("web",),
        metavar="HOST[:PORT]",
        help="where it listens; other addresses than localhost need a password, in the "
        "environment variable EXPLAINER_PASSWORD (default: 127.0.0.1:7860)",
    ),
    help_flag(
        name="help",
        short="-h",
        nargs="?",
        const="",
        metavar="NAME",
        help="this, or the options of a method, view or metric",
    ),
    help_flag(name="version", help="print the toolkit's version and stop"),
    help_flag(name="debug", help="show where an error came from"),
)
