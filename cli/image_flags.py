"""Flags of what is explained, and by which classifier."""

from functools import partial

from classifier import DEFAULT_MODEL
from classifier.loading import PRECISIONS
from classifier.sidecar import TASKS
from cli import values
from cli.flag import Flag
from methods import METHODS
from pipeline import plan
from pipeline.targets import Targets
from views import VIEWS

subject_flag = partial(Flag, group="what is explained", part=Targets)
classifier_flag = partial(
    Flag, group="by which classifier", of_page=True, part=plan.ClassifierChoice
)

IMAGE_FLAGS = (
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
)
